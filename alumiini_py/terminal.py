"""Words for the person at the terminal."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Write a line of what was asked for, to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write a line about how it goes or what went wrong, to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
