"""A second, tiny kind of actors, which nothing outside of these tests knows."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from supervisor.actor import SupervisedActor
from supervisor.deadline import Watchdog
from supervisor.dynamic import DynamicSupervisor
from supervisor.mailbox import Lane, Message
from supervisor.registry import Registry
from tests.supervisor.house import Highest
from tests.supervisor.manual_clock import ManualClock
from tests.supervisor.puppet import BOUND
from workers.cluster.resources import Resource
from workers.cluster.view import Identity
from workers.controller.controller import Controller
from workers.controller.kind import Kind, Trigger
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from supervisor.actor import ActorRef, Context
    from workers.controller.custom_object import CustomObject
    from workers.model.keys import ResourceKey


@dataclass(frozen=True, slots=True)
class Switched(Message):
    lane: ClassVar[Lane] = Lane.WEBHOOK

    subject: CustomObject


@dataclass(frozen=True, slots=True)
class Painted(Message):
    lane: ClassVar[Lane] = Lane.WEBHOOK

    subject: CustomObject


@dataclass(frozen=True, slots=True)
class Broken(Message):
    lane: ClassVar[Lane] = Lane.SYSTEM


Journal = queue.Queue[tuple[str, ...]]


class Lamp(SupervisedActor):
    """Writes down what happens to it."""

    def __init__(
        self, context: Context, key: ResourceKey, subject: CustomObject | None, journal: Journal
    ) -> None:
        super().__init__(context)
        self._name = str(key)
        self._subject = subject
        self._journal = journal

    def setup(self) -> None:
        known = self._subject.uid if self._subject is not None else "unknown"
        self._journal.put((self._name, "lit", known))

    def handle(self, message: Message) -> None:
        match message:
            case Switched(subject) | Painted(subject):
                self._journal.put((self._name, type(message).__name__, subject.uid))
            case _:
                raise RuntimeError("the bulb is broken")

    def teardown(self) -> None:
        self._journal.put((self._name, "out"))


class Audience:
    """Writes down who is there; ``seeing`` is called first with what is seen."""

    def __init__(self) -> None:
        self.heard: Journal = queue.Queue()
        self.seeing: Any = lambda _: None

    def seen(self, subject: CustomObject) -> None:
        self.seeing(subject)
        self.heard.put(("seen", str(subject.key), subject.uid))

    def leaving(self, key: ResourceKey) -> None:
        """Say nothing: what counts here is the end."""

    def gone(self, key: ResourceKey) -> None:
        self.heard.put(("gone", str(key)))

    def all_seen(self) -> None:
        self.heard.put(("all seen",))


class Home:
    """A supervisor of lamps under a manual clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.watchdog = Watchdog(self.clock)
        self.registry = Registry()
        self.supervisor = DynamicSupervisor(
            self.registry,
            self.watchdog,
            on_change=lambda _: None,
            on_systemic=lambda _: None,
            random=Highest(),
        )
        self.journal: Journal = queue.Queue()
        self.audience = Audience()
        self.out_of_threads = False
        self.controller = self.controller_of("Lamp")

    def start(self, context: Context, key: ResourceKey, subject: CustomObject | None) -> ActorRef:
        """Start a lamp; fails for as long as ``out_of_threads``."""
        if self.out_of_threads:
            raise RuntimeError("can't start new thread")
        return Lamp.start(context, key, subject, self.journal)

    def controller_of(
        self, kind: str, parked_for: Callable[[ResourceKey], float] = lambda _: 0.0
    ) -> Controller:
        """Return a controller of lamps that go by this kind."""
        return Controller(
            Kind(
                Resource("example.org", "v1", kind, f"{kind.lower()}s", Scope.NAMESPACED),
                (
                    Trigger(lambda subject: subject.generation, Switched),
                    Trigger(lambda subject: subject.labels.get("colour"), Painted),
                ),
                self.start,
                self.audience,
            ),
            self.supervisor,
            self.registry,
            shutdown=1.0,
            parked_for=parked_for,
        )

    def next(self) -> tuple[str, ...]:
        """Return what a lamp wrote down next."""
        return self.journal.get(timeout=BOUND)

    def settle(self) -> None:
        """Return when the supervisor has done all that it was asked for before."""
        for _ in range(3):
            self.supervisor.terminate_child("nobody")

    def heard(self) -> list[tuple[str, ...]]:
        """Return what the audience was told so far."""
        return [self.audience.heard.get_nowait() for _ in range(self.audience.heard.qsize())]

    def close(self) -> None:
        self.supervisor.stop(BOUND)
        self.watchdog.close()


def lamp(name: str = "desk", uid: str = "uid-1", **changed: Any) -> dict[str, Any]:  # noqa: ANN401 -- parts of an object
    """Return a Lamp home/desk."""
    return {
        "kind": "Lamp",
        "metadata": {
            "namespace": "home",
            "name": name,
            "uid": uid,
            "generation": changed.get("generation", 1),
            "resourceVersion": changed.get("version", "1"),
            "labels": {"colour": changed.get("colour", "white")},
        },
        "status": changed.get("status", {}),
    }


def gone(name: str = "desk", uid: str = "uid-1") -> Identity:
    return Identity("home", name, uid)


def wait_for_the_end_of(key: ResourceKey) -> None:
    """Return when no thread of that actor is left."""
    for thread in threading.enumerate():
        if thread.name == str(key):
            thread.join(BOUND)
