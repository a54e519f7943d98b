"""Where a test of the whole controller plays: a namespace, a Git server, and what a person does there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.parts.api_client import ApiClient, Object, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alumiini_py.demo.git_repository import Repository
    from tests.parts.git_server import FaultyGitServer

DOMAIN = "alumiini.false.systems"
NEVER = "1h"
"""An interval at which no test sees a poll."""


class Stage:
    """A namespace in which GitRepositories follow repositories of one Git server.

    Readers return what the API server says; ``until_`` methods wait for it. GitRepository ``name`` follows
    the Git repository of the same name unless it is told another.
    """

    def __init__(self, api: ApiClient, git: FaultyGitServer, namespace: str) -> None:
        self.api = api
        self.git = git
        self.namespace = namespace

    def repository(self, name: str = "app", files: Mapping[str, str] | None = None) -> Repository:
        """Create a Git repository, with a first commit of these files."""
        repository = self.git.create(f"{self.namespace}-{name}")
        if files is not None:
            repository.commit(files)
        return repository

    def url(self, name: str = "app") -> str:
        return self.git.url(f"{self.namespace}-{name}")

    def follow(self, name: str = "app", **spec: object) -> Object:
        """Create a GitRepository; what ``spec`` does not say is a URL of this server and no polling."""
        document = {
            "apiVersion": f"{DOMAIN}/v1alpha1",
            "kind": "GitRepository",
            "metadata": {"name": name},
            "spec": {"url": self.url(name), "interval": NEVER, **spec},
        }
        return self.api.create("gitrepositories", document, self.namespace)

    def git_repository(self, name: str = "app") -> Object:
        """Return a GitRepository, which must be there."""
        found = self.api.get("gitrepositories", name, self.namespace)
        assert found is not None, f"GitRepository {name} is gone"
        return found

    def status(self, name: str = "app") -> Object:
        status: Object = self.git_repository(name).get("status", {})
        return status

    def condition(self, kind: str = "Ready", name: str = "app") -> Object:
        """Return a condition, empty without one."""
        found = [one for one in self.status(name).get("conditions", []) if one["type"] == kind]
        return found[0] if found else {}

    def annotate(self, name: str = "app", **annotations: str) -> None:
        """Set annotations of ours on a GitRepository; an underscore stands for a hyphen."""
        ours = {f"{DOMAIN}/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.api.merge("gitrepositories", name, {"metadata": {"annotations": ours}}, self.namespace)

    def change(self, name: str = "app", **spec: object) -> None:
        """Change fields of the spec; None removes one."""
        self.api.merge("gitrepositories", name, {"spec": spec}, self.namespace)

    def delete(self, name: str = "app") -> None:
        self.api.delete("gitrepositories", name, self.namespace)

    def until_gone(self, name: str = "app") -> None:
        eventually(
            lambda: self.api.get("gitrepositories", name, self.namespace) is None,
            f"GitRepository {name} is gone",
        )

    def until_synced(self, commit: str | None, name: str = "app") -> Object:
        """Wait until Ready says that this commit and the present spec are applied; returns the status."""

        def synced() -> bool:
            found = self.git_repository(name)
            status = found.get("status", {})
            ready = [one for one in status.get("conditions", []) if one["type"] == "Ready"]
            return (
                status.get("lastSyncedCommit") == commit
                and bool(ready)
                and ready[0]["status"] == "True"
                and ready[0]["observedGeneration"] == found["metadata"]["generation"]
            )

        eventually(synced, f"{name} is Ready at {commit}: {self.status(name)}")
        return self.status(name)

    def until_failed(self, reason: str, name: str = "app") -> Object:
        """Wait until Ready is False for a reason; returns the condition."""

        def failed() -> bool:
            ready = self.condition("Ready", name)
            return ready.get("status") == "False" and ready.get("reason") == reason

        eventually(failed, f"{name} says {reason}: {self.condition('Ready', name)}")
        return self.condition("Ready", name)

    def until_handled(self, requested_at: str, name: str = "app") -> None:
        """Wait until a ``requestedAt`` was answered."""
        eventually(
            lambda: self.status(name).get("lastHandledReconcileAt") == requested_at,
            f"{requested_at} is answered",
        )

    def config_map(self, name: str) -> Object | None:
        return self.api.get("configmaps", name, self.namespace)

    def value(self, name: str) -> str | None:
        """Return what the ConfigMap holds under ``value``, None without the ConfigMap."""
        found = self.config_map(name)
        return None if found is None else found.get("data", {}).get("value")

    def owner_of(self, name: str) -> str | None:
        """Return the uid of the GitRepository that a ConfigMap says is its owner."""
        found = self.config_map(name) or {"metadata": {}}
        uid: str | None = found["metadata"].get("annotations", {}).get(f"{DOMAIN}/owner-uid")
        return uid

    def config_maps(self) -> set[str]:
        """Return the names of the ConfigMaps that are not of the cluster itself."""
        return self.api.names("configmaps", self.namespace) - {"kube-root-ca.crt"}

    def until_value(self, name: str, value: str | None) -> None:
        eventually(lambda: self.value(name) == value, f"ConfigMap {name} holds {value}")

    def events(self, name: str = "app") -> list[tuple[str, str]]:
        """Return reason and note of the Events about a GitRepository."""
        events = self.api.find("events", self.namespace)
        return [(event["reason"], event["note"]) for event in events if event["regarding"]["name"] == name]

    def until_told(self, times: int = 1, name: str = "app") -> None:
        """Wait until so many Events were written: they come beside the work, a little later."""
        eventually(lambda: len(self.events(name)) >= times, f"{times} events of {name} are written")


def config_map(name: str, value: str = "1", **metadata: Any) -> str:  # noqa: ANN401 -- JSON
    """Return the manifest of a ConfigMap."""
    return manifest("ConfigMap", name, data={"value": value}, **metadata)


def manifest(kind: str, name: str, *, api_version: str = "v1", **fields: Any) -> str:  # noqa: ANN401 -- JSON
    """Return a manifest (JSON is YAML); annotations, labels and namespace go into its metadata."""
    metadata = {key: fields.pop(key) for key in ("annotations", "labels", "namespace") if key in fields}
    document: Object = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, **metadata},
        **fields,
    }
    return json.dumps(document) + "\n"
