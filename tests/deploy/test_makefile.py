"""Setting up ``.venv``: with programs that stand in for Python, so that it takes no time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPLETE = ".venv/complete"
GOOD = """
case "$*" in
  *version_info*|*ensurepip*) exit 0 ;;
  --version) echo Python 3.99 ;;
  "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m pip "*) echo "$@" >> installed ;;
  *) echo "unexpected: $*"; exit 9 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    return tmp_path


def python(checkout: Path, script: str, name: str = "python3") -> None:
    """Put a program in place of a Python."""
    program = checkout / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)


def make(checkout: Path, target: str = COMPLETE) -> subprocess.CompletedProcess[str]:
    """Run make where no real Python can be found."""
    for tool in ("make", "sh", "mkdir", "cp", "rm", "touch", "sed", "sort", "printf"):
        place = checkout / "bin" / tool
        if not place.exists():
            place.symlink_to(str(shutil.which(tool)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", target],
        cwd=checkout,
        env={**environment, "PATH": str(checkout / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def installed(checkout: Path) -> list[str]:
    return (checkout / "installed").read_text().splitlines()


def test_locked_packages_come_with_their_hashes_and_then_the_project_itself(checkout: Path) -> None:
    python(checkout, GOOD)
    assert make(checkout).returncode == 0
    first, second = installed(checkout)
    assert first.endswith("--require-hashes -r requirements-dev.lock")
    assert second.endswith("--no-deps --no-build-isolation --editable .")


def test_the_newest_python_that_works_is_taken(checkout: Path) -> None:
    python(checkout, GOOD)
    python(checkout, "exit 127", name="python3.13")  # a shim for a version that is not installed
    python(checkout, GOOD.replace("3.99", "3.12.1"), name="python3.12")
    assert "(Python 3.12.1," in make(checkout).stdout


def test_a_second_time_installs_nothing(checkout: Path) -> None:
    python(checkout, GOOD)
    assert make(checkout).returncode == 0
    assert make(checkout).returncode == 0
    assert len(installed(checkout)) == 2


@pytest.mark.parametrize("changed", ["requirements-dev.lock", "pyproject.toml"])
def test_a_new_lock_or_project_installs_again(checkout: Path, changed: str) -> None:
    python(checkout, GOOD)
    assert make(checkout).returncode == 0
    later = (checkout / COMPLETE).stat().st_mtime + 10
    os.utime(checkout / changed, (later, later))
    assert make(checkout).returncode == 0
    assert len(installed(checkout)) == 4


def test_an_install_that_failed_half_way_is_done_again_from_the_start(checkout: Path) -> None:
    python(checkout, GOOD.replace('echo "$@" >> installed', "touch .venv/half; exit 1"))
    assert make(checkout).returncode == 2
    assert not (checkout / COMPLETE).exists()

    python(checkout, GOOD)
    assert make(checkout).returncode == 0
    assert not (checkout / ".venv" / "half").exists()
    assert (checkout / COMPLETE).exists()


def test_no_python_is_one_clear_sentence(checkout: Path) -> None:
    ended = make(checkout)
    assert ended.returncode == 2
    assert ended.stderr.startswith(
        "No Python 3.11 or newer was found: install one, so that `python3` starts it.\n"
    )


def test_an_old_python_is_no_python(checkout: Path) -> None:
    python(checkout, "exit 1")
    assert "No Python 3.11 or newer was found" in make(checkout).stderr


def test_a_python_without_venv_is_one_clear_sentence(checkout: Path) -> None:
    python(checkout, 'case "$*" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac')
    ended = make(checkout)
    assert ended.returncode == 2
    assert ended.stderr.startswith("python3 has no venv or ensurepip: install them (on Debian and Ubuntu")


def test_make_alone_lists_what_there_is(checkout: Path) -> None:
    listed = make(checkout, "help").stdout
    assert [line.split()[1] for line in listed.splitlines()] == [
        "bench", "clean", "coverage", "demo", "format", "help", "lint", "lock", "test",
    ]  # fmt: skip


def test_ci_runs_exactly_make_test() -> None:
    assert (ROOT / ".ci" / "run").read_text() == "#!/bin/sh\nexec make test\n"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
