"""Three of our packages have common names: make sure that they are ours."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("supervisor", "webhooks", "workers")


def foreign_package() -> str | None:
    """Return one sentence on a package that is not the one beside this, None when all are ours."""
    home = Path(__file__).resolve().parent.parent
    for name in _PACKAGES:
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or origin.parent.parent != home:
            found = f"found in {origin.parent}" if origin is not None else "missing"
            return (
                f"the package {name!r} is {found} and not beside alumiini_py in {home};"
                " install alumiini-py into a virtual environment of its own"
            )
    return None
