"""The real kubectl is asked how it reads YAML; ours gives the same, but for what is refused on purpose."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.manifests.kubectl_answers import KEYS, REFUSED, VALUES
from tests.manifests.trees import Tree

if TYPE_CHECKING:
    from alumiini_py.controlplane.programs import Programs

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: team}\n"


def widget(name: str, value: str = "null") -> str:
    metadata = json.dumps({"name": name, "namespace": "team"})
    return f'{{"apiVersion": "v1", "kind": "Widget", "metadata": {metadata}, "x": {value}}}'


class Oracle:
    """Asks kubectl, without any server, what objects it reads in a file."""

    def __init__(self, programs: Programs) -> None:
        self._command = [str(programs.kubectl), "annotate", "--local", "-o", "json", "-f", "-", "absent-"]

    def objects(self, text: str) -> list[dict[str, Any]] | None:
        """Return the objects, without the annotations the command adds; None when kubectl refuses."""
        ended = subprocess.run(
            self._command, input=text.encode(), capture_output=True, timeout=60, check=False
        )
        return None if ended.returncode else [_stripped(found) for found in _stream(ended.stdout.decode())]


@pytest.fixture(scope="module")
def oracle(control_plane_programs: Programs) -> Oracle:
    return Oracle(control_plane_programs)


def test_the_values_of_the_table_are_kubectls(oracle: Oracle) -> None:
    answered = {written: answer for written, answer in VALUES.items() if answer is not REFUSED}
    lines = [f"  k{number}: {written}\n" for number, written in enumerate(answered)]

    (found,) = oracle.objects(f"{CONFIG_MAP}data:\n{''.join(lines)}") or [{}]

    asked = [found["data"][f"k{number}"] for number in range(len(answered))]
    assert [(type(answer), answer) for answer in asked] == [
        (type(answer), answer) for answer in answered.values()
    ]


def test_the_keys_of_the_table_are_kubectls(oracle: Oracle) -> None:
    answered = {written: answer for written, answer in KEYS.items() if answer is not REFUSED}
    lines = [f"- ? {written}\n  : v\n" for written in answered]

    (found,) = oracle.objects(f"{CONFIG_MAP}data:\n{''.join(lines)}") or [{}]

    assert [next(iter(mapping)) for mapping in found["data"]] == list(answered.values())


@pytest.mark.parametrize("written", [written for written, answer in VALUES.items() if answer is REFUSED])
def test_a_value_that_the_table_calls_refused_is_refused_by_kubectl(oracle: Oracle, written: str) -> None:
    assert oracle.objects(f"{CONFIG_MAP}data:\n  v: {written}\n") is None


@pytest.mark.parametrize("written", [written for written, answer in KEYS.items() if answer is REFUSED])
def test_a_key_that_the_table_calls_refused_is_refused_by_kubectl(oracle: Oracle, written: str) -> None:
    assert oracle.objects(f"{CONFIG_MAP}data:\n  ? {written}\n  : v\n") is None


@pytest.mark.parametrize(
    "text",
    [
        CONFIG_MAP + "data: &d {a: 1, <<: {a: 2, b: 3}, b: 4}\nmore: *d\n",
        CONFIG_MAP + "data: {<<: [{a: 1, c: [x]}, {a: 2, b: 3}], b: yes}\n",
        CONFIG_MAP + "data:\n  x: |+\n    a\n\n  y: >2\n     b\n    c\n  z: 'it''s'\n",
        CONFIG_MAP + 'data: {x: "\\u00e9\\t\\x41\\\n  y", ? z : !foo w}\n',
        f"\ufeff# comment\r\n---\r\n{CONFIG_MAP}".replace("\n", "\r\n") + "---\r\n# nothing\r\n",
        f"---\n---\n{CONFIG_MAP}---\n---\n{CONFIG_MAP.replace('name: a', 'name: b')}",
        "{apiVersion: v1, kind: A, metadata: {name: a, namespace: team}, x: yes}",
        widget("a"),
        widget("a", '"\\ud83d\\ude00 \u2028 \\/"'),
        widget("a", "[1.0, 1e3, 1e21, -0.0, 1e-7, 18446744073709551616, -9223372036854775809]"),
        widget("a") + "\n\t" + widget("b"),
        widget("a") + "\n---\n" + widget("b"),
        f"apiVersion: v1\nkind: List\nitems:\n- {widget('a')}\n- {widget('b')}\n",
        "apiVersion: v1\nkind: WidgetList\nitems:\n- {metadata: {name: a, namespace: team}}\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
    ],
)
def test_whole_files_are_read_as_kubectl_reads_them(oracle: Oracle, text: str) -> None:
    build = Tree({"a.yaml": text}).build()

    assert [build.manifest(built) for built in build.objects] == oracle.objects(text)


@pytest.mark.parametrize(
    "text",
    [
        CONFIG_MAP + "data: {a: 1, a: 2}\n",
        f"{CONFIG_MAP}data: {'[' * 200}{']' * 200}\n",
    ],
    ids=["a key written twice", "deep nesting"],
)
def test_what_is_refused_on_purpose_is_not_refused_by_kubectl(oracle: Oracle, text: str) -> None:
    assert oracle.objects(text) is not None


def _stream(text: str) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder(parse_int=_number)
    objects, start = [], 0
    while start < len(text):
        found, end = decoder.raw_decode(text, start)
        objects.append(found)
        start = end + len(text[end:]) - len(text[end:].lstrip())
    return objects


def _number(text: str) -> float:
    """Return integers beyond 64 bits as floats: kubectl holds them so, but prints them without exponent."""
    return int(text) if -(2**63) <= int(text) < 2**63 else float(text)


def _stripped(found: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in found["metadata"].items() if name != "annotations"}
    return {**found, "metadata": metadata}
