"""Fixtures for obtaining and keeping programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parts.web_server import WebServer, web_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A web server on loopback, which no proxy of the machine stands before."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_server() as server:
        yield server
