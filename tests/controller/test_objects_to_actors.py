"""One actor per object for as long as it is there, told what changed and nothing else; of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supervisor.registry import Delivery
from tests.controller.lamps import Broken, Home, Switched, gone, lamp, wait_for_the_end_of
from workers.controller.custom_object import decode
from workers.model.keys import ResourceKey

if TYPE_CHECKING:
    from workers.controller.custom_object import CustomObject

DESK = ResourceKey("Lamp", "home", "desk")
DESK_NAME = "Lamp/home/desk"


def test_a_new_object_gets_an_actor_that_knows_it(home: Home) -> None:
    home.controller.changed(lamp())

    assert home.next() == (DESK_NAME, "lit", "uid-1")
    assert [child.key for child in home.supervisor.which_children()] == [DESK]


def test_an_object_that_is_told_twice_is_started_once_and_wakes_nobody(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.changed(lamp())
    home.controller.changed(lamp(generation=2))

    assert home.next() == (DESK_NAME, "lit", "uid-1")
    assert home.next() == (DESK_NAME, "Switched", "uid-1")
    assert home.journal.empty()


@pytest.mark.parametrize(
    "same", [{"status": {"on": True}}, {"version": "2"}, {"status": {"on": True}, "version": "9"}]
)
def test_our_own_status_writes_wake_nobody(home: Home, same: dict[str, Any]) -> None:
    home.controller.changed(lamp())
    home.controller.changed(lamp(**same))
    home.controller.changed(lamp(**same, colour="red"))

    assert home.next() == (DESK_NAME, "lit", "uid-1")
    assert home.next() == (DESK_NAME, "Painted", "uid-1")
    assert home.journal.empty()


def test_each_part_that_changed_is_a_message_of_its_own(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.changed(lamp(generation=2, colour="red"))

    assert [home.next()[1] for _ in range(3)] == ["lit", "Switched", "Painted"]


def test_a_change_back_is_a_change(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.changed(lamp(colour="red"))
    assert [home.next()[1] for _ in range(2)] == ["lit", "Painted"]

    home.controller.changed(lamp())

    assert home.next()[1] == "Painted"


def test_an_object_that_is_gone_ends_its_actor(home: Home) -> None:
    home.controller.changed(lamp())
    home.next()

    home.controller.deleted(gone())

    assert home.next() == (DESK_NAME, "out")
    assert home.registry.send(DESK, Broken()) is Delivery.UNKNOWN


def test_the_audience_forgets_an_object_when_its_actor_has_ended(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.deleted(gone())
    wait_for_the_end_of(DESK)
    home.settle()

    assert home.heard() == [("seen", DESK_NAME, "uid-1"), ("gone", DESK_NAME)]


def test_an_end_that_is_told_twice_or_of_nobody_changes_nothing(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.deleted(gone("shelf"))
    home.controller.deleted(gone())
    home.controller.deleted(gone())
    wait_for_the_end_of(DESK)
    home.settle()

    assert home.heard() == [("seen", DESK_NAME, "uid-1"), ("gone", DESK_NAME)]


def test_the_end_of_an_earlier_object_of_the_name_leaves_the_actor_alone(home: Home) -> None:
    home.controller.changed(lamp(uid="uid-2"))
    home.controller.deleted(gone(uid="uid-1"))
    home.controller.changed(lamp(uid="uid-2", generation=2))

    assert home.next() == (DESK_NAME, "lit", "uid-2")
    assert home.next() == (DESK_NAME, "Switched", "uid-2")


def test_a_new_object_of_the_name_gets_a_new_actor(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.changed(lamp(uid="uid-2"))

    assert [home.next() for _ in range(3)] == [
        (DESK_NAME, "lit", "uid-1"),
        (DESK_NAME, "out"),
        (DESK_NAME, "lit", "uid-2"),
    ]


def test_the_end_of_the_old_actor_does_not_make_the_audience_forget_the_new_object(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.changed(lamp(uid="uid-2"))
    assert [home.next()[1] for _ in range(3)] == ["lit", "out", "lit"]
    home.settle()

    assert home.heard() == [("seen", DESK_NAME, "uid-1"), ("seen", DESK_NAME, "uid-2")]


def test_an_object_that_comes_back_while_its_old_actor_ends_is_not_forgotten(home: Home) -> None:
    home.controller.changed(lamp())
    home.controller.deleted(gone())
    home.audience.seeing = lambda subject: wait_for_the_end_of(subject.key)

    home.controller.changed(lamp(uid="uid-2"))
    home.settle()

    assert home.heard()[-1] == ("seen", DESK_NAME, "uid-2")
    assert home.supervisor.child(DESK) is not None


def test_the_audience_knows_an_object_before_its_actor_does(home: Home) -> None:
    known: list[int] = []
    home.audience.seeing = lambda _: known.append(home.journal.qsize())

    home.controller.changed(lamp())
    assert home.next()[1] == "lit"
    home.controller.changed(lamp(generation=2))
    assert home.next()[1] == "Switched"

    assert known == [0, 0]


def test_an_actor_that_crashed_is_started_again_and_has_to_read_its_object(home: Home) -> None:
    home.controller.changed(lamp())
    home.registry.send(DESK, Broken())
    assert [home.next()[1] for _ in range(2)] == ["lit", "out"]
    home.settle()

    home.clock.advance(1.0)

    assert home.next() == (DESK_NAME, "lit", "unknown")


def test_a_change_while_the_actor_is_away_is_told_to_the_next(home: Home) -> None:
    home.controller.changed(lamp())
    home.registry.send(DESK, Broken())
    assert [home.next()[1] for _ in range(2)] == ["lit", "out"]
    home.settle()

    home.controller.changed(lamp(generation=2))
    home.settle()
    home.clock.advance(1.0)

    assert [home.next()[1] for _ in range(2)] == ["lit", "Switched"]


def test_something_without_a_uid_is_refused_and_the_others_go_on(home: Home) -> None:
    with pytest.raises(ValueError, match="a Lamp without a name or uid"):
        home.controller.changed({"metadata": {"name": "desk"}})
    home.controller.changed(lamp())

    assert home.next() == (DESK_NAME, "lit", "uid-1")


def test_an_object_whose_actor_could_not_be_started_is_started_later_without_another_event(
    home: Home,
) -> None:
    home.out_of_threads = True
    home.controller.changed(lamp())
    home.out_of_threads = False

    home.clock.advance(10)

    assert home.next()[:2] == (DESK_NAME, "lit")


def test_a_suspect_waits_for_its_first_start_but_not_once_a_person_changes_it(home: Home) -> None:
    controller = home.controller_of("Lamp", parked_for=lambda _: 60.0)
    controller.changed(lamp())
    child = home.supervisor.child(DESK)
    assert child is not None
    assert (child.state, child.generation) == ("parked", 0)

    controller.changed(lamp(generation=2))

    assert home.next()[:2] == (DESK_NAME, "lit")


def test_two_kinds_share_supervisor_and_registry_and_names(home: Home) -> None:
    candles = home.controller_of("Candle")
    home.controller.changed(lamp())
    candles.changed(lamp(uid="uid-9"))
    assert sorted(home.next() for _ in range(2)) == [
        ("Candle/home/desk", "lit", "uid-9"),
        (DESK_NAME, "lit", "uid-1"),
    ]

    candles.deleted(gone(uid="uid-9"))

    assert home.next() == ("Candle/home/desk", "out")
    subject: CustomObject = decode("Lamp", lamp())
    assert home.registry.send(DESK, Switched(subject)) is Delivery.DELIVERED
    assert home.next() == (DESK_NAME, "Switched", "uid-1")
