"""Flags that an environment variable can set too."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


class FlagError(Exception):
    """A variable holds what its flag would not take; the message says what to set it to."""


def variable(name: str) -> str:
    """Return the environment variable of a flag: ``--data-dir`` has ``ALUMIINI_DATA_DIR``."""
    return "ALUMIINI_" + name.lstrip("-").upper().replace("-", "_")


def flag(parser: argparse._ActionsContainer, *names: str, **options: Any) -> None:  # noqa: ANN401 -- argparse's own
    """Add a flag; a value on the command line wins over its variable, the variable over the default.

    An empty variable counts as none. A repeatable flag takes a list from its variable, separated by commas.
    """
    long = next(name for name in names if name.startswith("--"))
    given = os.environ.get(variable(long))
    if given:
        options["default"] = _default(long, given, options)
    if options.get("action") == "append":
        options["action"] = _Append
    options["help"] = f"{options['help']} [{variable(long)}]"
    parser.add_argument(*names, **options)


class _Append(argparse.Action):
    """Argparse's ``append``, but the first value replaces the default instead of joining it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 -- argparse's own signature
        namespace: argparse.Namespace,
        values: Any,  # noqa: ANN401 -- argparse's own signature
        option_string: str | None = None,  # noqa: ARG002 -- argparse's own signature
    ) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [values] if before is self.default else [*before, values])


def folder(text: str) -> Path:
    """Read the path of a folder; for ``type`` of a flag."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; name a folder")
    return Path(text)


def positive(text: str) -> int:
    """Read a number of at least 1; for ``type`` of a flag."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number of at least 1")
    return int(text)


def _default(name: str, given: str, options: dict[str, Any]) -> object:
    action = options.get("action")
    if action == "append":
        return [part for part in given.split(",") if part]
    if action == "store_true":
        if given.lower() not in _TRUE | _FALSE:
            raise FlagError(f"{variable(name)} is {given!r}; set it to true or false")
        return given.lower() in _TRUE
    if given not in (options.get("choices") or (given,)):
        raise FlagError(f"{variable(name)} is {given!r}; choose one of {', '.join(options['choices'])}")
    return given  # argparse converts a default that is text
