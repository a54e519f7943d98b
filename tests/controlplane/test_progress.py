"""A long step says that it is still going on."""

from __future__ import annotations

import re
import threading

from alumiini_py.controlplane.progress import step


def test_a_short_step_is_one_line() -> None:
    lines: list[str] = []

    with step(lines.append, "building"):
        pass

    assert lines == ["building"]


def test_a_long_step_says_how_long_it_has_taken() -> None:
    lines: list[str] = []
    reminded = threading.Event()

    def show(line: str) -> None:
        lines.append(line)
        if len(lines) > 1:
            reminded.set()

    with step(show, "building", period=0.01):
        assert reminded.wait(10)

    assert re.fullmatch(r"building: \d+ s so far", lines[1])
