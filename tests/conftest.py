"""Fixtures of real parts that tests of several packages share."""

from __future__ import annotations

from tests.parts.control_plane import (
    audit_log_file,
    control_plane,
    control_plane_programs,
    kubectl,
    namespace,
    pytest_collection_finish,
)

__all__ = [
    "audit_log_file",
    "control_plane",
    "control_plane_programs",
    "kubectl",
    "namespace",
    "pytest_collection_finish",
]
