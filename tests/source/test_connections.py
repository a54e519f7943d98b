"""Connections are kept, but not too many, and one that broke meanwhile is no failure."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.parts.git_server import LS_REFS
from tests.source.desk import SECONDS, failure
from workers.model.errors import Reason
from workers.source.exchange import Exchange, Question
from workers.source.lookups import Lookups
from workers.source.remote import Remote

if TYPE_CHECKING:
    from supervisor.deadline import Fence
    from tests.parts.git_server import FaultyGitServer, FaultyHandler, Proceed
    from tests.source.desk import Desk

HOSTS, KEPT = 40, 32


def loopback(_: str, port: int, **__: object) -> list[Any]:
    """Resolve every name to this machine; the first address accepts nothing."""
    return [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 1)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
    ]


def test_only_the_hosts_used_last_keep_a_connection(git_server: FaultyGitServer, fence: Fence) -> None:
    git_server.create("app")
    exchange = Exchange(ssl.create_default_context(), Lookups(loopback))

    def ask(host: str) -> None:
        url = f"http://{host}:{git_server.port}/app.git/info/refs?service=git-upload-pack"
        with exchange.ask(Question(host, url, {}, None, 1000), fence.deadline(SECONDS)) as answer:
            assert answer.read(4) == b"001e"
            while answer.read(1000):
                continue

    for number in range(HOSTS):
        ask(f"host{number}.example")

    git_server.wait_until_connections_ended(HOSTS - KEPT)
    assert git_server.connections_ended == HOSTS - KEPT
    exchange.close()
    git_server.wait_until_connections_ended(HOSTS)


@pytest.mark.parametrize(("broken", "succeeds"), [(1, True), (2, False)])
def test_a_connection_that_breaks_before_the_answer_is_opened_once_more(
    git_server: FaultyGitServer, desk: Desk, broken: int, succeeds: bool
) -> None:
    commit = git_server.create("app").commit({"a.yaml": "a: 1"})
    remote = Remote(git_server.url("app"), "main")
    desk.resolve(remote)

    def break_off(_: FaultyHandler, proceed: Proceed) -> None:
        if git_server.count(LS_REFS) <= 1 + broken:
            raise ConnectionAbortedError
        proceed()

    git_server.faults[LS_REFS] = break_off

    if succeeds:
        assert desk.resolve(remote) == commit
    else:
        error = failure(lambda: desk.resolve(remote))
        assert error.reason is Reason.GIT_OPERATION_FAILED
        assert error.message == "the connection to 127.0.0.1 broke; it is tried again by itself"
    assert git_server.count(LS_REFS) == 3
    assert len(desk.observed) == 3


def test_a_server_that_starts_again_is_no_failure(git_server: FaultyGitServer, desk: Desk) -> None:
    commit = git_server.create("app").commit({"a.yaml": "a: 1"})
    remote = Remote(git_server.url("app"), "main")
    desk.resolve(remote)

    git_server._http.shut_connections()

    assert desk.resolve(remote) == commit


def test_a_host_that_is_down_is_named(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    error = failure(lambda: desk.resolve(Remote(f"http://127.0.0.1:{port}/app", "main")))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == "127.0.0.1 accepts no connection; check spec.url and the network"
