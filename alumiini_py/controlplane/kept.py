"""The owner's side of a keeper: start and stop programs, wait for them, let go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from alumiini_py.controlplane import keeper
from alumiini_py.controlplane.errors import ControlPlaneError, NotReadyError, ProgramEndedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOGS = "logs"
END_SECONDS = 3 * keeper.STOP_SECONDS + 5
"""How long a keeper with three programs may take to end all of them."""

_POLL = 0.05
_LAST_LINES = 15


class Kept:
    """A keeper process and the programs it has been told to start."""

    def __init__(self, folder: Path, lock: int) -> None:
        self._logs = folder / LOGS
        self._said = self._logs / "keeper.log"
        commands, lifeline = os.pipe()
        self._lifeline = os.fdopen(lifeline, "wb", buffering=0)
        with self._said.open("wb") as output, os.fdopen(commands, "rb") as stdin:
            self._process = subprocess.Popen(  # noqa: S603 -- this Python and a file of ours
                # Isolated: a file in the data folder, or PYTHONPATH, must not stand in for a module.
                [sys.executable, "-I", "-S", str(keeper.__file__), str(folder), str(lock)],
                stdin=stdin,
                stdout=output,
                stderr=output,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C on the terminal is the owner's business
            )

    def start(self, name: str, argv: list[str]) -> None:
        """Start a program in the data folder; its output goes to a log of its name."""
        self._command({"start": name, "argv": argv, "log": f"{LOGS}/{name}.log"})

    def kill(self, name: str) -> None:
        """Kill a program, as a fault; returns when it is gone."""
        before = self._events().count(f"ended {name} ")
        self._command({"kill": name})
        self.wait_for(
            lambda: self._events().count(f"ended {name} ") > before, END_SECONDS, f"{name} did not end"
        )

    def detach(self) -> None:
        """Let the programs live on without this process."""
        self._command({"detach": True})
        self._lifeline.close()

    def end(self) -> None:
        """Stop everything; harmless when it has ended by itself."""
        self._lifeline.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # the kernel takes the programs with it
            self._process.wait()

    def wait_for(self, condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
        """Return when the condition holds.

        Raises NotReadyError that begins with ``otherwise`` after ``seconds``, and ProgramEndedError as soon
        as a program has ended unasked.
        """
        latest = time.monotonic() + seconds
        while not condition():
            self._wait_briefly()
            if time.monotonic() > latest:
                raise NotReadyError(f"{otherwise} within {seconds:.0f} s; see the logs in {self._logs}")

    def _wait_briefly(self) -> None:
        try:
            self._process.wait(_POLL)
        except subprocess.TimeoutExpired:
            return
        raise self._ended()

    def _ended(self) -> ControlPlaneError:
        """Name the program that ended first: the others were stopped because of it."""
        for line in self._events().splitlines():
            match line.split():
                case ["ended", name, *how]:
                    log = _last_lines(self._logs / f"{name}.log")
                    return ProgramEndedError(f"{name} ended {' '.join(how)}", log)
        return ProgramEndedError("the keeper of the programs ended", _last_lines(self._said))

    def _events(self) -> str:
        return self._said.read_text(errors="replace")

    def _command(self, command: dict[str, object]) -> None:
        try:
            self._lifeline.write(json.dumps(command).encode() + b"\n")
        except BrokenPipeError:
            self._process.wait()
            raise self._ended() from None


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-_LAST_LINES:]) or "(nothing)"
