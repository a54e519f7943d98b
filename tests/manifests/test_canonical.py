from __future__ import annotations

import pytest

from tests.manifests.trees import Tree
from workers.manifests.canonical import canonical, digest

PLAIN = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
data:
  x: é
  k: '1'
other: [1, true, null]
"""
OTHER_ORDER = r"""
# comment
kind: ConfigMap
other:
- 1.0
- yes
- ~
data: {k: "1", x: "\u00e9"}
metadata: {name: 'a', namespace: team}
apiVersion: v1
"""
JSON = r"""
{"kind":"ConfigMap","apiVersion":"v1","metadata":{"namespace":"team","name":"a"},
"data":{"x":"\u00e9","k":"1"},"other":[1,true,null]}
"""
EXPORTED = """
kind: ConfigMap
apiVersion: v1
metadata: {name: a, uid: x, managedFields: []}
data: {x: é, k: '1'}
other: [0x1, on, Null]
status: {}
"""


def test_the_canonical_form_is_compact_sorted_json_in_utf_8() -> None:
    manifest = {"b": [1, 1.5, None, True, "é\n"], "a": {"z": {}, "y": []}}

    assert canonical(manifest) == '{"a":{"y":[],"z":{}},"b":[1,1.5,null,true,"é\\n"]}'.encode()


def test_a_digest_never_changes_between_releases() -> None:
    assert digest({"a": [1, "é"]}) == (
        "sha256:5db14a2cddc92d31365806bb5d82ed2bc436bf6960d10cd4654140f7bdadce1c"
    )


@pytest.mark.parametrize("text", [OTHER_ORDER, JSON, EXPORTED, PLAIN.replace("\n", "\r\n")])
def test_the_digest_is_of_the_meaning_not_of_the_form(text: str) -> None:
    (built,) = Tree({"a.yaml": text}).build().objects
    (first,) = Tree({"b.json": PLAIN}).build().objects

    assert built.digest == first.digest


@pytest.mark.parametrize(
    "change", [("x: é", "x: e"), ("name: a", "name: b"), ("[1, true, null]", "[true, 1, null]"), ("v1", "v2")]
)
def test_any_change_of_the_meaning_changes_the_digest(change: tuple[str, str]) -> None:
    (before,) = Tree({"a.yaml": PLAIN}).build().objects
    (after,) = Tree({"a.yaml": PLAIN.replace(*change)}).build().objects

    assert after.digest != before.digest
