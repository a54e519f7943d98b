"""Several watches feed one controller: all objects are known when the last of them has told its list."""

from __future__ import annotations

from tests.controller.lamps import Home, gone, lamp

ALL_SEEN = ("all seen",)


def test_one_watch_that_has_told_all_is_enough_when_there_is_one(home: Home) -> None:
    watch = home.controller.sink("")
    watch.changed(lamp())
    assert ALL_SEEN not in home.heard()

    watch.synced()

    assert home.heard() == [ALL_SEEN]


def test_of_several_watches_the_last_one_counts(home: Home) -> None:
    first, second = home.controller.sink("home"), home.controller.sink("office")

    first.synced()
    first.synced()
    assert home.heard() == []
    second.synced()

    assert home.heard() == [ALL_SEEN]


def test_a_watch_that_lists_again_says_nothing_new(home: Home) -> None:
    watch = home.controller.sink("")
    watch.synced()
    home.heard()

    watch.synced()

    assert home.heard() == []


def test_each_watch_tells_the_same_controller(home: Home) -> None:
    first, second = home.controller.sink("home"), home.controller.sink("office")
    first.changed(lamp())
    second.changed(lamp("shelf"))
    assert sorted(home.next()[0] for _ in range(2)) == ["Lamp/home/desk", "Lamp/home/shelf"]

    second.deleted(gone())

    assert home.next() == ("Lamp/home/desk", "out")


def test_a_watch_in_its_next_life_ends_who_went_while_nobody_watched(home: Home) -> None:
    first = home.controller.sink("")
    first.changed(lamp())
    first.changed(lamp("shelf"))
    first.synced()
    assert sorted(home.next()[0] for _ in range(2)) == ["Lamp/home/desk", "Lamp/home/shelf"]

    second = home.controller.sink("")
    second.changed(lamp("shelf"))
    second.synced()

    assert home.next() == ("Lamp/home/desk", "out")


def test_the_next_life_of_a_watch_ends_nobody_in_other_namespaces(home: Home) -> None:
    here, elsewhere = home.controller.sink("home"), home.controller.sink("office")
    here.changed(lamp())
    here.synced()
    elsewhere.synced()
    assert home.next()[0] == "Lamp/home/desk"
    home.heard()

    home.controller.sink("office").synced()
    assert home.heard() == [ALL_SEEN]
    home.controller.deleted(gone())

    assert home.next() == ("Lamp/home/desk", "out")
