"""TLS: the certificate is checked before a credential is sent, and a handshake ends with its deadline."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.parts.git_server import FETCH, LS_REFS, FaultyGitServer, silent
from tests.source.desk import SECONDS, Desk, failure, in_thread
from workers.model.errors import Reason
from workers.source.remote import BasicAuth, Remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supervisor.deadline import Fence
    from tests.supervisor.manual_clock import ManualClock

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""For localhost alone, signed by itself, valid for a hundred years; holds its key."""
ALICE = BasicAuth("alice", "hunter2")


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[FaultyGitServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server = FaultyGitServer(tmp_path / "git")
    server._http.socket = context.wrap_socket(
        server._http.socket, server_side=True, do_handshake_on_connect=False
    )
    with server:
        yield server


@pytest.fixture
def trusting_desk(tmp_path: Path, fence: Fence, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Desk(tmp_path / "trusting", fence) as desk:
        yield desk


def url(server: FaultyGitServer, host: str = "localhost") -> str:
    return f"https://{host}:{server.port}/app.git"


def test_a_trusted_server_is_read_over_one_connection(
    tls_server: FaultyGitServer, trusting_desk: Desk
) -> None:
    tls_server.create("app", auth=("alice", "hunter2")).commit({"a.yaml": "a: 1"})
    remote = Remote(url(tls_server), "main", ALICE)

    assert trusting_desk.contents(remote) == {"a.yaml": "a: 1"}
    trusting_desk.resolve(remote)

    assert len({asked.client for asked in tls_server.asked}) == 1


def test_a_certificate_that_nobody_vouches_for_stalls_before_a_credential_is_sent(
    tls_server: FaultyGitServer, desk: Desk
) -> None:
    error = failure(lambda: desk.resolve(Remote(url(tls_server), "main", ALICE)))

    assert error.reason is Reason.CERTIFICATE_INVALID
    assert error.message == (
        "the certificate of localhost is not trusted (self-signed certificate); correct it on the server"
    )
    assert tls_server.asked == []


def test_a_certificate_of_another_host_is_refused(tls_server: FaultyGitServer, trusting_desk: Desk) -> None:
    error = failure(lambda: trusting_desk.resolve(Remote(url(tls_server, "127.0.0.1"), "main", ALICE)))

    assert error.reason is Reason.CERTIFICATE_INVALID
    assert tls_server.asked == []


def test_a_server_without_tls_is_no_matter_of_certificates(git_server: FaultyGitServer, desk: Desk) -> None:
    error = failure(lambda: desk.resolve(Remote(url(git_server), "main", ALICE)))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == "no TLS connection to localhost; check that spec.url names its HTTPS port"


@pytest.mark.parametrize("operation", [LS_REFS, FETCH])
def test_a_silent_answer_over_tls_is_left_at_the_deadline(
    tls_server: FaultyGitServer, trusting_desk: Desk, clock: ManualClock, operation: str
) -> None:
    tls_server.create("app").commit({"a.yaml": "a: 1"})
    tls_server.faults[operation] = silent
    working = in_thread(lambda: trusting_desk.tree(Remote(url(tls_server), "main")))
    tls_server.wait_until_asked(operation)

    clock.advance(SECONDS)

    assert failure(lambda: working.result(30)).reason is Reason.GIT_TIMEOUT


def test_a_handshake_that_hangs_is_left_at_the_deadline(desk: Desk, clock: ManualClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        remote = Remote(f"https://127.0.0.1:{listener.getsockname()[1]}/app", "main")
        working = in_thread(lambda: desk.resolve(remote))
        with listener.accept()[0] as accepted:
            assert accepted.recv(1) == b"\x16"  # the first byte of a ClientHello

            clock.advance(SECONDS)

            assert failure(lambda: working.result(30)).reason is Reason.GIT_TIMEOUT
