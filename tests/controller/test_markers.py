"""Who was in a risky step when the process ended is known at the next start; twice, and it is parked."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from workers.controller.markers import Markers
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from pathlib import Path

SHOP, NOTES = ResourceKey("GitRepository", "team", "shop"), ResourceKey("GitRepository", "team", "notes")


def die_in_a_step(folder: Path, *keys: ResourceKey) -> None:
    """Leave the folder as a process does that is killed while these are in a risky step."""
    markers = Markers(folder)
    with ExitStack() as steps:
        for key in keys:
            steps.enter_context(markers.risky(key))
        left = {file: file.read_bytes() for file in folder.iterdir()}
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
    still = markers.parked_for(SHOP)
    markers.acquit(SHOP)

    assert (still, markers.parked_for(SHOP)) == (120, 0)
    assert Markers(tmp_path).parked_for(SHOP) == 0


def test_steps_that_end_well_before_the_deadly_one_change_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with Markers(tmp_path).risky(SHOP):
            pass
        die_in_a_step(tmp_path, SHOP)

    assert Markers(tmp_path).parked_for(SHOP) == 60


def test_ends_of_lives_in_which_a_suspect_did_not_work_do_not_count(tmp_path: Path) -> None:
    for _ in range(2):
        die_in_a_step(tmp_path, SHOP)
    for _ in range(3):
        die_in_a_step(tmp_path, NOTES)

    assert Markers(tmp_path)._ends == {str(SHOP): 2, str(NOTES): 3}


def test_a_folder_that_went_read_only_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    markers = Markers(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    with markers.risky(SHOP):
        pass
    markers.close()

    assert markers.parked_for(SHOP) == 0


def test_who_was_at_work_at_an_orderly_end_is_not_under_suspicion(tmp_path: Path) -> None:
    for _ in range(2):
        markers = Markers(tmp_path)
        with markers.risky(SHOP):
            markers.close()

    assert Markers(tmp_path).parked_for(SHOP) == 0


def test_all_who_were_at_work_are_under_suspicion_and_start_one_after_the_other(tmp_path: Path) -> None:
    for _ in range(2):
        die_in_a_step(tmp_path, SHOP, NOTES)

    markers = Markers(tmp_path)
    assert sorted((markers.parked_for(SHOP), markers.parked_for(NOTES))) == [60, 120]


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
