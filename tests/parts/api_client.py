"""A client of the API server that shares no code with ours: from it tests know what the cluster holds."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable

    from alumiini_py.controlplane.plane import ControlPlane

T = TypeVar("T")
Object = dict[str, Any]

_PATIENCE = 30.0
_EVERY = 0.03
_CORE = "/api/v1"
_GROUPS = {
    "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1",
    "deployments": "/apis/apps/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "events": "/apis/events.k8s.io/v1",
    "gitrepositories": "/apis/alumiini.false.systems/v1alpha1",
    "leases": "/apis/coordination.k8s.io/v1",
}


class ApiClient:
    """The administrator, over plain HTTP. Resources are named by their plural, groups are known here."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._http = urllib3.PoolManager(
            ca_certs=str(plane.ca_file),
            headers={"Authorization": f"Bearer {plane.token}", "User-Agent": "test"},
            retries=False,
            timeout=30,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.clear()

    def get(self, plural: str, name: str, namespace: str = "") -> Object | None:
        """Return one object, None when there is none."""
        found: Object | None = self.send("GET", f"{path(plural, namespace)}/{name}")
        return found

    def find(self, plural: str, namespace: str = "", selector: str = "") -> list[Object]:
        """Return objects, of one namespace or of all."""
        query = f"?labelSelector={selector}" if selector else ""
        items: list[Object] = self.send("GET", path(plural, namespace) + query)["items"]
        return items

    def names(self, plural: str, namespace: str = "", selector: str = "") -> set[str]:
        """Return the names of objects."""
        return {item["metadata"]["name"] for item in self.find(plural, namespace, selector)}

    def create(self, plural: str, document: Object, namespace: str = "") -> Object:
        """Create an object and return it as it is then."""
        created: Object = self.send("POST", path(plural, namespace), document, "application/json")
        return created

    def merge(self, plural: str, name: str, patch: Object, namespace: str = "") -> Object:
        """Change an object by a merge patch."""
        target = f"{path(plural, namespace)}/{name}"
        changed: Object = self.send("PATCH", target, patch, "application/merge-patch+json")
        return changed

    def delete(self, plural: str, name: str, namespace: str = "") -> None:
        """Ask for the deletion of an object."""
        self.send("DELETE", f"{path(plural, namespace)}/{name}")

    def _answer(
        self, method: str, target: str, body: Object | None, kind: str
    ) -> urllib3.BaseHTTPResponse | None:
        response = self._http.request(
            method,
            self._plane.url + target,
            body=json.dumps(body) if body is not None else None,
            headers={**self._http.headers, **({"Content-Type": kind} if kind else {})},
        )
        return None if response.status == 429 else response

    def stream(self, plural: str, namespace: str) -> urllib3.BaseHTTPResponse:
        """Start a watch and return its answer, a line per event; the caller closes it."""
        return self._http.request(
            "GET", f"{self._plane.url}{path(plural, namespace)}?watch=1", timeout=None, preload_content=False
        )

    def send(self, method: str, target: str, body: Object | None = None, kind: str = "") -> Any:  # noqa: ANN401 -- JSON
        """Send a request; None stands for 404, every other refusal fails the test.

        A server that has just started says 429 until its storage is there, and is asked again.
        """
        response = eventually(lambda: self._answer(method, target, body, kind), f"{method} {target}")
        assert response is not None
        if response.status == 404:
            return None
        assert response.status < 300, f"{method} {target}: {response.status} {response.data.decode()}"
        return json.loads(response.data)


def path(plural: str, namespace: str = "") -> str:
    """Return the path of a collection; ``plural.group/version`` names one that is not known here."""
    resource, _, group_version = plural.partition(".")
    base = f"/apis/{group_version}" if group_version else _GROUPS.get(resource, _CORE)
    return f"{base}/namespaces/{namespace}/{resource}" if namespace else f"{base}/{resource}"


def eventually(condition: Callable[[], T], what: str, seconds: float = _PATIENCE) -> T:
    """Ask until the answer is true and return it; the test fails with ``what`` when it never is."""
    end = time.monotonic() + seconds
    between = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < end, f"this did not come true in {seconds:g} s: {what}"
        between.wait(_EVERY)
    return found
