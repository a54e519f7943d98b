"""Every error of every file at once, each with its place and what to do."""

from __future__ import annotations

import pytest

from tests.manifests.trees import Tree, config_map
from workers.model.errors import ObjectError, SyncError
from workers.model.ownership import OWNERSHIP_ANNOTATIONS, OWNERSHIP_LABELS


def failure(files: dict[str, str]) -> SyncError:
    with pytest.raises(SyncError) as failed:
        Tree(files).build()
    return failed.value


def messages(text: str) -> list[str]:
    return [error.message for error in failure({"a.yaml": text}).errors]


def test_all_errors_of_all_files_are_reported_at_once_in_the_order_of_files_and_lines() -> None:
    error = failure({
        "c.yaml": config_map("web", "data: [\n"),
        "a.yaml": "kind: ConfigMap\n---\n" + config_map("web", "  labels: {a: 1}\n") + "---\nx: 1\nx: 2\n",
        "b.yaml": config_map("fine"),
    })  # fmt: skip

    assert (
        error.message
        == "5 errors, the first is a.yaml:1: apiVersion is missing; add one such as v1 or apps/v1"
    )
    assert error.errors == (
        ObjectError("", "a.yaml:1", "BuildFailed", "apiVersion is missing; add one such as v1 or apps/v1"),
        ObjectError("", "a.yaml:1", "BuildFailed", "metadata is missing; add metadata.name"),
        ObjectError(
            "ConfigMap/web",
            "a.yaml:3",
            "BuildFailed",
            "metadata.labels has a with a value that is not a string; quote the value",
        ),
        ObjectError(
            "", "a.yaml:10", "BuildFailed", 'the key "x" is written twice in one mapping; keep one of them'
        ),
        ObjectError(
            "",
            "c.yaml:6",
            "BuildFailed",
            "not YAML: while parsing a flow node, did not find expected node content; correct the syntax",
        ),
    )


def test_one_error_is_the_summary_itself() -> None:
    assert failure({"a.yaml": "[]"}).message == (
        "a.yaml:1: a list is no manifest; write an object with apiVersion, kind and metadata"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [("- apiVersion: v1", "a list"), ("just text", "a single value"), ("42", "a single value")],
)
def test_a_document_that_is_no_object_is_an_error(text: str, what: str) -> None:
    assert messages(text) == [f"{what} is no manifest; write an object with apiVersion, kind and metadata"]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("kind: A", "apiVersion is missing; add one such as v1 or apps/v1"),
        ("apiVersion: '', kind: A", "apiVersion is missing; add one such as v1 or apps/v1"),
        ("apiVersion: 1, kind: A", "apiVersion is not a string; write one such as v1 or apps/v1"),
        ("apiVersion: a/../v1, kind: A", "apiVersion is not valid; write one such as v1 or apps/v1"),
        ("apiVersion: /v1, kind: A", "apiVersion is not valid; write one such as v1 or apps/v1"),
        ("apiVersion: v1", "kind is missing; add one such as ConfigMap"),
        ("apiVersion: v1, kind: [A]", "kind is not a string; write one such as ConfigMap"),
        ("apiVersion: v1, kind: config maps", "kind is not valid; write one such as ConfigMap"),
    ],
)
def test_what_kind_of_object_it_is_must_be_told(head: str, message: str) -> None:
    assert messages(f"{{{head}, metadata: {{name: a}}}}") == [message]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("null", "metadata is missing; add metadata.name"),
        ("a", "metadata is not a mapping; write metadata.name below it"),
        ("{}", "metadata.name is missing; add it"),
        ("{name: null}", "metadata.name is missing; add it"),
        ("{name: 12}", "metadata.name is not a string; quote the value"),
        ("{name: ..}", "metadata.name is not a valid name; correct it"),
        ("{name: a/b}", "metadata.name is not a valid name; correct it"),
        ("{name: a%2fb}", "metadata.name is not a valid name; correct it"),
        (
            "{generateName: a-}",
            "metadata.generateName makes a new object on every sync; give it a fixed metadata.name",
        ),
        ("{name: a, namespace: 1}", "metadata.namespace is not a string; quote the value"),
        ("{name: a, namespace: a/b}", "metadata.namespace is not a valid name; correct it"),
        ("{name: a, labels: [a]}", "metadata.labels is not a mapping; write it as key: value lines"),
        (
            "{name: a, annotations: {b: yes}}",
            "metadata.annotations has b with a value that is not a string; quote the value",
        ),
    ],
)
def test_metadata_must_be_well_formed(metadata: str, message: str) -> None:
    assert messages(f"{{apiVersion: v1, kind: A, metadata: {metadata}}}") == [message]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("stringData: {b: 1}", "stringData.b is not a string; quote the value"),
        ("stringData: [b]", "stringData is not a mapping; write it as key: value lines"),
        ("data: b", "data is not a mapping; write it as key: value lines"),
    ],
)
def test_a_secret_must_hold_what_can_become_data(data: str, message: str) -> None:
    assert messages(f"{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, {data}}}") == [message]


@pytest.mark.parametrize("label", sorted(OWNERSHIP_LABELS))
def test_our_labels_in_git_are_an_error(label: str) -> None:
    assert messages(config_map("a", f"  labels: {{{label}: x}}\n")) == [
        f"metadata.labels has {label}, which only the controller may write; remove it"
    ]


@pytest.mark.parametrize("annotation", sorted(OWNERSHIP_ANNOTATIONS))
def test_our_annotations_in_git_are_an_error(annotation: str) -> None:
    assert messages(config_map("a", f"  annotations: {{{annotation}: x}}\n")) == [
        f"metadata.annotations has {annotation}, which only the controller may write; remove it"
    ]


def test_several_errors_of_one_object_are_all_reported() -> None:
    text = "{apiVersion: 1, kind: Secret, metadata: {namespace: 2, labels: 3, annotations: 4}, stringData: 5}"

    assert len(messages(text)) == 5
    assert len(messages(text.replace("apiVersion: 1", "apiVersion: v1"))) == 5


def test_an_object_in_two_files_is_an_error_that_names_both() -> None:
    error = failure({
        "a.yaml": config_map("other") + "---\n" + config_map("web"),
        "b.yaml": config_map("web", "  namespace: team\n"),
        "c.yaml": config_map("web", "  namespace: elsewhere\n"),
    })  # fmt: skip

    assert error.errors == (
        ObjectError(
            "ConfigMap/team/web",
            "b.yaml:1",
            "BuildFailed",
            "the same object is in a.yaml:6; keep one of them",
        ),
    )


def test_an_object_in_two_versions_is_still_the_same_object() -> None:
    texts = [
        f"{{apiVersion: apps/{version}, kind: Deployment, metadata: {{name: a}}}}" for version in ("v1", "v2")
    ]

    assert messages("\n---\n".join(texts)) == ["the same object is in a.yaml:1; keep one of them"]


def test_two_files_of_the_same_content_are_reported_as_such() -> None:
    error = failure({"a.yaml": config_map("web"), "b.yaml": config_map("web"), "c.yaml": "x", "d.yaml": "x"})

    assert [item.file for item in error.errors] == ["b.yaml:1", "c.yaml:1", "d.yaml:1"]


def test_values_of_secrets_are_in_no_message() -> None:
    texts = {
        "a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {pin: 4711}\n",
        "b.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {pin: !!int 4711x}\n",
        "c.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\nstringData: '4711'\n",
    }

    error = failure(texts)

    assert len(error.errors) == 3
    assert "4711" not in repr(error.errors) + error.message
