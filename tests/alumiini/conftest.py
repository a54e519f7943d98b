from __future__ import annotations

from tests.repository.conftest import nothing_stays_behind, world

__all__ = ["nothing_stays_behind", "world"]
