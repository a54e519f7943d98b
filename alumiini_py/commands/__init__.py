"""One module per command of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from alumiini_py.commands import demo, install, local, run

if TYPE_CHECKING:
    import argparse


class Command(Protocol):
    """What each module has."""

    def register(self, commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add the command and its flags to the command line."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do what the command line says and return the exit code."""


ALL: dict[str, Command] = {"run": run, "install": install, "local": local, "demo": demo}
