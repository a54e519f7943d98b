"""``make bench``: prints counts beside times; asserts on neither."""

from __future__ import annotations

from tests.benchmarks import first_path, supervision
from tests.benchmarks.bench import bench

if __name__ == "__main__":
    with bench() as running:
        first_path.pushes(running)
        first_path.polls(running)
        first_path.thousand(running)
        first_path.idle(running)
    supervision.supervision()
