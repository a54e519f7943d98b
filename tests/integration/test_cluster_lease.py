"""One Lease, several candidates, a real API server; time passes only when a test says so."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from supervisor.deadline import FencedError
from tests.cluster.parts import Cluster
from tests.supervisor.manual_clock import ManualClock
from workers.cluster.access import find_access
from workers.cluster.errors import UnreachableError
from workers.cluster.lease import Lease, Timing, new_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alumiini_py.controlplane.plane import ControlPlane
    from tests.parts.control_plane import Kubectl


class Candidate:
    """A process that wants the lease, with a clock of its own that stands still by itself."""

    def __init__(self, plane: ControlPlane, namespace: str, identity: str) -> None:
        self.clock = ManualClock()
        self.cluster = Cluster(find_access(str(plane.kubeconfig)), clock=self.clock, guard=self._network)
        self.cut_off = False
        self.lost = threading.Event()
        self.lease = Lease(
            self.cluster.objects,
            namespace=namespace,
            name="alumiini",
            identity=identity,
            watchdog=self.cluster.watchdog,
            on_lost=self.lost.set,
        )

    def acquire_in_thread(self) -> threading.Thread:
        def acquire() -> None:
            try:
                self.lease.acquire()
            except FencedError:
                self.lost.set()

        thread = threading.Thread(target=acquire)
        thread.start()
        return thread

    def pass_time(self, seconds: float, until: Callable[[], bool]) -> None:
        """Let time pass in steps of one retry, each long enough for a try; stop early when it is so."""
        for _ in range(int(seconds / 2)):
            if until():
                return
            before = len(self.cluster.calls)
            self.clock.advance(2)
            wait_until(lambda: len(self.cluster.calls) > before or until())  # noqa: B023 -- called at once
        assert until()

    def _network(self) -> None:
        if self.cut_off:
            raise UnreachableError("this candidate is cut off")

    def close(self) -> None:
        self.lease.release()
        self.cluster.connection.close()
        self.cluster.watchdog.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Look again each 10 ms, for at most 10 s."""
    for _ in range(1000):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come true")


def allowed(candidate: Candidate) -> bool:
    try:
        candidate.lease.check()
    except UnreachableError:
        return False
    return True


@pytest.fixture
def candidate(control_plane: ControlPlane, namespace: str) -> Iterator[Callable[[str], Candidate]]:
    started: list[Candidate] = []

    def start(identity: str) -> Candidate:
        started.append(Candidate(control_plane, namespace, identity))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def spec(kubectl: Kubectl, namespace: str) -> Callable[[], dict[str, Any]]:
    return lambda: kubectl.json("get", "lease/alumiini", "-n", namespace)["spec"]


def test_a_lease_nobody_has_is_ours_at_once(
    candidate: Callable[[str], Candidate], spec: Callable[[], dict[str, Any]]
) -> None:
    one = candidate("one")
    with pytest.raises(FencedError):
        one.lease.check()

    one.lease.acquire()

    one.lease.check()
    assert one.lease.held
    assert spec()["holderIdentity"] == "one"
    assert spec()["leaseDurationSeconds"] == 15


def test_of_many_candidates_one_gets_it(candidate: Callable[[str], Candidate]) -> None:
    candidates = [candidate(f"c{number}") for number in range(6)]
    threads = [one.acquire_in_thread() for one in candidates]
    wait_until(lambda: any(one.lease.held for one in candidates))
    wait_until(lambda: all(len(one.cluster.calls) >= 1 for one in candidates))

    assert sum(one.lease.held for one in candidates) == 1
    for one in candidates:
        one.lease.release()
    for thread in threads:
        thread.join(5)


def test_renewals_keep_writes_allowed(candidate: Callable[[str], Candidate]) -> None:
    one = candidate("one")
    one.lease.acquire()
    for _ in range(10):
        calls = len(one.cluster.calls)
        one.clock.advance(2)
        wait_until(lambda: len(one.cluster.calls) > calls)  # noqa: B023 -- called at once
        one.lease.check()

    assert not one.lost.is_set()


