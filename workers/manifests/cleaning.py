"""What is taken out of manifests that were exported from a cluster, and what is turned before it is applied.

People commit ``kubectl get -o yaml``. Server-side apply refuses ``managedFields`` (400) and a foreign ``uid``
(422), and the other fields are the API server's or kubectl's to write.
"""

from __future__ import annotations

import base64
from typing import Any

_SERVER_METADATA = frozenset({
    "managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink",
    "deletionTimestamp", "deletionGracePeriodSeconds",
})  # fmt: skip
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def clean(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a valid manifest as it may be applied; the given one, which may share parts, is not changed."""
    cleaned = {name: value for name, value in manifest.items() if name != "status"}
    cleaned["metadata"] = _clean_metadata(manifest["metadata"])
    if manifest["apiVersion"] == "v1" and manifest["kind"] == "Secret":
        return _with_data(cleaned)
    return cleaned


def _clean_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    cleaned = {name: value for name, value in metadata.items() if name not in _SERVER_METADATA}
    annotations = cleaned.get("annotations")
    if annotations and _LAST_APPLIED in annotations:
        cleaned["annotations"] = {name: annotations[name] for name in annotations if name != _LAST_APPLIED}
    return cleaned


def _with_data(secret: dict[str, Any]) -> dict[str, Any]:
    """Turn ``stringData``, which the API server never gives back, into ``data``, over which it wins."""
    strings: dict[str, str] = secret.pop("stringData", None) or {}
    if strings:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in strings.items()}
        secret["data"] = {**(secret.get("data") or {}), **encoded}
    return secret
