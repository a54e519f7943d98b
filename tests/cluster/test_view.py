from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cluster.recording_sink import RecordingSink
from workers.cluster.view import View

if TYPE_CHECKING:
    import pytest


def thing(name: str, uid: str = "1") -> dict[str, Any]:
    return {"metadata": {"namespace": "n", "name": name, "uid": uid}}


def listed(sink: RecordingSink, *names: str) -> View:
    view = View(sink)
    view.begin()
    for name in names:
        view.changed(thing(name))
    view.complete()
    sink.forget()
    return view


def test_a_list_is_told_and_then_that_it_was_all() -> None:
    sink = RecordingSink()
    view = View(sink)
    view.begin()
    view.changed(thing("a"))
    view.changed(thing("b"))
    view.complete()

    assert sink.told == ["+a", "+b", "synced"]
    assert not view.listing


def test_what_a_new_list_does_not_have_was_deleted() -> None:
    sink = RecordingSink()
    view = listed(sink, "a", "b")
    view.begin()
    view.changed(thing("b"))
    view.complete()

    assert sink.told == ["+b", "-a", "synced"]


def test_a_list_that_begins_again_forgets_its_first_half() -> None:
    sink = RecordingSink()
    view = listed(sink, "a", "b")
    view.begin()
    view.changed(thing("a"))
    view.begin()
    view.changed(thing("b"))
    view.complete()

    assert sink.told == ["+a", "+b", "-a", "synced"]


def test_an_object_made_anew_is_first_a_deletion() -> None:
    sink = RecordingSink()
    view = listed(sink, "a")

    view.changed(thing("a", uid="2"))

    assert sink.told == ["-a", "+a"]


def test_a_deletion_is_told_once_and_only_of_what_was_there() -> None:
    sink = RecordingSink()
    view = listed(sink, "a")
    view.deleted(thing("a", uid="0"))
    view.deleted(thing("a"))
    view.deleted(thing("a"))
    view.deleted(thing("never-seen"))

    assert sink.told == ["-a"]


def test_an_object_that_the_sink_cannot_take_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    sink = RecordingSink(refuses="bad")
    view = View(sink)
    view.begin()
    for name in ("a", "bad", "b"):
        view.changed(thing(name))
    view.complete()

    assert sink.told == ["+a", "+b", "synced"]
    assert "n/bad could not be taken in" in caplog.text
