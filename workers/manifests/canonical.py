"""One form and one hash for manifests that mean the same, whatever their files look like."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as JSON in UTF-8 with sorted keys and no spaces.

    Lists keep their order: it has a meaning in most of them. Numbers are as the loader gives them, where
    ``1.0`` and ``1`` are one.
    """
    text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest(manifest: Mapping[str, Any]) -> str:
    """Return ``sha256:<hex>`` of the canonical form; of the final manifest, without ownership metadata."""
    return f"sha256:{hashlib.sha256(canonical(manifest)).hexdigest()}"