def test_writes_are_refused_10_s_after_the_last_renewal_was_sent(
    candidate: Callable[[str], Candidate],
) -> None:
    one = candidate("one")
    one.lease.acquire()
    one.cut_off = True
    one.clock.advance(9.9)
    one.lease.check()

    one.clock.advance(0.1)

    with pytest.raises(UnreachableError, match="nothing is written until it is"):
        one.lease.check()
    assert one.lease.held
    assert not one.lost.is_set()


def test_a_machine_that_slept_goes_on_when_nobody_took_the_lease(
    candidate: Callable[[str], Candidate],
) -> None:
    one = candidate("one")
    one.lease.acquire()
    one.clock.advance(3600)
    wait_until(lambda: allowed(one))

    assert not one.lost.is_set()


def test_a_standby_takes_over_15_s_after_it_saw_the_last_change(
    candidate: Callable[[str], Candidate], spec: Callable[[], dict[str, Any]]
) -> None:
    one, two = candidate("one"), candidate("two")
    one.lease.acquire()  # and its clock stands still: it never renews
    thread = two.acquire_in_thread()
    wait_until(lambda: len(two.cluster.calls) >= 1)

    for _ in range(7):
        calls = len(two.cluster.calls)
        two.clock.advance(2)
        wait_until(lambda: len(two.cluster.calls) > calls)  # noqa: B023 -- called at once
    assert not two.lease.held
    two.pass_time(4, until=lambda: two.lease.held)

    thread.join(5)
    assert spec()["holderIdentity"] == "two"
    assert spec()["leaseTransitions"] == 1


def test_the_old_holder_notices_the_loss_and_may_not_write(candidate: Callable[[str], Candidate]) -> None:
    one, two = candidate("one"), candidate("two")
    one.lease.acquire()
    thread = two.acquire_in_thread()
    two.pass_time(30, until=lambda: two.lease.held)
    thread.join(5)

    one.pass_time(4, until=one.lost.is_set)

    with pytest.raises(FencedError):
        one.lease.check()
    two.lease.check()


def test_a_released_lease_is_free_for_the_next_try(
    candidate: Callable[[str], Candidate], spec: Callable[[], dict[str, Any]]
) -> None:
    one, two = candidate("one"), candidate("two")
    one.lease.acquire()
    thread = two.acquire_in_thread()
    wait_until(lambda: len(two.cluster.calls) >= 1)

    one.lease.release()
    assert spec().get("holderIdentity", "") == ""
    two.pass_time(4, until=lambda: two.lease.held)

    thread.join(5)
    assert spec()["holderIdentity"] == "two"
    assert not one.lost.is_set()


def test_somebody_who_touches_the_lease_takes_it_from_nobody(
    candidate: Callable[[str], Candidate], kubectl: Kubectl, namespace: str
) -> None:
    one = candidate("one")
    one.lease.acquire()
    kubectl("annotate", "lease/alumiini", "-n", namespace, "somebody=was-here")
    one.pass_time(8, until=lambda: ("PATCH", 200) in one.cluster.calls)

    one.lease.check()
    assert not one.lost.is_set()
    lease = kubectl.json("get", "lease/alumiini", "-n", namespace)
    assert lease["metadata"]["annotations"] == {"somebody": "was-here"}


def test_a_deleted_lease_is_made_again(
    candidate: Callable[[str], Candidate], kubectl: Kubectl, namespace: str
) -> None:
    one = candidate("one")
    one.lease.acquire()
    kubectl("delete", "lease/alumiini", "-n", namespace)
    one.pass_time(8, until=lambda: one.cluster.calls.count(("PATCH", 201)) == 2)

    one.lease.check()
    assert not one.lost.is_set()


def test_waiting_for_a_lease_ends_when_it_is_released(candidate: Callable[[str], Candidate]) -> None:
    one, two = candidate("one"), candidate("two")
    one.lease.acquire()
    thread = two.acquire_in_thread()
    wait_until(lambda: len(two.cluster.calls) >= 1)

    two.lease.release()

    thread.join(5)
    assert two.lost.is_set()
    one.lease.check()


def test_times_that_would_let_two_writers_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Timing(duration=10, renew_within=8, every=2)


def test_no_two_processes_have_one_identity() -> None:
    assert new_identity() != new_identity()
