"""What a file may look like, and what is said of it when it may not."""

from __future__ import annotations

from typing import Any

import pytest

from workers.manifests.limits import DEFAULT_LIMITS, Limits
from workers.manifests.loader import Document, Problem, load


def documents(text: str | bytes, limits: Limits = DEFAULT_LIMITS) -> list[Any]:
    raw = text.encode() if isinstance(text, str) else text
    loaded = load(raw, limits)
    assert loaded.problems == ()
    return [document.value for document in loaded.documents]


def problems(text: str | bytes, limits: Limits = DEFAULT_LIMITS) -> list[Problem]:
    raw = text.encode() if isinstance(text, str) else text
    return list(load(raw, limits).problems)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# only a comment\n",
        "---\n",
        "---\n---\n# comment\n---\n",
        "null\n",
        "~",
        "\ufeff",
    ],
)
def test_a_file_without_content_has_no_documents(text: str) -> None:
    assert documents(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n---\nb: 2\n",
        "---\na: 1\n---\nb: 2",
        "---\n---\na: 1\n---\n# nothing\n---\nb: 2\n---\n",
        "a: 1\n...\n---\nb: 2\n...\n",
        "--- {a: 1}\n--- {b: 2}\n",
        "a: 1 # one\n--- # next\nb: 2\n",
        "a: 1\r\n---\r\nb: 2\r\n",
        "\ufeffa: 1\n---\nb: 2\n",
        "%YAML 1.1\n---\na: 1\n---\nb: 2\n",
        '{"a": 1}\n{"b": 2}',
        '{"a": 1} {"b": 2}\n',
        '\n\t {\n\t"a":\t1}\n---\n{"b": 2}',
    ],
)
def test_documents_are_separated_as_people_do_it(text: str) -> None:
    assert documents(text) == [{"a": 1}, {"b": 2}]


def test_a_document_knows_the_line_of_its_content() -> None:
    text = "# license\n---\n\n# comment\na: 1\nb: 2\n--- # next\nc:\n  d: 3\n---\n- 1\n--- x\n"

    assert [document.line for document in load(text.encode(), DEFAULT_LIMITS).documents] == [5, 8, 11, 12]


def test_json_documents_know_their_lines_too() -> None:
    loaded = load(b'\n{"a": 1}\n\n{\n"b": 2}', DEFAULT_LIMITS)

    assert loaded.documents == (Document({"a": 1}, 2), Document({"b": 2}, 4))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"a": "\ud83d\ude00"}', {"a": "😀"}),
        ('{"a": "x\u2028y"}', {"a": "x\u2028y"}),
        (r'{"a": "\/\u0007"}', {"a": "/\x07"}),
        (
            '{"a": [1.0, 1e3, 1e21, -0.0, 18446744073709551616]}',
            {"a": [1, 1000, 1e21, 0, 18446744073709551616.0]},
        ),
        ('{"a": "yes", "b": "0x10", "c": "~"}', {"a": "yes", "b": "0x10", "c": "~"}),
        ('{"a": 1, "b": NaN}', {"a": 1, "b": "NaN"}),
        ("{a: yes}", {"a": True}),
    ],
)
def test_json_is_read_as_json_and_what_only_looks_like_it_as_yaml(text: str, value: object) -> None:
    assert documents(text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
        ("a: 'it''s'\nb: \"t\\tab \\u00e9\"\n", {"a": "it's", "b": "t\tab é"}),
        ("a:\n- 1\n- - 2\n  - 3\n- {b: [4]}\n", {"a": [1, [2, 3], {"b": [4]}]}),
        ("a: [y, 'y', y ]\ny: 1\n", {"a": [True, "y", True], "true": 1}),
        ("a: !custom {b: !other [1]}\n", {"a": {"b": [1]}}),
        ("? a\n: 1\n? b\n", {"a": 1, "b": None}),
        ('"a": 1\n? "b c"\n: 2\n', {"a": 1, "b c": 2}),
    ],
)
def test_every_style_of_yaml_is_read(text: str, value: object) -> None:
    assert documents(text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: &a {b: 1}\nz: *a\n", {"x": {"b": 1}, "z": {"b": 1}}),
        ("x: &a 1.0\n*a : 2\n", {"x": 1, "1": 2}),
        ("&k x: 1\nz: *k\n", {"x": 1, "z": "x"}),
        ("w: &a 1\nx: &a 2\nz: *a\n", {"w": 1, "x": 2, "z": 2}),
        ("- &a {b: &c [1]}\n- *c\n", [{"b": [1]}, [1]]),
    ],
)
def test_aliases_stand_for_their_anchors(text: str, value: object) -> None:
    assert documents(text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{<<: {a: 1}, b: 2}", {"a": 1, "b": 2}),
        ("{a: 1, <<: {a: 2, b: 3}}", {"a": 2, "b": 3}),
        ("{<<: {a: 2, b: 3}, a: 1}", {"a": 1, "b": 3}),
        ("{<<: [{a: 1}, {a: 2, b: 3}]}", {"a": 1, "b": 3}),
        ("{<<: {a: 1}, <<: {a: 2}}", {"a": 2}),
        ("{'<<': {a: 1}}", {"<<": {"a": 1}}),
        ("{!!merge <<: {a: 1}}", {"a": 1}),
        ("{a: <<}", {"a": "<<"}),
        ("x: &x {a: 1}\nz:\n  <<: *x\n  b: 2\n", {"x": {"a": 1}, "z": {"a": 1, "b": 2}}),
    ],
)
def test_merge_keys_take_part_in_the_order_of_the_document(text: str, value: object) -> None:
    assert documents(text) == [value]


