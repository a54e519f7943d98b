"""One file, read as far as it can be without knowing the cluster: objects, or every error in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from workers.manifests.cleaning import clean
from workers.manifests.expansion import expand
from workers.manifests.failures import Fault
from workers.manifests.loader import load
from workers.manifests.validation import errors_of
from workers.model.keys import GroupKind, ObjectKey, group_of
from workers.model.scopes import Scope

if TYPE_CHECKING:
    from workers.manifests.expansion import Found
    from workers.manifests.limits import Limits

_DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class Draft:
    """An object as its file gives it, before the cluster says where it lives.

    ``namespace`` is as written, empty without one. ``defines`` is what a CustomResourceDefinition says of
    its kind.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    line: int
    defines: tuple[GroupKind, Scope] | None = None

    @property
    def group_kind(self) -> GroupKind:
        """The kind without a version."""
        return GroupKind(group_of(self.api_version), self.kind)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The objects of one file in their order, each draft with its cleaned manifest, and the faults.

    Manifests may share parts (YAML aliases): who changes one copies first.
    """

    drafts: tuple[Draft, ...]
    manifests: tuple[dict[str, Any], ...]
    faults: tuple[Fault, ...]


def parse(raw: bytes, limits: Limits) -> ParsedFile:
    """Read a file; the answer depends on its bytes alone."""
    loaded = load(raw, limits)
    faults = [Fault(problem.line, "", problem.message) for problem in loaded.problems]
    drafts: list[Draft] = []
    manifests: list[dict[str, Any]] = []
    for found in chain.from_iterable(expand(document) for document in loaded.documents):
        if len(drafts) + len(faults) >= limits.objects:
            faults.append(Fault(found.line, "", f"the file has more than {limits.objects} objects; split it"))
            break
        messages = _messages(found)
        faults += [Fault(found.line, _label(found.value), message) for message in messages]
        if not messages:
            drafts.append(_draft(found.value, found.line))
            manifests.append(clean(found.value))
    return ParsedFile(tuple(drafts), tuple(manifests), tuple(faults))


def _messages(found: Found) -> list[str]:
    prefix = f"{found.place}: " if found.place else ""
    if not isinstance(found.value, dict):
        what = "a list" if isinstance(found.value, list) else "a single value"
        return [f"{prefix}{what} is no manifest; write an object with apiVersion, kind and metadata"]
    return [prefix + message for message in errors_of(found.value)]


def _draft(manifest: dict[str, Any], line: int) -> Draft:
    metadata = manifest["metadata"]
    return Draft(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        line=line,
        defines=_defines(manifest),
    )


def _defines(manifest: dict[str, Any]) -> tuple[GroupKind, Scope] | None:
    """Return what a CustomResourceDefinition defines; one that is wrong is the API server's to refuse."""
    if GroupKind(group_of(manifest["apiVersion"]), manifest["kind"]) != _DEFINITION:
        return None
    match manifest.get("spec"):
        case {"group": str(group), "names": {"kind": str(kind)}, "scope": "Cluster" | "Namespaced" as scope}:
            return GroupKind(group, kind), Scope(scope)
    return None


def _label(value: object) -> str:
    """Return the object's name for a message as far as it can be told, empty when it cannot."""
    match value:
        case {"apiVersion": str(version), "kind": str(kind), "metadata": {"name": str(name)} as metadata}:
            namespace = metadata.get("namespace")
            place = namespace if isinstance(namespace, str) else ""
            return str(ObjectKey(group_of(version), kind, place, name))
    return ""
