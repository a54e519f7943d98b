"""The file that tells kubectl, and everybody else, how to reach the control plane."""

from __future__ import annotations

import base64
import json


def kubeconfig(url: str, ca: bytes, user: str, token: str) -> str:
    """Return a kubeconfig that needs no other file; it is JSON, which every reader of YAML reads."""
    name = "alumiini-local"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": url, "certificate-authority-data": base64.b64encode(ca).decode()},
                }
            ],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
        },
        indent=2,
    )