@pytest.mark.parametrize("text", ["{<<: null}", "{<<: x}", "{<<: [1]}", "{<<: [{a: 1}, [{b: 1}]]}"])
def test_only_mappings_can_be_merged(text: str) -> None:
    assert problems(text) == [
        Problem(1, "<< needs a mapping or a list of mappings; quote it if text is meant")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "1: a\n'1': b\n",
        "{<<: {b: 1}, a: 1, \na: 2}",
        "{a: 1, <<: {a: 2},\na: 3}",
        '{"a": 1,\n "a": 2}',
    ],
)
def test_a_key_written_twice_is_a_problem_with_its_line(text: str) -> None:
    (problem,) = problems(text)

    assert problem.line == 2
    assert problem.message.endswith("is written twice in one mapping; keep one of them")


def test_problems_do_not_hide_each_other_and_unsound_documents_are_left_out() -> None:
    loaded = load(b"a: 1\na: 2\n---\nb: .inf\nc:\n  ~: 1\n---\nd: 1\n---\ne: [\n", DEFAULT_LIMITS)

    assert [problem.line for problem in loaded.problems] == [2, 4, 6, 11]
    assert loaded.documents == (Document({"d": 1}, 8),)


def test_the_number_of_problems_is_bounded() -> None:
    found = problems("a: .inf\n---\n" * 5000)

    assert len(found) == 101
    assert found[-1].message == "too many problems; the rest of the file was not read"


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"a: 1\nb: \xff\n", 2, "not UTF-8 text; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), 1, "not UTF-8 text; save the file as UTF-8"),
        (b"a: 1\nb: \x01\n", 2, "a control character; remove it or write it as an escape"),
        (b"a: 1\nb: *x\n", 2, "the alias *x has no complete anchor before it"),
        (b"a: &x [*x]\n", 1, "the alias *x has no complete anchor before it"),
        (b"a: &x 1\n---\nb: *x\n", 3, "the alias *x has no complete anchor before it"),
        (b"a: 1\n[b]: 1\n", 2, "a key must be a scalar; quote it if it begins with { or ["),
        (b"a: &x {}\n*x : 1\n", 2, "a key must be a scalar; quote it if it begins with { or ["),
        (b"a: {{ template }}\n", 1, "a key must be a scalar; quote it if it begins with { or ["),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_line_and_advice(raw: bytes, line: int, message: str) -> None:
    assert problems(raw) == [Problem(line, message)]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a:\n\tb: 2\n", 2, "while scanning for the next token, found character that cannot start any token"),
        ("a: b: c\n", 1, "mapping values are not allowed in this context"),
        ("a: 'x\n", 2, "while scanning a quoted scalar, found unexpected end of stream"),
        ("a: 1\n... # end\nb: 2\n", 3, "did not find expected <document start>"),
        (r'{"a": "\ud800"}', 1, "while parsing a quoted scalar, found invalid Unicode character escape code"),
        ("%YAML 3.0\n---\na: 1\n", 1, "found incompatible YAML document"),
    ],
)
def test_wrong_syntax_is_a_problem_in_the_words_of_the_parser(text: str, line: int, what: str) -> None:
    assert problems(text) == [Problem(line, f"not YAML: {what}; correct the syntax")]
