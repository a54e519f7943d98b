"""Whose an object is: what is written on it, and how that is read."""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.keys import ObjectKey
from workers.model.ownership import (
    LiveObject,
    Owner,
    is_member,
    is_ours,
    label_value,
    other_owner,
    stamp,
)

WEB = Owner("GitRepository", "shop", "web", "uid-1")
WEB_BEFORE = Owner("GitRepository", "shop", "web", "uid-0")
OTHER = Owner("GitRepository", "shop", "api", "uid-2")
PART_OF = "applyset.kubernetes.io/part-of"
OUR_APPLY: dict[str, Any] = {"f:metadata": {"f:labels": {f"f:{PART_OF}": {}}}}


def live(owner: Owner, *, applied: dict[str, Any] | None, **changed: dict[str, str]) -> LiveObject:
    return LiveObject(
        key=ObjectKey("", "ConfigMap", "shop", "settings"),
        uid="object",
        resource_version="7",
        labels=changed.get("labels", owner.labels()),
        annotations=changed.get("annotations", owner.annotations("sha256:00")),
        applied_fields=applied,
    )


def test_the_id_of_the_set_follows_kep_3659() -> None:
    digest = hashlib.sha256(b"web.shop.GitRepository.alumiini.false.systems").digest()

    assert WEB.applyset == f"applyset-{base64.urlsafe_b64encode(digest).decode().strip('=')}-v1"
    assert WEB.applyset == "applyset-2_vMU5-TJRHB8K8nZvYRiVWA353wUWodw6QuzAjNDc8-v1"


def test_the_id_of_the_set_is_the_same_for_a_later_object_of_the_name() -> None:
    assert WEB.applyset == WEB_BEFORE.applyset != OTHER.applyset


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_id_of_the_set_is_always_a_label_value(namespace: str, name: str) -> None:
    applyset = Owner("GitRepository", namespace, name, "uid").applyset

    assert len(applyset) <= 63
    assert applyset.replace("-", "").replace("_", "").isalnum()


def test_applied_objects_carry_these_labels() -> None:
    assert WEB.labels() == {
        "alumiini.false.systems/name": "web",
        "alumiini.false.systems/namespace": "shop",
        "alumiini.false.systems/kind": "GitRepository",
        "applyset.kubernetes.io/part-of": WEB.applyset,
    }


def test_applied_objects_carry_these_annotations() -> None:
    assert WEB.annotations("sha256:12") == {
        "alumiini.false.systems/owner": "GitRepository/shop/web",
        "alumiini.false.systems/owner-uid": "uid-1",
        "alumiini.false.systems/hash": "sha256:12",
    }


def test_a_name_of_63_characters_is_a_label_as_it_is() -> None:
    assert label_value("a" * 63) == "a" * 63


def test_a_longer_name_is_cut_and_ends_in_a_hash_of_the_whole() -> None:
    name = "a" * 64

    assert label_value(name) == "a" * 52 + "-" + hashlib.sha256(name.encode()).hexdigest()[:10]
    assert len(label_value(name)) == 63


@given(st.text("abc.", min_size=50, max_size=60), st.text("abc", max_size=20), st.text("abc", max_size=20))
def test_names_that_begin_alike_have_other_labels(begin: str, one: str, two: str) -> None:
    assert (label_value(begin + one) == label_value(begin + two)) is (one == two)


def test_a_stamped_manifest_has_ours_beside_its_own() -> None:
    manifest = {
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "labels": {"app": "web"}, "annotations": {"note": "x"}},
        "data": {"a": "1"},
    }

    stamped = stamp(manifest, WEB, "sha256:12")

    assert stamped == {
        "kind": "ConfigMap",
        "metadata": {
            "name": "settings",
            "labels": {"app": "web", **WEB.labels()},
            "annotations": {"note": "x", **WEB.annotations("sha256:12")},
        },
        "data": {"a": "1"},
    }


@pytest.mark.parametrize("metadata", [{"name": "a"}, {"name": "a", "labels": None, "annotations": None}])
def test_a_manifest_without_labels_is_stamped_and_stays_as_it_was(metadata: dict[str, Any]) -> None:
    manifest = {"metadata": metadata}
    before = copy.deepcopy(manifest)

    stamped = stamp(manifest, WEB, "sha256:12")

    assert stamped["metadata"]["labels"] == WEB.labels()
    assert manifest == before


@pytest.mark.parametrize(
    ("found", "member", "ours"),
    [
        (live(WEB, applied=OUR_APPLY), True, True),
        (live(WEB_BEFORE, applied=OUR_APPLY), True, False),  # an earlier object of our name
        (live(WEB, applied=None), False, False),  # a controller copied labels and annotations
        (live(WEB, applied={}), False, False),
        (live(WEB, applied={"f:data": {}}), False, False),  # we applied it, somebody else set the label
        (live(WEB, applied={"f:metadata": {"f:labels": {"f:app": {}}}}), False, False),
        (live(WEB, applied=OUR_APPLY, labels={}), False, False),
        (live(WEB, applied=OUR_APPLY, labels={PART_OF: OTHER.applyset}), False, False),
        (live(WEB, applied=OUR_APPLY, annotations={}), True, False),
        (live(OTHER, applied=OUR_APPLY), False, False),
    ],
    ids=[
        "applied by us",
        "applied under an earlier uid",
        "copied by a controller",
        "nothing applied",
        "label not applied",
        "other label applied",
        "label gone",
        "label of another set",
        "uid gone",
        "of another",
    ],
)
def test_ours_is_what_has_the_label_from_us_and_the_uid_of_the_living(
    found: LiveObject, member: bool, ours: bool
) -> None:
    assert is_member(found, WEB.applyset) is member
    assert is_ours(found, WEB) is ours


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        (live(OTHER, applied=OUR_APPLY), "GitRepository/shop/api"),
        (live(OTHER, applied=None), None),  # its labels were copied onto this object
        (live(WEB, applied=OUR_APPLY), None),
        (live(WEB_BEFORE, applied=OUR_APPLY), None),  # adopted, not contested
        (live(OTHER, applied=OUR_APPLY, annotations={}), None),
        (live(OTHER, applied=OUR_APPLY, labels={}), None),
    ],
    ids=["of another", "copied", "ours", "ours before", "no owner named", "no label"],
)
def test_another_owner_is_who_applied_it_into_a_set_of_its_own(
    found: LiveObject, reference: str | None
) -> None:
    assert other_owner(found, WEB) == reference
