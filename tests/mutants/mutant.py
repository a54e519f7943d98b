"""A small change that breaks one promise of the supervisor, and the test that must notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mutant:
    """``before`` stands once in ``supervisor/<module>.py``; with ``after`` instead, ``test`` must fail."""

    broken: str
    module: str
    before: str
    after: str
    test: str

    def copy_to(self, folder: Path) -> None:
        """Write the supervisor with this change into a folder."""
        copy_to(folder)
        path = folder / "supervisor" / f"{self.module}.py"
        source = path.read_text()
        assert source.count(self.before) == 1, f"{self.before!r} does not stand once in {path.name}"
        path.write_text(source.replace(self.before, self.after))


def copy_to(folder: Path) -> None:
    """Write the supervisor as it is into a folder."""
    shutil.copytree(ROOT / "supervisor", folder / "supervisor", ignore=shutil.ignore_patterns("__pycache__"))


def run(folder: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run tests of the checkout against the supervisor in a folder, in a process of their own."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--quiet", "--timeout=20", "--capture=no"),
            *("-p", "pytest_timeout", "-p", "tests.mutants.first_failure"),
            *("--override-ini", f"pythonpath={folder} ."),
            *(f"tests/supervisor/{test}" for test in tests),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
