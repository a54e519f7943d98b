"""The process that owns the programs of a control plane, so that none of them outlives its owner.

It is a program of its own, of the standard library alone, and single-threaded: the kernel ends a child with
its parent *thread* (prctl(2), PR_SET_PDEATHSIG), so the thread that starts the programs must live as long as
they may. Whatever ends this process, even SIGKILL, ends them.

Commands come as JSON lines on standard input::

    {"start": "etcd", "argv": ["/path/etcd", "--data-dir", "etcd"], "log": "logs/etcd.log"}
    {"kill": "etcd"}
    {"detach": true}

Until ``detach``, the end of standard input (the owner has died or let go) ends everything; so does a program
that ends unasked. Standard output says ``started NAME PID`` and ``ended NAME HOW``.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

STOP_SECONDS = 3.0
"""How long a program may take to end; kube-apiserver would wait a minute for clients that watch."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class Keeper:
    """Programs by name, in the order of their first start; they are stopped in the reverse order."""

    def __init__(self) -> None:
        self._programs: dict[str, subprocess.Popen[bytes] | None] = {}
        self._owned = True
        self._received = b""
        self._selector = selectors.DefaultSelector()
        self._wakeup, wakeup = os.pipe()
        for end in (self._wakeup, wakeup):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakeup)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._told_to_end = False
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def run(self) -> int:
        """Serve until told to end (0) or a program ends unasked (1)."""
        try:
            while True:
                ready = {key.fd for key, _ in self._selector.select()}
                if self._wakeup in ready:
                    os.read(self._wakeup, 4096)
                if self._told_to_end:
                    return 0
                if self._notice_ended():
                    return 1
                if sys.stdin.fileno() in ready and not self._obey():
                    return 0
        finally:
            for name in reversed(self._programs):
                self._stop(name)

    def _on_signal(self, number: int, _frame: object) -> None:
        self._told_to_end |= number != signal.SIGCHLD

    def _obey(self) -> bool:
        """Run the commands that have come; False when the owner is gone and everything must end."""
        chunk = os.read(sys.stdin.fileno(), 65536)
        if not chunk:
            self._selector.unregister(sys.stdin.fileno())
            return not self._owned
        *lines, self._received = (self._received + chunk).split(b"\n")
        for line in lines:
            self._command(json.loads(line))
        return True

    def _command(self, command: dict[str, Any]) -> None:
        if "start" in command:
            self._start(command["start"], command["argv"], command["log"])
        elif "kill" in command:
            self._stop(command["kill"], signal.SIGKILL)
        else:
            self._owned = not command["detach"]

    def _start(self, name: str, argv: list[str], log: str) -> None:
        with Path(log).open("ab") as output:
            try:
                program = subprocess.Popen(  # noqa: S603 -- the owner names the programs
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    process_group=0,
                    preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 -- safe: this process has one thread
                )
            except OSError as error:
                output.write(f"{argv[0]}: {error.strerror}\n".encode())
                _say("ended", name, "before it began")
                raise SystemExit(1) from None
        self._programs[name] = program
        _say("started", name, program.pid)

    def _stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        program = self._programs[name]
        if program is None:
            return
        program.send_signal(number)
        try:
            program.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        self._forget(name, program)

    def _notice_ended(self) -> bool:
        """Whether a program has ended unasked; it is said before the others are stopped because of it."""
        for name, program in self._programs.items():
            if program is not None and program.poll() is not None:
                self._forget(name, program)
                return True
        return False

    def _forget(self, name: str, program: subprocess.Popen[bytes]) -> None:
        self._programs[name] = None
        how = program.returncode
        _say("ended", name, f"with status {how}" if how >= 0 else f"by signal {-how}")


def _die_with(parent: int) -> Callable[[], None]:
    def ask_the_kernel() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return ask_the_kernel


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(folder: str, claim: str) -> int:
    """Serve the data folder whose lock is the inherited file descriptor ``claim``, held until the end."""
    os.chdir(folder)
    os.umask(0o077)
    os.ftruncate(int(claim), 0)
    os.pwrite(int(claim), f"{os.getpid()}\n".encode(), 0)
    return Keeper().run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
