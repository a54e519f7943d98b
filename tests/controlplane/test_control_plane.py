"""The embedded control plane behaves like a real cluster where the tests and the demo rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.parts.control_plane import Kubectl


def test_a_namespace_has_its_default_service_account(kubectl: Kubectl, namespace: str) -> None:
    kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s")

    assert kubectl("create", "token", "default", "-n", namespace).count(".") == 2
