"""The board holds the latest snapshot of each object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.controller.board import Board
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from collections.abc import Mapping

DESK, SHELF = ResourceKey("Lamp", "home", "desk"), ResourceKey("Lamp", "home", "shelf")


@dataclass(frozen=True, slots=True)
class Light:
    on: bool

    def summary(self) -> Mapping[str, Any]:
        return {"on": self.on}

    def details(self) -> Mapping[str, Any]:
        return {}


def test_the_latest_snapshot_stands() -> None:
    board = Board()
    board.publish(DESK, Light(False))
    board.publish(DESK, Light(True))

    assert board.get(DESK) == Light(True)


def test_all_snapshots_are_shown_with_their_keys() -> None:
    board = Board()
    board.publish(DESK, Light(False))
    board.publish(SHELF, Light(True))

    assert set(board.all()) == {(DESK, Light(False)), (SHELF, Light(True))}


def test_what_was_shown_does_not_change_afterwards() -> None:
    board = Board()
    board.publish(DESK, Light(False))
    shown = board.all()
    board.publish(SHELF, Light(True))

    assert shown == ((DESK, Light(False)),)


def test_a_forgotten_object_is_not_there() -> None:
    board = Board()
    board.publish(DESK, Light(False))

    board.forget(DESK)
    board.forget(DESK)

    assert board.get(DESK) is None
    assert board.all() == ()
