"""A build with Go says early that it cannot work, and shows what Go said when it fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane import gobuild
from alumiini_py.controlplane.errors import UnavailableError
from alumiini_py.controlplane.gobuild import GoBuild, digest

if TYPE_CHECKING:
    from pathlib import Path


def go(folder: Path, version: str, build: str) -> GoBuild:
    """Return a build with a stand-in for the Go program."""
    program = folder / "go"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = env ]; then echo {version} $GOTOOLCHAIN; exit; fi\n{build}\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return GoBuild(go=str(program))


def test_go_is_called_in_each_module_with_its_packages(tmp_path: Path) -> None:
    lines: list[str] = []
    calls = tmp_path / "calls"

    go(tmp_path, "go1.26.8", f'echo "$(basename $PWD): $*" >> {calls}').fill(tmp_path / "out", lines.append)

    etcd, kubernetes = calls.read_text().splitlines()
    assert etcd == (
        f"etcd: build -mod=readonly -trimpath -ldflags -s -w -o {tmp_path}/out/etcd go.etcd.io/etcd/server/v3"
    )
    assert kubernetes.startswith("kubernetes: build -mod=readonly -trimpath -ldflags -s -w -X k8s.io/")
    assert kubernetes.endswith(
        f"-o {tmp_path}/out k8s.io/kubernetes/cmd/kube-apiserver "
        "k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kubectl"
    )
    assert lines == [
        "building etcd 3.6.16",
        "building Kubernetes 1.36.3 (about five minutes the first time)",
    ]


def test_a_machine_without_go_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="Go is not installed"):
        GoBuild(go=str(tmp_path / "go")).fill(tmp_path, print)


@pytest.mark.parametrize("version", ["go1.25.9", "go1.4", "devel"])
def test_an_old_go_is_not_asked_to_build(tmp_path: Path, version: str) -> None:
    with pytest.raises(UnavailableError, match=rf"Go is too old \({version} local\); 1\.26 is the oldest"):
        go(tmp_path, version, "exit 9").fill(tmp_path, print)


def test_a_failed_build_shows_the_last_lines_of_go(tmp_path: Path) -> None:
    failing = go(tmp_path, "go1.26.8", "echo 'missing go.sum entry' >&2; exit 1")

    with pytest.raises(UnavailableError, match=r"build failed:\nmissing go\.sum entry"):
        failing.fill(tmp_path, print)


@pytest.mark.parametrize(
    ("module", "package", "version"),
    [
        ("kubernetes", "k8s.io/kubernetes", gobuild.KUBERNETES),
        ("etcd", "go.etcd.io/etcd/server/v3", gobuild.ETCD),
    ],
)
def test_the_modules_require_the_versions_we_name(module: str, package: str, version: str) -> None:
    required = (gobuild.MODULES / module / "go.mod").read_text()

    assert re.search(rf"^require {re.escape(package)} v{re.escape(version)}$", required, re.MULTILINE) or (
        f"\t{package} v{version}\n" in required
    )


def test_the_digest_follows_every_module_file(tmp_path: Path) -> None:
    module = tmp_path / "etcd"
    module.mkdir()
    (module / "go.mod").write_text("module a\n")
    before = digest(tmp_path)
    (module / "go.sum").write_text("a v1 h1:x\n")

    assert before != digest(tmp_path)
