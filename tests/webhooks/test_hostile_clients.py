"""Clients that send too much, too slowly, or nothing at all hold nobody up."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from tests.webhooks.forge import payload, sign
from tests.webhooks.serving import read_all

if TYPE_CHECKING:
    import pytest

    from tests.webhooks.forge import Forge

PUSH = json.dumps(payload("github_push")).encode()
HEAD = (
    b"POST /webhook/github HTTP/1.1\r\nHost: a\r\nX-GitHub-Event: push\r\nContent-Type: application/json\r\n"
)
MEBIBYTE = 1024 * 1024


def test_the_largest_body_is_one_mebibyte(forge: Forge) -> None:
    fits = PUSH + b" " * (MEBIBYTE - len(PUSH))

    assert forge.github(fits).status == 202
    assert forge.github(fits + b" ").status == 413


def test_a_length_that_is_too_large_is_refused_before_the_body_is_read(forge: Forge) -> None:
    with closing(forge.stage.connect()) as connection:
        connection.sendall(HEAD + b"Content-Length: 1048577\r\n\r\n")
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_length_of_a_lie_is_no_error_of_ours(forge: Forge) -> None:
    for length in (b"99999999999999999999", b"9" * 5000, b"-1", b"1e3", b"\xb2"):
        with closing(forge.stage.connect()) as connection:
            connection.sendall(HEAD + b"Content-Length: " + length + b"\r\n\r\n")
            answer = connection.recv(65536)

        assert answer.split(b" ")[1] in {b"400", b"413"}


def test_a_body_without_a_length_is_counted_as_it_comes(forge: Forge) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with closing(forge.stage.connect()) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(17):
            connection.sendall(chunk)
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_signed_as_a_whole(forge: Forge) -> None:
    signature = b"X-Hub-Signature-256: " + sign(PUSH).encode() + b"\r\n"
    with closing(forge.stage.connect()) as connection:
        connection.sendall(HEAD + signature + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in (PUSH[:100], PUSH[100:]):
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 202 ")


def test_a_body_that_does_not_come_in_time_is_given_up(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.body._SECONDS", 0.05)
    with closing(forge.stage.connect()) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert forge.observed == [("github", "timeout")]


def test_a_client_that_goes_away_in_its_body_is_no_error_of_ours(
    forge: Forge, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(forge.stage.connect()) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")

    assert forge.github(PUSH).status == 202
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_client_that_never_finishes_its_request_is_cut_off(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.connection._SECONDS", 0.05)
    for dripped in (b"", b"POST /webhook/gi", HEAD):
        with closing(forge.stage.connect()) as connection:
            connection.sendall(dripped)

            assert read_all(connection) == b""


def test_a_client_that_goes_on_sending_after_its_answer_is_cut_off(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.connection._SECONDS", 0.05)
    with closing(forge.stage.connect()) as connection:
        connection.sendall(HEAD + b"Content-Length: 10737418240\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")

        with suppress(ConnectionResetError, BrokenPipeError):
            for _ in range(10_240):
                connection.sendall(b" " * MEBIBYTE)
            raise AssertionError("all of 10 GiB was taken")


def test_too_many_connections_are_refused_and_the_next_are_dropped(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.connection.MOST", 4)
    silent = [forge.stage.connect() for _ in range(8)]
    try:
        with closing(forge.stage.connect()) as connection:
            assert read_all(connection) == b""
    finally:
        for connection in silent:
            connection.close()
