"""The kind of machine we run on, in the words of Go and of the release sites."""

from __future__ import annotations

import platform
import sys

from alumiini_py.controlplane.errors import ControlPlaneError

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def architecture(system: str = sys.platform, processor: str | None = None) -> str:
    """Return ``amd64`` or ``arm64``; raises ControlPlaneError elsewhere.

    Linux only: the programs are tied to their keeper by the Linux kernel.
    """
    name = _ARCHITECTURES.get(processor or platform.machine())
    if system != "linux" or name is None:
        raise ControlPlaneError("the embedded control plane runs on Linux, on x86_64 and aarch64 only")
    return name
