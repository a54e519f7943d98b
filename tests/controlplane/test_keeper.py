"""No program outlives its keeper, and no keeper outlives its owner."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.claim import claimed
from alumiini_py.controlplane.data_folder import prepare
from alumiini_py.controlplane.errors import ProgramEndedError
from alumiini_py.controlplane.kept import Kept
from tests.parts.processes import watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENT = "import signal; print('ready', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {PATIENT}"
FAILING = "import sys; print('the port is taken'); sys.exit(3)"


@contextmanager
def keeper(folder: Path) -> Iterator[Kept]:
    prepare(folder, {})
    with claimed(folder) as lock:
        kept = Kept(folder, lock)
    try:
        yield kept
    finally:
        kept.end()


def run(kept: Kept, folder: Path, name: str, code: str) -> int:
    """Start a Python program, wait until it says that it is ready, and return its process id."""
    kept.start(name, [sys.executable, "-c", code])
    log = folder / "logs" / f"{name}.log"
    kept.wait_for(lambda: log.exists() and "ready" in log.read_text(), 20, f"{name} did not begin")
    return pids(folder)[name]


def pids(folder: Path) -> dict[str, int]:
    """Return the process ids the keeper has told of."""
    lines = (folder / "logs" / "keeper.log").read_text().splitlines()
    return {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("started ")}


def keeper_pid(folder: Path) -> int:
    return int((folder / "keeper.pid").read_text())


def ended(folder: Path) -> list[str]:
    lines = (folder / "logs" / "keeper.log").read_text().splitlines()
    return [line for line in lines if line.startswith("ended ")]


def wait(kept: Kept) -> None:
    """Wait for something that never comes; only a program that ends can end this."""
    kept.wait_for(lambda: False, 20, "nothing happened")


def test_programs_are_stopped_in_reverse_order(tmp_path: Path) -> None:
    with keeper(tmp_path) as kept:
        run(kept, tmp_path, "first", PATIENT)
        run(kept, tmp_path, "second", PATIENT)

    assert ended(tmp_path) == ["ended second by signal 15", "ended first by signal 15"]


def test_a_program_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    with keeper(tmp_path) as kept:
        run(kept, tmp_path, "stubborn", STUBBORN)

    assert ended(tmp_path) == ["ended stubborn by signal 9"]


def test_the_programs_die_with_a_killed_keeper(tmp_path: Path) -> None:
    with (
        keeper(tmp_path) as kept,
        watched(run(kept, tmp_path, "a", PATIENT), run(kept, tmp_path, "b", STUBBORN)) as programs,
    ):
        os.kill(keeper_pid(tmp_path), signal.SIGKILL)

        programs.assert_gone()


def test_a_program_that_ends_ends_the_others_and_the_error_shows_its_log(tmp_path: Path) -> None:
    with keeper(tmp_path) as kept:
        run(kept, tmp_path, "healthy", PATIENT)
        kept.start("broken", [sys.executable, "-c", FAILING])

        with pytest.raises(ProgramEndedError) as failed:
            wait(kept)

    assert str(failed.value) == "broken ended with status 3; its last lines were:\nthe port is taken"
    assert ended(tmp_path) == ["ended broken with status 3", "ended healthy by signal 15"]


def test_a_file_that_is_no_program_says_so(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"\x7fELF cut")
    script.chmod(0o755)
    with keeper(tmp_path) as kept:
        kept.start("broken", [str(script)])

        with pytest.raises(ProgramEndedError, match="broken ended before it began") as failed:
            wait(kept)

    assert failed.value.log == f"{script}: Exec format error"


def test_a_killed_program_can_be_started_again(tmp_path: Path) -> None:
    with keeper(tmp_path) as kept:
        with watched(run(kept, tmp_path, "a", PATIENT)) as program:
            kept.kill("a")
            program.assert_gone(0)
        run(kept, tmp_path, "a", PATIENT)

    assert ended(tmp_path) == ["ended a by signal 9", "ended a by signal 15"]


def test_a_signal_to_the_keeper_ends_everything(tmp_path: Path) -> None:
    with (
        keeper(tmp_path) as kept,
        watched(run(kept, tmp_path, "a", PATIENT), keeper_pid(tmp_path)) as everything,
    ):
        os.kill(keeper_pid(tmp_path), signal.SIGTERM)

        everything.assert_gone()


def test_commands_after_the_end_say_what_ended(tmp_path: Path) -> None:
    with keeper(tmp_path) as kept:
        kept.start("broken", [sys.executable, "-c", FAILING])
        with pytest.raises(ProgramEndedError):
            wait(kept)

        with pytest.raises(ProgramEndedError, match="broken ended with status 3"):
            kept.start("late", [sys.executable, "-c", PATIENT])
