"""Whatever a server does or leaves undone, a call ends with its deadline or with its fence."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent.futures import wait
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from supervisor.deadline import DeadlineExceededError, FencedError
from supervisor.gate import Gate
from tests.parts.git_server import (
    FETCH,
    INFO_REFS,
    LS_REFS,
    dripping_body,
    dripping_head,
    silent,
    stalling_after,
)
from tests.source.desk import SECONDS, failure, in_thread
from workers.model.errors import Reason
from workers.source.exchange import Exchange, Question
from workers.source.lookups import Lookups
from workers.source.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supervisor.deadline import Fence
    from tests.parts.git_server import Fault, FaultyGitServer
    from tests.source.desk import Desk
    from tests.supervisor.manual_clock import ManualClock

PATIENCE = 30
FAULTS = {
    "silent": silent,
    "dripping head": dripping_head,
    "dripping body": dripping_body,
    "stalling": stalling_after(10),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", [INFO_REFS, LS_REFS, FETCH])
def test_a_server_that_does_not_finish_is_left_at_the_deadline(
    git_server: FaultyGitServer, desk: Desk, clock: ManualClock, operation: str, fault: Fault
) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"})
    git_server.faults[operation] = fault
    working = in_thread(lambda: desk.tree(Remote(git_server.url("app"), "main")))
    git_server.wait_until_asked(operation)

    clock.advance(SECONDS)

    error = failure(lambda: working.result(PATIENCE))
    assert error.reason is Reason.GIT_TIMEOUT
    assert error.message == "127.0.0.1 did not finish in time; check the network or raise spec.timeout"
    git_server.wait_until_clients_went()
    assert desk.observed[-1] == (operation, "GitTimeout")


def test_a_pack_that_stalls_on_its_way_into_git_leaves_nothing_behind(
    git_server: FaultyGitServer, desk: Desk, clock: ManualClock
) -> None:
    git_server.create("app").commit({"a.yaml": Random(1).randbytes(400_000).hex()})
    git_server.faults[FETCH] = stalling_after(350_000)
    working = in_thread(lambda: desk.tree(Remote(git_server.url("app"), "main")))
    git_server.wait_until_stalled()

    clock.advance(SECONDS)

    assert failure(lambda: working.result(PATIENCE)).reason is Reason.GIT_TIMEOUT
    git_server.wait_until_clients_went()
    assert not list(desk.data.rglob("*pack*/*"))


@pytest.mark.parametrize("operation", [INFO_REFS, LS_REFS, FETCH])
def test_work_that_is_given_up_ends_at_once_and_is_no_failure_of_the_remote(
    git_server: FaultyGitServer, desk: Desk, fence: Fence, operation: str
) -> None:
    git_server.create("app").commit({"a.yaml": "a: 1"})
    git_server.faults[operation] = silent
    working = in_thread(lambda: desk.tree(Remote(git_server.url("app"), "main")))
    git_server.wait_until_asked(operation)

    fence.close()

    with pytest.raises(FencedError):
        working.result(PATIENCE)
    git_server.wait_until_clients_went()
    assert desk.observed[-1] == (operation, "cancelled")


def test_nothing_is_asked_after_the_deadline(
    git_server: FaultyGitServer, desk: Desk, clock: ManualClock
) -> None:
    deadline = desk.deadline
    clock.advance(SECONDS)

    error = failure(lambda: desk.source.resolve(Remote(git_server.url("app"), "main"), deadline))

    assert error.reason is Reason.GIT_TIMEOUT
    assert git_server.asked == []


class HangingNames:
    """A name server that answers when told."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.answer = threading.Event()
        self.lookups = 0

    def __call__(self, host: str, port: int, **_: object) -> list[Any]:
        self.lookups += 1
        self.asked.release()
        assert self.answer.wait(PATIENCE)
        if host == "missing.example":
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def names() -> Iterator[HangingNames]:
    names = HangingNames()
    yield names
    names.answer.set()


def test_a_lookup_that_hangs_is_left_at_the_deadline(
    names: HangingNames, fence: Fence, clock: ManualClock
) -> None:
    lookups, deadline = Lookups(names), fence.deadline(SECONDS)
    working = in_thread(lambda: lookups.resolve("host.example", 443, deadline))
    assert names.asked.acquire(timeout=PATIENCE)

    clock.advance(SECONDS)

    with pytest.raises(DeadlineExceededError):
        working.result(PATIENCE)


def test_everybody_who_asks_for_one_host_waits_for_one_lookup(names: HangingNames, fence: Fence) -> None:
    lookups = Lookups(names)
    working = [
        in_thread(lambda: lookups.resolve("host.example", 443, fence.deadline(SECONDS))) for _ in range(5)
    ]
    assert names.asked.acquire(timeout=PATIENCE)

    names.answer.set()

    assert {found.result(PATIENCE)[0].address for found in working} == {("127.0.0.1", 443)}
    assert names.lookups <= 5


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full: the next connection hangs."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        second.setblocking(False)
        second.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_host_that_does_not_accept_is_left_at_the_deadline(
    full_port: int, names: HangingNames, fence: Fence, clock: ManualClock
) -> None:
    exchange = Exchange(ssl.create_default_context(), Lookups(names))
    question = Question("host.example", f"http://host.example:{full_port}/", {}, None, 0)

    def ask() -> None:
        with exchange.ask(question, fence.deadline(SECONDS)):
            raise AssertionError("nobody accepts")

    working = in_thread(ask)
    names.answer.set()
    assert names.asked.acquire(timeout=PATIENCE)

    clock.advance(SECONDS)

    with pytest.raises(DeadlineExceededError):
        working.result(PATIENCE)


def test_a_name_that_does_not_exist_is_an_os_error(names: HangingNames, fence: Fence) -> None:
    names.answer.set()

    with pytest.raises(socket.gaierror):
        Lookups(names).resolve("missing.example", 443, fence.deadline(SECONDS))


def test_an_unknown_host_is_named(desk: Desk) -> None:
    error = failure(lambda: desk.resolve(Remote("http://git.invalid/app", "main")))

    assert error.reason is Reason.GIT_OPERATION_FAILED
    assert error.message == ("the name git.invalid cannot be resolved; check spec.url and the name servers")


def test_a_turn_that_does_not_come_is_waited_for_until_the_deadline(fence: Fence, clock: ManualClock) -> None:
    gate, deadline = Gate(), fence.deadline(SECONDS)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.passing(fence.deadline(10 * SECONDS)):
            entered.set()
            assert leave.wait(PATIENCE)

    def queue() -> None:
        with gate.passing(deadline):
            raise AssertionError("the gate is taken")

    holding = in_thread(hold)
    assert entered.wait(PATIENCE)
    waiting = in_thread(queue)
    clock.advance(SECONDS)

    with pytest.raises(DeadlineExceededError):
        waiting.result(PATIENCE)
    leave.set()
    wait([holding], PATIENCE)
    with gate.passing(fence.deadline(SECONDS)):
        assert holding.exception() is None
