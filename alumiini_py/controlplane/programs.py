"""The four programs, and where to find or get them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.controlplane.errors import ControlPlaneError

if TYPE_CHECKING:
    from alumiini_py.controlplane.progress import Progress


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs of one control plane."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kubectl: Path


def obtain(progress: Progress) -> Programs:
    """Find the programs."""
    folder = Path(os.environ.get("KUBEBUILDER_ASSETS", ""))
    names = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
    if not all((folder / name).is_file() for name in names):
        raise ControlPlaneError("set KUBEBUILDER_ASSETS to a folder with " + ", ".join(names))
    progress(f"programs of {folder}")
    return Programs(*(folder / name for name in names))
