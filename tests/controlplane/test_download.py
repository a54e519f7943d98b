"""A download is exactly what we expect, or refused, within a bounded time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.download import Checksum, Web
from alumiini_py.controlplane.errors import UnavailableError
from tests.parts.web_server import Cut, Redirect, Silence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.web_server import WebServer

CONTENT = b"#!/bin/sh\n" * 10_000
SHA256 = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())


def test_a_file_with_the_expected_checksum_is_saved(web: WebServer, tmp_path: Path) -> None:
    web.answers["/file"] = CONTENT

    Web().save(f"{web.url}/file", tmp_path / "file", SHA256)

    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_redirect_is_followed(web: WebServer, tmp_path: Path) -> None:
    web.answers.update({"/old": Redirect(f"{web.url}/new"), "/new": CONTENT})

    Web().save(f"{web.url}/old", tmp_path / "file", SHA256)

    assert web.asked == ["/old", "/new"]


def test_a_file_with_another_checksum_is_refused_and_not_kept(web: WebServer, tmp_path: Path) -> None:
    web.answers["/file"] = CONTENT.replace(b"sh", b"rm", 1)

    with pytest.raises(UnavailableError, match="/file does not have the expected sha256 and is refused"):
        Web().save(f"{web.url}/file", tmp_path / "file", SHA256)

    assert list(tmp_path.iterdir()) == []


def test_a_cut_download_is_refused_and_not_kept(web: WebServer, tmp_path: Path) -> None:
    web.answers["/file"] = Cut(CONTENT[:70_000], promised=100_000)

    with pytest.raises(UnavailableError, match=r"was cut after 70000 of 100000 bytes|broke off"):
        Web().save(f"{web.url}/file", tmp_path / "file", SHA256)

    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_given_up(web: WebServer) -> None:
    web.answers["/file"] = Silence()

    with pytest.raises(UnavailableError, match=r"/file did not answer within 0\.2 s"):
        Web(answer=0.2, silence=0.4).text(f"{web.url}/file")


def test_a_missing_file_is_named_with_its_status(web: WebServer) -> None:
    with pytest.raises(UnavailableError, match=r"/file cannot be reached \(status 404\)"):
        Web().text(f"{web.url}/file")


def test_a_closed_port_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    with pytest.raises(UnavailableError, match=r"cannot be reached \(.*Connection refused\)"):
        Web().text("http://127.0.0.1:9/file")


def test_a_redirect_to_another_scheme_is_refused(web: WebServer) -> None:
    web.answers["/file"] = Redirect("ftp://127.0.0.1/file")

    with pytest.raises(UnavailableError, match=r"/file cannot be reached \(it redirects to another scheme\)"):
        Web().text(f"{web.url}/file")
