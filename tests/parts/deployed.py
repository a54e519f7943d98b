"""``deploy/`` in the cluster, put there by kubectl and not by our own installer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alumiini_py import deployment

if TYPE_CHECKING:
    from tests.parts.control_plane import Kubectl

SYSTEM = "alumiini-system"


def deploy(kubectl: Kubectl) -> None:
    """Apply everything as it ships."""
    documents = {"apiVersion": "v1", "kind": "List", "items": list(deployment.documents())}
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(documents))
    kubectl("wait", "--for=condition=Established", "crd/gitrepositories.alumiini.false.systems")
