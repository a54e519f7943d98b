"""What thousands of actors cost, and what the crash of one means for the others.

Each size is measured in a process of its own, so that memory is that of the actors alone.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from alumiini_py.terminal import complain
from supervisor.actor import SupervisedActor
from supervisor.deadline import Watchdog
from supervisor.dynamic import DynamicSupervisor
from supervisor.mailbox import Lane, Message
from supervisor.registry import Registry
from supervisor.spec import Backoff, ChildSpec, Intensity
from supervisor.systemic import bearable
from tests.benchmarks.bench import Process, line, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pykka

    from supervisor.actor import Context

ROOT = Path(__file__).parents[2]
SIZES = (1000, 5000)
SENDS = 20_000
CRASHES = 30
PINGS = 20
IDLE_SECONDS = 3.0
BOUND = 60.0
AT_ONCE = Backoff(initial=0.001, factor=1.0, maximum=0.001)
OFTEN = Intensity(1000, 60)


class Tally:
    """Counts events on any thread; somebody waits for so many more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def add(self, count: int = 1) -> None:
        with self._changed:
            self._count += count
            self._changed.notify()

    @contextmanager
    def reaching(self, count: int) -> Iterator[None]:
        """Wait, after the block, until so many more were counted than at its begin."""
        goal = self._count + count
        yield
        with self._changed:
            assert self._changed.wait_for(lambda: self._count >= goal, BOUND)


@dataclass(frozen=True, slots=True)
class Count(Message):
    """One or more events to count."""

    lane: ClassVar[Lane] = Lane.WEBHOOK

    events: int = 1

    def merge(self, newer: Self) -> Self:
        return type(self)(self.events + newer.events)


@dataclass(frozen=True, slots=True)
class Ping(Message):
    """Tells when it was sent."""

    lane: ClassVar[Lane] = Lane.WEBHOOK

    sent: float


@dataclass(frozen=True, slots=True)
class Die(Message):
    lane: ClassVar[Lane] = Lane.WEBHOOK

    crash: bool


class Worker(SupervisedActor):
    """Counts its starts and messages, and dies when told."""

    def __init__(self, context: Context, tally: Tally, delays: list[float]) -> None:
        super().__init__(context)
        self._tally = tally
        self._delays = delays

    def setup(self) -> None:
        self._tally.add()

    def handle(self, message: Message) -> None:
        if isinstance(message, Count):
            self._tally.add(message.events)
        elif isinstance(message, Ping):
            self._delays.append(time.monotonic() - message.sent)
            self._tally.add()
        elif isinstance(message, Die) and message.crash:
            raise ValueError("told to crash")
        else:
            self.stop()


class Crowd:
    """So many actors under one supervisor."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.registry = Registry()
        self.tally = Tally()
        self.delays: list[float] = []
        self._watchdog = Watchdog()
        self._supervisor = DynamicSupervisor(
            self.registry, self._watchdog, on_change=lambda _: None, on_systemic=complain
        )

    def _worker(self, context: Context) -> pykka.ActorRef[Worker]:
        return Worker.start(context, self.tally, self.delays)

    def start(self) -> None:
        with self.tally.reaching(self.size):
            for number in range(self.size):
                spec = ChildSpec(number, self._worker, backoff=AT_ONCE, intensity=OFTEN)
                self._supervisor.start_child(spec)

    def send(self, sends: int) -> None:
        with self.tally.reaching(sends):
            for number in range(sends):
                self.registry.send(number % self.size, Count())

    def start_all_again(self) -> None:
        """Crash as many as are not a systemic fault, let the others end by themselves."""
        crashing = bearable(self.size)
        with self.tally.reaching(self.size):
            for number in range(self.size):
                self.registry.send(number, Die(crash=number < crashing))

    def ping_others(self, crashes: int) -> list[float]:
        """Send to all but one, some at a time, while that one crashes; return the delays."""
        self.delays.clear()
        for number in range(max(crashes, CRASHES)):
            with self.tally.reaching(PINGS + (number < crashes)):
                if number < crashes:
                    self.registry.send(0, Die(crash=True))
                for other in range(PINGS):
                    self.registry.send(1 + (number * PINGS + other) % (self.size - 1), Ping(time.monotonic()))
        return list(self.delays)

    def stop(self) -> None:
        assert self._supervisor.stop(BOUND) == ()
        self._watchdog.close()


def supervision() -> None:
    """Measure every size."""
    for size in SIZES:
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.supervision", str(size)], cwd=ROOT, check=True
        )


def measure(size: int) -> None:
    """Measure one size in this process."""
    logging.disable()  # a crash is logged with its traceback, which is not what is measured
    crowd = Crowd(size)
    name = f"{size} actors"
    before = Process.of(os.getpid())
    started = seconds(crowd.start)
    line(f"{name}: start", f"{started * 1000:8.0f} ms")
    crowd.send(size)
    grown = Process.of(os.getpid()).rss - before.rss
    line(f"{name}: memory", f"{grown / size / 1024:8.1f} KiB each after one message ({grown >> 20} MiB)")
    line(
        f"{name}: messages", f"{SENDS / seconds(lambda: crowd.send(SENDS)):8.0f} per second, over all of them"
    )
    line(f"{name}: at rest", f"{idle():8.2f} % of a core")
    line(f"{name}: one message", milliseconds(crowd.ping_others(0)))
    line(f"{name}: one message beside crashes", milliseconds(crowd.ping_others(CRASHES)))
    line(f"{name}: crash and start all again", f"{seconds(crowd.start_all_again) * 1000:8.0f} ms")
    line(f"{name}: stop", f"{seconds(crowd.stop) * 1000:8.0f} ms")


def seconds(work: Callable[[], None]) -> float:
    """Return how long some work takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def idle() -> float:
    """Return how much of a core this process takes when nothing happens."""
    before = Process.of(os.getpid()).cpu
    threading.Event().wait(IDLE_SECONDS)
    return 100 * (Process.of(os.getpid()).cpu - before) / IDLE_SECONDS


if __name__ == "__main__":
    measure(int(sys.argv[1]))
