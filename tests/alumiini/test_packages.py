"""The packages with common names are ours when they lie beside the program."""

from __future__ import annotations

from alumiini_py.packages import foreign_package


def test_packages_that_lie_side_by_side_are_ours() -> None:
    assert foreign_package() is None
