"""What must be right in a manifest before anything can be said of its object.

The rest (unknown fields, values of fields) is the API server's to judge.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workers.model.ownership import OWNERSHIP_ANNOTATIONS, OWNERSHIP_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

_API_VERSION = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[^/%\x00-\x1f\x7f]{1,253}")


def errors_of(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a manifest, each with what to do."""
    yield from _identifier(manifest, "apiVersion", _API_VERSION, "such as v1 or apps/v1")
    yield from _identifier(manifest, "kind", _KIND, "such as ConfigMap")
    metadata = manifest.get("metadata")
    if metadata is None:
        yield "metadata is missing; add metadata.name"
    elif not isinstance(metadata, dict):
        yield "metadata is not a mapping; write metadata.name below it"
    else:
        yield from _metadata_errors(metadata)
    if manifest.get("apiVersion") == "v1" and manifest.get("kind") == "Secret":
        yield from _secret_errors(manifest)


def _identifier(manifest: dict[str, Any], name: str, form: re.Pattern[str], example: str) -> Iterator[str]:
    value = manifest.get(name)
    if value is None or value == "":
        yield f"{name} is missing; add one {example}"
    elif not isinstance(value, str):
        yield f"{name} is not a string; write one {example}"
    elif not form.fullmatch(value):
        yield f"{name} is not valid; write one {example}"


def _metadata_errors(metadata: dict[str, Any]) -> Iterator[str]:
    yield from _name_errors(metadata)
    namespace = metadata.get("namespace")
    if namespace is not None and not isinstance(namespace, str):
        yield "metadata.namespace is not a string; quote the value"
    elif namespace and not _PATH_SEGMENT.fullmatch(namespace):
        yield "metadata.namespace is not a valid name; correct it"
    yield from _map_errors(metadata, "labels", OWNERSHIP_LABELS)
    yield from _map_errors(metadata, "annotations", OWNERSHIP_ANNOTATIONS)


def _name_errors(metadata: dict[str, Any]) -> Iterator[str]:
    name = metadata.get("name")
    if name is None or name == "":
        if metadata.get("generateName"):
            yield "metadata.generateName makes a new object on every sync; give it a fixed metadata.name"
        else:
            yield "metadata.name is missing; add it"
    elif not isinstance(name, str):
        yield "metadata.name is not a string; quote the value"
    elif not _PATH_SEGMENT.fullmatch(name):
        yield "metadata.name is not a valid name; correct it"


def _map_errors(metadata: dict[str, Any], field: str, ours: frozenset[str]) -> Iterator[str]:
    entries = metadata.get(field)
    if entries is None:
        return
    if not isinstance(entries, dict):
        yield f"metadata.{field} is not a mapping; write it as key: value lines"
        return
    for key, value in entries.items():
        if key in ours:
            yield f"metadata.{field} has {key}, which only the controller may write; remove it"
        elif not isinstance(value, str):
            yield f"metadata.{field} has {key} with a value that is not a string; quote the value"


def _secret_errors(secret: dict[str, Any]) -> Iterator[str]:
    """Yield what hinders turning ``stringData`` into ``data``, without any value."""
    for field in ("data", "stringData"):
        entries = secret.get(field)
        if entries is None:
            continue
        if not isinstance(entries, dict):
            yield f"{field} is not a mapping; write it as key: value lines"
        elif field == "stringData":
            wrong = [key for key, value in entries.items() if not isinstance(value, str)]
            yield from (f"stringData.{key} is not a string; quote the value" for key in wrong)
