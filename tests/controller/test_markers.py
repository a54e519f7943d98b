"""Who was in a risky step when the process ended is known at the next start; twice, and it is parked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from workers.controller.markers import Markers
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from pathlib import Path

SHOP, NOTES = ResourceKey("GitRepository", "team", "shop"), ResourceKey("GitRepository", "team", "notes")


def die_in_a_step(folder: Path, *keys: ResourceKey) -> None:
    """Leave the folder as a process does that is killed while these are in a risky step."""
    left: dict[Path, bytes] = {}
    markers = Markers(folder)
    for key in keys:
        with markers.risky(key):
            left |= {file: file.read_bytes() for file in folder.iterdir()}
    for file, note in left.items():
        file.write_bytes(note)


def test_nobody_is_under_suspicion_at_first(tmp_path: Path) -> None:
    assert Markers(tmp_path / "new" / "markers").parked_for(SHOP) == 0


def test_a_step_that_ends_leaves_no_note(tmp_path: Path) -> None:
    with Markers(tmp_path).risky(SHOP):
        assert len(list(tmp_path.iterdir())) == 1

    assert list(tmp_path.iterdir()) == []


def test_a_step_that_raises_leaves_no_note(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Markers(tmp_path).risky(SHOP):
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ends", "seconds"), [(1, 0), (2, 60), (3, 120), (4, 240), (5, 480), (6, 900), (100, 900)]
)
def test_after_the_second_end_of_the_process_it_waits_longer_each_time(
    tmp_path: Path, ends: int, seconds: float
) -> None:
    for _ in range(ends):
        die_in_a_step(tmp_path, SHOP)

    markers = Markers(tmp_path)
    assert (markers.parked_for(SHOP), markers.parked_for(NOTES)) == (seconds, 0)


def test_a_step_that_ends_well_takes_the_suspicion_away(tmp_path: Path) -> None:
    for _ in range(3):
        die_in_a_step(tmp_path, SHOP)
    markers = Markers(tmp_path)
    with markers.risky(SHOP):
        pass

    assert markers.parked_for(SHOP) == 0
    assert Markers(tmp_path).parked_for(SHOP) == 0


def test_who_was_at_work_at_an_orderly_end_is_not_under_suspicion(tmp_path: Path) -> None:
    for _ in range(2):
        markers = Markers(tmp_path)
        with markers.risky(SHOP):
            markers.close()

    assert Markers(tmp_path).parked_for(SHOP) == 0


def test_all_who_were_at_work_are_under_suspicion(tmp_path: Path) -> None:
    for _ in range(2):
        die_in_a_step(tmp_path, SHOP, NOTES)

    markers = Markers(tmp_path)
    assert (markers.parked_for(SHOP), markers.parked_for(NOTES)) == (60, 60)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"key": "x"}', b'{"key": "x", "ends": "many"}', b"\xff"]
)
def test_a_note_that_cannot_be_read_is_thrown_away(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "note").write_bytes(content)

    Markers(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_each_end_is_logged_with_its_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    die_in_a_step(tmp_path, SHOP)

    with caplog.at_level(logging.WARNING):
        Markers(tmp_path)

    assert caplog.messages == [
        "the process ended 1 times in the middle of a risky step of GitRepository/team/shop"
    ]


def test_a_full_disk_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "markers"
    markers = Markers(folder)
    folder.rmdir()

    with markers.risky(SHOP):
        pass

    assert caplog.messages == [f"cannot note what is under way in {folder}: No such file or directory"]
