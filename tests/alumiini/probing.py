"""A command of the tests' own, and the real program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.__main__ import _parser
from alumiini_py.flags import flag

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

HOME = Path(__file__).resolve().parent.parent.parent
BOUND = 60.0


class Probe:
    """``probe`` with a flag of each sort, and ``probe deep`` one level below."""

    def register(self, commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add ``probe`` and ``nest probe``."""
        self._flags(commands.add_parser("probe"))
        nested = commands.add_parser("nest").add_subparsers(dest="action", required=True)
        self._flags(nested.add_parser("probe"))

    def run(self, arguments: argparse.Namespace) -> int:
        """Do nothing."""
        return int(bool(arguments))

    def _flags(self, parser: argparse.ArgumentParser) -> None:
        flag(parser, "--size", "-s", type=int, default=7, help="a number")
        flag(parser, "--data-dir", type=Path, help="a path")
        flag(parser, "--watch", action="append", help="a list")
        flag(parser, "--fast", action="store_true", help="a switch")
        flag(parser, "--colour", default="red", choices=("red", "blue"), help="a choice")


def parsed(*arguments: str) -> argparse.Namespace:
    """Return what the program's command line makes of these arguments."""
    probe = Probe()
    return _parser({"probe": probe}).parse_args(arguments)


def alumiini(
    *arguments: str, folder: Path = HOME, **variables: str | Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ALUMIINI_", "KUBE"))}
    return subprocess.run(
        [sys.executable, "-m", "alumiini_py", *arguments],
        cwd=folder,
        env={**clean, **{name: str(value) for name, value in variables.items()}},
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
