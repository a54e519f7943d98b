"""The control plane says at once where it cannot run."""

from __future__ import annotations

import pytest

from alumiini_py.controlplane.errors import ControlPlaneError
from alumiini_py.controlplane.machine import architecture


@pytest.mark.parametrize(("processor", "name"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_the_processor_is_named_as_releases_name_it(processor: str, name: str) -> None:
    assert architecture("linux", processor) == name


@pytest.mark.parametrize(("system", "processor"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_other_machines_are_refused(system: str, processor: str) -> None:
    with pytest.raises(ControlPlaneError, match="runs on Linux, on x86_64 and aarch64 only"):
        architecture(system, processor)
