"""The command line ``alumiini``; also ``python -m alumiini_py``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from alumiini_py.exit_codes import FAILED, INTERRUPTED, WRONG_USAGE
from alumiini_py.flags import FlagError, flag
from alumiini_py.packages import foreign_package
from alumiini_py.terminal import complain
from alumiini_py.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alumiini_py.commands import Command

_LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code: 0 done, 1 failed, 2 wrong usage."""
    stranger = foreign_package()
    if stranger is not None:
        complain(f"alumiini: {stranger}")
        return FAILED
    try:
        return _run(arguments)
    except FlagError as error:
        complain(f"alumiini: {error}")
        return WRONG_USAGE
    except KeyboardInterrupt:
        complain("alumiini: interrupted")
        return INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
    # Imported only now: a foreign package of the same name must be found before it is used.
    from alumiini_py import commands  # noqa: PLC0415

    parsed = _parser(commands.ALL).parse_args(arguments)
    return commands.ALL[parsed.command].run(parsed)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage in front of it."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"alumiini: {message}; see {self.prog} --help\n")


def _parser(known: Mapping[str, Command]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="alumiini", description="GitOps: every repository is an actor."
    )
    parser.add_argument("--version", action="version", version=f"alumiini {__version__}")
    _add_global_flags(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in known.values():
        command.register(commands)
    for leaf in _leaves(commands):
        _add_global_flags(leaf, after_command=True)
    return parser


def _add_global_flags(parser: argparse.ArgumentParser, *, after_command: bool = False) -> None:
    """Add the flags that stand before or after the command; the later place keeps an earlier value."""
    group = parser.add_argument_group("everywhere")

    def add(name: str, default: str | None, **options: object) -> None:
        if after_command:
            group.add_argument(name, default=argparse.SUPPRESS, **options)  # type: ignore[arg-type]  # argparse's many kinds of options
        else:
            flag(group, name, default=default, **options)

    add("--kubeconfig", None, help="kubeconfig file (default: as kubectl finds it)")
    add("--context", None, help="context in the kubeconfig")
    add("--log-level", "info", choices=_LEVELS, help="least level of log lines")
    add("--log-format", "text", choices=("text", "json"), help="form of log lines")


def _leaves(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> Iterator[argparse.ArgumentParser]:
    for parser in commands.choices.values():
        nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 -- argparse has no public way to list them
        for action in nested:
            yield from _leaves(action)
        if not nested:
            yield parser


if __name__ == "__main__":
    sys.exit(main())
