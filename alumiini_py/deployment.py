"""The objects of ``deploy/``: what the controller needs in a cluster, as it ships with the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HERE = Path(__file__).parent
_FOLDERS = (_HERE / "deploy", _HERE.parent / "deploy")
"""In an installed wheel, and in a checkout."""

_UNDERSTOOD = frozenset({"apiVersion", "kind", "resources"})
_CRD = "CustomResourceDefinition"


class DeploymentError(Exception):
    """``deploy/`` is not what this program can install."""


def documents(folder: Path | None = None) -> tuple[dict[str, Any], ...]:
    """Return the objects that ``kustomization.yaml`` lists, in its order.

    Raises DeploymentError when a file is missing or broken, and when the kustomization asks for more than
    resources: what kustomize would do with them and this program would not must not differ in silence.
    """
    folder = folder or find()
    listed = _only_document(folder / "kustomization.yaml")
    unknown = sorted(listed.keys() - _UNDERSTOOD)
    if unknown:
        raise DeploymentError(
            f"{folder / 'kustomization.yaml'} uses {', '.join(unknown)}; move that to an overlay of your own"
        )
    return tuple(document for name in listed["resources"] for document in _read(folder / name))


def is_crd(document: Mapping[str, Any]) -> bool:
    """Tell whether an object defines a kind."""
    return bool(document["kind"] == _CRD)


def find() -> Path:
    """Return the folder that ships with the program; raises DeploymentError when it is missing."""
    for folder in _FOLDERS:
        if (folder / "kustomization.yaml").is_file():
            return folder
    raise DeploymentError("the folder deploy/ that ships with alumiini is missing; install alumiini again")


def _only_document(path: Path) -> dict[str, Any]:
    found = list(_read(path))
    if len(found) != 1:
        raise DeploymentError(f"{path} must hold exactly one document")
    return found[0]


def _read(path: Path) -> Iterator[dict[str, Any]]:
    try:
        parsed = list(yaml.safe_load_all(path.read_bytes()))
    except (OSError, yaml.YAMLError) as error:
        raise DeploymentError(f"{path} cannot be read: {error}") from error
    for document in parsed:
        if not isinstance(document, dict):
            raise DeploymentError(f"{path} holds something that is no object")
        yield document
