"""What may be deleted: limits of a commit, protected kinds, wishes written on objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.keys import ObjectKey
from workers.model.ownership import LiveObject
from workers.model.pruning import PruneLimit, is_protected

CONFIG_MAP = ObjectKey("", "ConfigMap", "shop", "settings")
PROTECTED = [
    ObjectKey("", "Namespace", "", "shop"),
    ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "a.b"),
    ObjectKey("", "PersistentVolume", "", "disk"),
    ObjectKey("", "PersistentVolumeClaim", "shop", "data"),
]


def live(key: ObjectKey, wish: str | None = None) -> LiveObject:
    annotations = {} if wish is None else {"alumiini.false.systems/prune": wish}
    return LiveObject(key, "uid", "1", annotations=annotations)


@pytest.mark.parametrize(
    ("limit", "deletions", "total", "exceeded"),
    [
        ("50%", 9, 9, False),  # a share counts from 10 objects on
        ("50%", 5, 10, False),
        ("50%", 6, 10, True),
        ("50%", 5, 11, False),
        ("50%", 6, 11, True),
        ("0%", 9, 9, False),
        ("0%", 1, 10, True),
        ("0%", 0, 10, False),
        ("100%", 10, 10, False),
        ("33%", 33, 100, False),
        ("33%", 34, 100, True),
        (0, 1, 1, True),
        (0, 0, 100, False),
        (3, 3, 3, False),
        (3, 4, 1000, True),
    ],
)
def test_a_commit_may_delete_up_to_its_limit(
    limit: object, deletions: int, total: int, exceeded: bool
) -> None:
    assert PruneLimit.parse(limit).exceeded_by(deletions, total) is exceeded


@pytest.mark.parametrize("limit", [0, 1, 20, "0%", "7%", "50%", "99%", "100%"])
def test_a_limit_reads_as_it_was_written(limit: object) -> None:
    assert str(PruneLimit.parse(limit)) == str(limit)


@pytest.mark.parametrize(
    "limit",
    [-1, 1.5, True, None, "", "50", "%", "-1%", "101%", "050%", "5.5%", "50 %", "50%\n", "\u0665%", [], {}],
)
def test_anything_else_is_no_limit(limit: object) -> None:
    with pytest.raises(ValueError, match="is neither a number nor a percentage; write it like 20 or 50%"):
        PruneLimit.parse(limit)


@given(st.integers(10, 10**6), st.integers(0, 100), st.data())
def test_a_share_is_exceeded_exactly_above_it(total: int, percent: int, data: st.DataObject) -> None:
    deletions = data.draw(st.integers(0, total))

    assert PruneLimit.parse(f"{percent}%").exceeded_by(deletions, total) is (
        deletions / total > percent / 100
    )


@pytest.mark.parametrize("key", PROTECTED, ids=lambda key: key.kind)
@pytest.mark.parametrize(
    ("wish", "kept"), [(None, True), ("disabled", True), ("yes", True), ("enabled", False)]
)
def test_a_protected_kind_goes_only_when_it_says_so_itself(
    key: ObjectKey, wish: str | None, kept: bool
) -> None:
    assert is_protected(live(key, wish)) is kept


@pytest.mark.parametrize(
    ("wish", "kept"), [(None, False), ("disabled", True), ("yes", False), ("enabled", False)]
)
def test_any_other_kind_stays_only_when_it_says_so_itself(wish: str | None, kept: bool) -> None:
    assert is_protected(live(CONFIG_MAP, wish)) is kept


def test_a_kind_of_another_group_is_not_protected_by_its_name() -> None:
    assert not is_protected(live(ObjectKey("example.org", "Namespace", "", "shop")))
