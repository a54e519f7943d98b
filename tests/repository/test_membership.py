"""What the GitRepository carries as the parent of its objects, written only when it is not there yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.repository.subjects import subject
from workers.model.keys import GroupKind, ObjectKey
from workers.repository.membership import (
    has_been_here,
    parent_metadata,
    recorded_kinds,
    without_finalizer,
)

FINALIZER = "alumiini.false.systems/finalizer"
KINDS = "applyset.kubernetes.io/contains-group-kinds"
MEMBERS = (
    ObjectKey("", "ConfigMap", "shop", "settings"),
    ObjectKey("", "ConfigMap", "shop", "more"),
    ObjectKey("apps", "Deployment", "prod", "web"),
    ObjectKey("apps", "Deployment", "edge", "web"),
    ObjectKey("", "Namespace", "", "prod"),
)


def test_the_parent_names_its_set_its_kinds_and_its_other_namespaces() -> None:
    assert parent_metadata(subject(), MEMBERS) == {
        "labels": {"applyset.kubernetes.io/id": subject().owner.applyset},
        "annotations": {
            "applyset.kubernetes.io/tooling": "alumiini/v1",
            "applyset.kubernetes.io/contains-group-kinds": "ConfigMap,Deployment.apps,Namespace",
            "applyset.kubernetes.io/additional-namespaces": "edge,prod",
        },
        "finalizers": [FINALIZER],
    }


def test_a_parent_without_members_says_so() -> None:
    patch = parent_metadata(subject(), ())

    assert patch is not None
    assert patch["annotations"][KINDS] == ""
    assert patch["annotations"]["applyset.kubernetes.io/additional-namespaces"] == ""


def test_nothing_is_written_when_all_stands_there() -> None:
    patch = parent_metadata(subject(), MEMBERS)
    assert patch is not None

    assert parent_metadata(subject(**patch), MEMBERS) is None
    assert parent_metadata(subject(**patch), tuple(reversed(MEMBERS))) is None


def test_labels_and_annotations_of_others_do_not_matter() -> None:
    patch = parent_metadata(subject(), MEMBERS)
    assert patch is not None
    patch["labels"]["app"] = "web"
    patch["annotations"]["note"] = "x"
    patch["finalizers"].insert(0, "example.org/hold")

    assert parent_metadata(subject(**patch), MEMBERS) is None


@pytest.mark.parametrize("lost", ["labels", "annotations", "finalizers"])
def test_what_somebody_took_away_is_written_again(lost: str) -> None:
    patch = parent_metadata(subject(), MEMBERS)
    assert patch is not None

    assert parent_metadata(subject(**{**patch, lost: None}), MEMBERS) == patch


def test_finalizers_of_others_are_kept_before_ours() -> None:
    patch = parent_metadata(subject(finalizers=["example.org/hold"]), MEMBERS)

    assert patch is not None
    assert patch["finalizers"] == ["example.org/hold", FINALIZER]


def test_our_finalizer_is_not_written_twice() -> None:
    patch = parent_metadata(subject(finalizers=[FINALIZER, "example.org/hold"]), MEMBERS)

    assert patch is not None
    assert patch["finalizers"] == [FINALIZER, "example.org/hold"]


def test_letting_go_takes_our_finalizer_alone() -> None:
    assert without_finalizer(subject(finalizers=["a/b", FINALIZER, "c/d"])) == {"finalizers": ["a/b", "c/d"]}


def test_there_is_nothing_to_let_go_of_without_our_finalizer() -> None:
    assert without_finalizer(subject(finalizers=["a/b"])) is None


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("", set()),
        ("ConfigMap", {GroupKind("", "ConfigMap")}),
        (
            "ConfigMap,Deployment.apps,Ingress.networking.k8s.io",
            {
                GroupKind("", "ConfigMap"),
                GroupKind("apps", "Deployment"),
                GroupKind("networking.k8s.io", "Ingress"),
            },
        ),
        (" ConfigMap , ,Deployment.apps,", {GroupKind("", "ConfigMap"), GroupKind("apps", "Deployment")}),
    ],
)
def test_kinds_that_were_written_down_are_read_again(written: str, kinds: set[GroupKind]) -> None:
    assert recorded_kinds(subject(annotations={KINDS: written})) == kinds


def test_nothing_written_down_is_no_kind() -> None:
    assert recorded_kinds(subject()) == set()


@pytest.mark.parametrize(
    ("metadata", "here"),
    [
        ({}, False),
        ({"finalizers": [FINALIZER]}, True),
        ({"annotations": {KINDS: ""}}, True),
        ({"finalizers": ["a/b"], "annotations": {"note": "x"}}, False),
    ],
)
def test_a_trace_of_ours_tells_that_something_may_have_been_applied(
    metadata: dict[str, Any], here: bool
) -> None:
    assert has_been_here(subject(**metadata)) is here
