"""Durations as users write them."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+", re.ASCII)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    r"""Return the seconds of a duration such as ``1h30m`` or ``500ms``.

    Raises ValueError for anything that does not match ``^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$``.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write it like 30s, 5m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
