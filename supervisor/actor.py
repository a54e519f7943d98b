"""The actor that reports its own death exactly once, as the last thing it does."""

from __future__ import annotations

import contextlib
import logging
import threading
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pykka

from supervisor.deadline import DeadlineExceededError, Fence, FencedError
from supervisor.exits import Crashed, Exit, Exited, Normal, Shutdown, without_frames
from supervisor.mailbox import Mailbox, Message, Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pykka._envelope import Envelope

    from supervisor.clock import AlarmClock

_log = logging.getLogger(__name__)

ActorRef = pykka.ActorRef[Any]
"""What starting an actor returns."""


class StoppedError(Exception):
    """The actor was told to stop; whoever catches this lets it pass."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a supervisor gives to one generation of one child.

    ``on_exit`` takes the report of its end, on the actor's thread. ``stopping`` is set before the request to
    stop is put into the mailbox, so a handler can wait on it instead of sleeping.
    """

    key: Hashable
    generation: int
    fence: Fence
    clock: AlarmClock
    on_exit: Callable[[Exited], None]
    stopping: threading.Event = field(default_factory=threading.Event)


class SupervisedActor(pykka.ThreadingActor):
    """An actor on a thread of its own whose every end is reported, whatever ends it.

    ``setup`` runs first on the actor's thread, then ``handle`` for each message, then ``teardown`` (also
    after a crash of ``handle``; not after a failed ``setup``). The constructor runs on the thread of who
    starts it: no I/O.

    An exception out of a hook is a crash, SystemExit and KeyboardInterrupt too. These are a shutdown instead:
    StoppedError and FencedError, and DeadlineExceededError while stopping. A message that is asked for gets
    the exception of a crash; None when a shutdown ended its handler; ActorDeadError when it was never read.
    """

    use_daemon_thread = True

    def __init__(self, context: Context) -> None:
        self.context = context
        self.mailbox = Mailbox(context.clock)
        self._reason: Exit | None = None
        self._is_set_up = False
        self._unread: list[Envelope[Any]] = []
        super().__init__()

    def setup(self) -> None:
        """Prepare, on the actor's thread, before the first message."""

    @abstractmethod
    def handle(self, message: Message) -> None:
        """Work on one message."""

    def teardown(self) -> None:
        """Let go of what ``setup`` and the handlers took; the mailbox is closed by now."""

    @property
    def stopping(self) -> bool:
        """Whether the supervisor wants this actor to end."""
        return self.context.stopping.is_set()

    def checkpoint(self) -> None:
        """Raise StoppedError when stopping, FencedError when fenced; for between the steps of a handler."""
        if self.stopping:
            raise StoppedError("this actor was told to stop")
        self.context.fence.check()

    def superseded_by(self, *types: type[Message]) -> bool:
        """Tell whether a message of one of these types waits, so that a step-wise handler gives way."""
        return self.mailbox.waiting(*types)

    def send_after(self, seconds: float, message: Message) -> Timer:
        """Send a message to this actor in ``seconds`` from now; it is lost when the actor ends before."""
        return self.mailbox.send_after(seconds, message)

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.context.key}"

    # What follows is the seam to pykka.

    def _create_actor_inbox(self) -> Mailbox:  # type: ignore[override]  # static there, but called on self
        return self.mailbox

    def _start_actor_loop(self) -> None:
        try:
            super()._start_actor_loop()
        except BaseException:  # the machine has no more threads: pykka would remember it for ever
            pykka.ActorRegistry.unregister(self.actor_ref)
            raise

    def on_start(self) -> None:
        """Run ``setup`` (pykka calls this)."""
        self._guarded(self.setup)
        self._is_set_up = self._reason is None

    def on_receive(self, message: Message) -> None:
        """Run ``handle`` (pykka calls this)."""
        self._guarded(self.handle, message)

    def on_stop(self) -> None:
        """Close the mailbox before pykka drops what is in it (pykka calls this)."""
        self._unread += self.mailbox.close()

    def _actor_loop(self) -> None:
        threading.current_thread().name = str(self.context.key)
        try:
            super()._actor_loop()
        except BaseException as error:  # noqa: BLE001 -- the mailbox itself failed: a merge that raises
            _log.exception("the loop of %s failed", self)
            self._end(error)
        try:
            self._tear_down()
        finally:
            self._report()

    def _guarded(self, hook: Callable[..., None], *args: Message) -> None:
        try:
            hook(*args)
        except BaseException as error:
            self._end(error)
            if isinstance(self._reason, Shutdown):
                return
            if isinstance(error, Exception):
                raise
            # pykka answers SystemExit by stopping every actor there is.
            raise RuntimeError(f"{type(error).__name__} in {self}") from error

    def _end(self, error: BaseException) -> None:
        self._reason = self._reason or self._reason_of(error)
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        self._unread += self.mailbox.close()

    def _reason_of(self, error: BaseException) -> Exit:
        told = isinstance(error, StoppedError | FencedError)
        if told or (self.stopping and isinstance(error, DeadlineExceededError)):
            return Shutdown()
        return Crashed(error)

    def _tear_down(self) -> None:
        if not self._is_set_up:
            return
        try:
            self.teardown()
        except BaseException as error:  # noqa: BLE001 -- its end is reported, not raised
            self._end(error)
            if isinstance(self._reason_of(error), Crashed):
                _log.exception("teardown of %s failed", self)

    def _report(self) -> None:
        unread: list[Message] = []
        for envelope in self._unread:
            if envelope.reply_to is not None:
                dead = pykka.ActorDeadError(f"{self} ended before it read this message")
                envelope.reply_to.set_exception((type(dead), dead, None))
            elif isinstance(envelope.message, Message):
                unread.append(envelope.message)
        reason = self._reason or (Shutdown() if self.stopping else Normal())
        if isinstance(reason, Crashed):
            without_frames(reason.error)
        self.context.on_exit(Exited(self.context.key, self.context.generation, reason, tuple(unread)))


def tell_to_stop(context: Context, ref: ActorRef) -> None:
    """Ask an actor to end, before all that waits in its mailbox."""
    context.stopping.set()
    with contextlib.suppress(pykka.ActorDeadError):  # it has ended by itself
        ref.stop(block=False)
