"""What a real API server shows too rarely to wait for it; all else is in tests/integration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.fake_api import Answer, document, status
from workers.cluster.established import await_established
from workers.cluster.resources import CUSTOM_RESOURCE_DEFINITION, SECRET
from workers.model.errors import Recovery, SyncError
from workers.model.keys import ObjectKey

if TYPE_CHECKING:
    from tests.cluster.conftest import Serve
    from tests.cluster.fake_api import Asked

CRD = ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "things.example.com")


def item(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "uid": name, "resourceVersion": "1"}}


def page(*names: str, after: str = "") -> Answer:
    return document({"metadata": {"continue": after}, "items": [item(name) for name in names]})


def test_a_long_list_comes_in_pages(serve: Serve) -> None:
    pages = {"": page("a", "b", after="2"), "2": page("c", after="3"), "3": page("d")}
    api, cluster = serve(lambda asked: pages[asked.query.get("continue", "")])

    names = [live.key.name for live in cluster.objects.list(SECRET, "x=y", cluster.deadline)]

    assert names == ["a", "b", "c", "d"]
    assert [asked.query["limit"] for asked in api.asked] == ["500"] * 3
    assert api.asked[0].headers["Accept-Encoding"] == "gzip"


def test_a_list_that_the_server_forgot_in_between_begins_again(serve: Serve) -> None:
    answers = iter([page("a", after="2"), status(410, "Expired"), page("a", "b")])
    _, cluster = serve(lambda _: next(answers))

    names = [live.key.name for live in cluster.objects.list(SECRET, "x=y", cluster.deadline)]

    assert names == ["a", "a", "b"]


def test_a_list_that_is_forgotten_at_once_is_a_failure(serve: Serve) -> None:
    _, cluster = serve(lambda _: status(410, "Expired", "too old"))

    with pytest.raises(SyncError, match=r"cannot list Secret/\*: refused \(410 Expired\)"):
        list(cluster.objects.list(SECRET, "x=y", cluster.deadline))


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"[]", b"{}", b'{"metadata":{}}', b"\xff"])
def test_an_answer_that_is_no_object_is_a_failure_that_passes(serve: Serve, body: bytes) -> None:
    _, cluster = serve(lambda _: Answer(200, body))
    key = ObjectKey("", "Secret", "n", "a")

    with pytest.raises(SyncError, match="the answer did not come from an API server") as read:
        cluster.objects.read(SECRET, key, cluster.deadline)
    with pytest.raises(SyncError, match="the answer did not come from an API server") as applied:
        cluster.objects.apply({"metadata": {}}, SECRET, key, cluster.deadline)

    assert read.value.recovery is applied.value.recovery is Recovery.RETRY


def test_an_apply_is_sent_as_one_strict_forced_patch(serve: Serve) -> None:
    api, cluster = serve(lambda _: document(item("a")))
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "n"}}

    cluster.objects.apply(manifest, SECRET, ObjectKey("", "Secret", "n", "a"), cluster.deadline)

    (asked,) = api.asked
    assert (asked.method, asked.path) == ("PATCH", "/api/v1/namespaces/n/secrets/a")
    assert {name: asked.query[name] for name in ("fieldManager", "force", "fieldValidation")} == {
        "fieldManager": "alumiini",
        "force": "true",
        "fieldValidation": "Strict",
    }
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.body == (b'{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"n"}}')


def test_a_kind_that_settles_is_tried_until_it_is_there(serve: Serve) -> None:
    answers = iter(
        [
            Answer(404, b"404 page not found"),
            status(500, "", "failed to create typed patch object (n/a): .x: field not declared in schema"),
            document(item("a")),
        ]
    )
    _, cluster = serve(lambda _: next(answers))
    key = ObjectKey("", "Secret", "n", "a")

    live = cluster.objects.apply({"metadata": {}}, SECRET, key, cluster.deadline, settling=True)

    assert live.uid == "a"
    assert cluster.calls == [("PATCH", 404), ("PATCH", 500), ("PATCH", 200)]


def test_without_settling_the_same_answers_are_final(serve: Serve) -> None:
    _, cluster = serve(lambda _: Answer(404, b"404 page not found"))

    with pytest.raises(SyncError, match="the cluster does not serve this kind"):
        cluster.objects.apply({"metadata": {}}, SECRET, ObjectKey("", "Secret", "n", "a"), cluster.deadline)

    assert cluster.calls == [("PATCH", 404)]


def crd(conditions: list[dict[str, str]] | None) -> Answer:
    return document({"metadata": {"name": CRD.name}, "status": {"conditions": conditions}})


def test_a_crd_is_waited_for_until_it_is_established(serve: Serve) -> None:
    answers = iter(
        [
            crd(None),
            crd([{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "False"}]),
            crd([{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"}]),
        ]
    )

    def script(asked: Asked) -> Answer:
        assert asked.path.endswith(f"/{CUSTOM_RESOURCE_DEFINITION.plural}/{CRD.name}")
        return next(answers)

    _, cluster = serve(script)

    await_established(cluster.objects, CRD, cluster.deadline)

    assert len(cluster.calls) == 3


def test_a_crd_whose_names_are_taken_is_not_waited_for(serve: Serve) -> None:
    _, cluster = serve(lambda _: crd([{"type": "NamesAccepted", "status": "False"}]))

    with pytest.raises(SyncError, match="asks for names that another kind has already") as caught:
        await_established(cluster.objects, CRD, cluster.deadline)

    assert caught.value.slowly


def test_a_crd_that_was_deleted_is_not_waited_for(serve: Serve) -> None:
    _, cluster = serve(lambda _: status(404, "NotFound"))

    with pytest.raises(SyncError, match="was deleted right after it was applied"):
        await_established(cluster.objects, CRD, cluster.deadline)
