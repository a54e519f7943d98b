"""Merge patches as RFC 7396, section 2, writes them down."""

from __future__ import annotations

from typing import Any


def applied(target: object, patch: object) -> Any:  # noqa: ANN401 -- any JSON
    """Return the target with the patch applied."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = applied(result.get(name), value)
    return result
