"""``python -m alumiini_py.controlplane``: have the programs at hand; a long download or build is seen."""

from __future__ import annotations

import sys

from alumiini_py.controlplane.errors import ControlPlaneError
from alumiini_py.controlplane.programs import obtain
from alumiini_py.terminal import complain


def main() -> int:
    """Find the programs or get them into the user's cache, and return the exit code."""
    try:
        obtain(complain)
    except ControlPlaneError as error:
        complain(f"alumiini: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
