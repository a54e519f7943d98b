"""An actor's own object: metadata is changed on condition, status written once and only when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supervisor.deadline import DeadlineExceededError
from tests.controller.lamps import lamp
from tests.controller.one_object import OneObject
from tests.supervisor.puppet import fail
from workers.cluster.errors import ChangedError
from workers.cluster.resources import Resource
from workers.controller.custom_object import decode
from workers.controller.own_object import OwnObject
from workers.model.errors import Reason, SyncError
from workers.model.keys import ObjectKey
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.controller.custom_object import CustomObject

LAMPS = Resource("example.org", "v1", "Lamp", "lamps", Scope.NAMESPACED)
UNREACHABLE = SyncError(Reason.APPLY_FAILED, "the API server is gone")


def own(cluster: OneObject, **how: bool) -> OwnObject:
    assert cluster.document is not None
    return OwnObject(cluster.objects, LAMPS, decode("Lamp", cluster.document), **how)


def hold(subject: CustomObject) -> dict[str, Any] | None:
    """Want a finalizer of ours, last."""
    if "example.org/hold" in subject.finalizers:
        return None
    return {"finalizers": [*subject.finalizers, "example.org/hold"]}


def test_it_is_addressed_by_its_kind_in_the_cluster() -> None:
    assert own(OneObject(lamp())).key == ObjectKey("example.org", "Lamp", "home", "desk")


def test_a_status_is_written_as_what_changed_and_only_to_this_very_object(deadline: Deadline) -> None:
    cluster = OneObject(lamp(status={"on": False, "since": "noon", "watts": 5}))

    own(cluster).write_status({"on": True, "watts": 5}, deadline)

    assert cluster.patches == [
        ("status", {"metadata": {"uid": "uid-1"}, "status": {"on": True, "since": None}})
    ]
    assert cluster.status == {"on": True, "watts": 5}


def test_a_status_that_stands_there_is_not_written(deadline: Deadline) -> None:
    cluster = OneObject(lamp(status={"on": True}))

    own(cluster).write_status({"on": True}, deadline)

    assert cluster.patches == []


def test_times_alone_are_not_worth_a_write_but_go_along_with_one(deadline: Deadline) -> None:
    cluster = OneObject(lamp(status={"on": True, "nextSyncTime": "1", "lastAttemptTime": "1"}))
    ours = own(cluster)

    ours.write_status({"on": True, "nextSyncTime": "2", "lastAttemptTime": "2"}, deadline)
    assert cluster.patches == []
    ours.write_status({"on": False, "nextSyncTime": "3", "lastAttemptTime": "3"}, deadline)

    assert cluster.status == {"on": False, "nextSyncTime": "3", "lastAttemptTime": "3"}


def test_a_written_status_is_not_written_again(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)

    ours.write_status({"on": True}, deadline)
    ours.write_status({"on": True}, deadline)

    assert len(cluster.patches) == 1
    assert ours.subject.status == {"on": True}


def test_a_status_that_could_not_be_written_is_written_the_next_time(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.before = fail(UNREACHABLE)
    with pytest.raises(SyncError):
        ours.write_status({"on": True}, deadline)
    cluster.before = lambda _: None

    ours.write_status({"on": True}, deadline)

    assert cluster.status == {"on": True}


def test_the_status_of_an_object_that_is_gone_is_nobodys(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.document = None

    ours.write_status({"on": True}, deadline)

    assert ours.subject.status == {}


def test_the_status_of_a_later_object_of_the_name_is_never_written(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.touch(uid="uid-2")

    with pytest.raises(ChangedError):
        ours.write_status({"on": True}, deadline)
    assert cluster.status == {}


def test_a_doubted_status_is_written_as_a_whole_once(deadline: Deadline) -> None:
    cluster = OneObject(lamp(status={"on": True, "watts": 5}))
    ours = own(cluster, doubted=True)
    assert cluster.document is not None
    cluster.document["status"] = {"on": False, "watts": 5}  # somebody wrote behind our back

    ours.write_status({"on": True, "watts": 5}, deadline)
    ours.write_status({"on": True, "watts": 6}, deadline)

    assert [patch["status"] for _, patch in cluster.patches] == [{"on": True, "watts": 5}, {"watts": 6}]


def test_metadata_is_changed_on_the_condition_that_nobody_else_wrote(deadline: Deadline) -> None:
    cluster = OneObject(lamp())

    assert own(cluster).change_metadata(hold, deadline)

    assert cluster.patches == [
        ("", {"metadata": {"uid": "uid-1", "resourceVersion": "1", "finalizers": ["example.org/hold"]}})
    ]


def test_metadata_that_needs_no_change_costs_no_request(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)

    assert ours.change_metadata(hold, deadline)
    assert ours.change_metadata(hold, deadline)

    assert len(cluster.patches) == 1
    assert cluster.reads == 0


def test_who_was_overtaken_looks_again_and_keeps_what_the_other_wrote(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.touch(finalizers=["other.org/mine"])

    assert ours.change_metadata(hold, deadline)

    assert cluster.document is not None
    assert cluster.document["metadata"]["finalizers"] == ["other.org/mine", "example.org/hold"]
    assert ours.subject.finalizers == ("other.org/mine", "example.org/hold")


def test_who_was_overtaken_by_the_same_change_is_done(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.touch(finalizers=["example.org/hold"])

    assert ours.change_metadata(hold, deadline)
    assert cluster.patches == []


def test_who_is_overtaken_every_time_gives_up(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.before = lambda verb: cluster.touch() if verb == "patch" else None

    with pytest.raises(ChangedError):
        ours.change_metadata(hold, deadline)
    assert cluster.patches == []
    assert cluster.reads == 3


def test_metadata_of_an_object_that_is_gone_cannot_be_changed(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.document = None

    assert not ours.change_metadata(hold, deadline)


def test_metadata_of_a_later_object_of_the_name_is_never_changed(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.touch(uid="uid-2")

    assert not ours.change_metadata(hold, deadline)
    assert cluster.patches == []


def test_a_write_brings_metadata_but_no_spec_that_no_message_told_of(deadline: Deadline) -> None:
    cluster = OneObject({**lamp(), "spec": {"colour": "white"}})
    ours = own(cluster)
    assert cluster.document is not None
    cluster.document["spec"] = {"colour": "red"}
    cluster.document["metadata"]["generation"] = 2

    ours.write_status({"on": True}, deadline)

    assert (ours.subject.spec, ours.subject.generation) == ({"colour": "white"}, 1)
    assert ours.subject.resource_version == "2"


def test_what_the_watch_shows_is_taken_in_but_for_our_own_status(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    ours.write_status({"on": True}, deadline)

    ours.observe(decode("Lamp", lamp(generation=2, version="9", status={"on": "late news"})))

    assert (ours.subject.generation, ours.subject.resource_version) == (2, "9")
    assert ours.subject.status == {"on": True}


@pytest.mark.parametrize(("newer", "older"), [("5", "4"), ("10", "9"), ("1000", "999")])
def test_an_older_view_never_replaces_a_newer_one(newer: str, older: str) -> None:
    ours = own(OneObject(lamp()))
    ours.observe(decode("Lamp", lamp(version=newer, colour="red")))

    ours.observe(decode("Lamp", lamp(version=older, colour="white")))

    assert ours.subject.labels == {"colour": "red"}


def test_a_spec_that_was_told_after_our_own_later_write_is_taken_in(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.touch()  # the new spec, version 2
    ours.write_status({"on": True}, deadline)  # ours, version 3

    ours.observe(decode("Lamp", lamp(generation=2, version="2")))

    assert ours.subject.generation == 2


def test_a_spec_never_goes_back(deadline: Deadline) -> None:
    ours = own(OneObject(lamp()))
    ours.observe(decode("Lamp", {**lamp(generation=3, version="5"), "spec": {"colour": "red"}}))

    ours.observe(decode("Lamp", {**lamp(generation=2, version="4"), "spec": {"colour": "white"}}))
    ours.write_status({"on": True}, deadline)

    assert (ours.subject.spec, ours.subject.generation) == ({"colour": "red"}, 3)


def test_a_server_that_does_not_answer_in_time_is_an_expected_failure(deadline: Deadline) -> None:
    cluster = OneObject(lamp())
    ours = own(cluster)
    cluster.before = fail(DeadlineExceededError("late"))

    with pytest.raises(SyncError, match="did not answer in time"):
        ours.write_status({"on": True}, deadline)
    with pytest.raises(SyncError, match="did not answer in time"):
        ours.change_metadata(hold, deadline)
