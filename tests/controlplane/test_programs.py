"""The programs come from the environment, the cache, or the first source that has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from alumiini_py.controlplane.errors import ControlPlaneError, UnavailableError
from alumiini_py.controlplane.programs import NAMES, obtain


@dataclass
class Stock:
    """A source that has the programs."""

    name: str = "stock"
    used: int = 0

    def fill(self, folder: Path, progress: object) -> None:
        del progress
        self.used += 1
        for program in NAMES:
            (folder / program).write_text(self.name)


@dataclass
class Empty:
    """A source that begins and then fails."""

    name: str = "nowhere"
    left: list[str] = field(default_factory=list)

    def fill(self, folder: Path, progress: object) -> None:
        del progress
        (folder / "etcd").write_text("half")
        raise UnavailableError(f"{self.name} does not answer")


def assets(folder: Path, *names: str) -> str:
    folder.mkdir()
    for name in names:
        (folder / name).touch(mode=0o755)
    return str(folder)


def test_all_come_from_the_folder_in_the_environment(tmp_path: Path) -> None:
    folder = assets(tmp_path / "assets", *NAMES)

    found = obtain(print, environment={"KUBEBUILDER_ASSETS": folder}, sources=[Empty()])

    assert found.etcd == Path(folder, "etcd")
    assert found.kubectl == Path(folder, "kubectl")


def test_what_that_folder_lacks_comes_from_the_cache(tmp_path: Path) -> None:
    folder = assets(tmp_path / "assets", "etcd", "kube-apiserver")

    found = obtain(
        print,
        environment={"KUBEBUILDER_ASSETS": folder, "XDG_CACHE_HOME": str(tmp_path)},
        sources=[Stock()],
    )

    assert found.kube_apiserver == Path(folder, "kube-apiserver")
    assert found.kubectl.is_relative_to(tmp_path / "alumiini" / "control-plane")


def test_a_folder_without_an_api_server_is_ignored_and_said_so(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = assets(tmp_path / "assets", "etcd", "kubectl")

    found = obtain(
        lines.append,
        environment={"KUBEBUILDER_ASSETS": folder, "XDG_CACHE_HOME": str(tmp_path)},
        sources=[Stock()],
    )

    assert found.etcd.read_text() == "stock"
    assert lines == [f"KUBEBUILDER_ASSETS={folder} is ignored: etcd or kube-apiserver is not in there"]


def test_a_second_checkout_finds_them_in_the_cache(tmp_path: Path) -> None:
    stock = Stock()

    for _ in range(2):
        obtain(print, environment={"XDG_CACHE_HOME": str(tmp_path)}, sources=[stock])

    assert stock.used == 1


def test_a_source_that_fails_is_followed_by_the_next_and_leaves_nothing(tmp_path: Path) -> None:
    lines: list[str] = []

    found = obtain(lines.append, environment={"XDG_CACHE_HOME": str(tmp_path)}, sources=[Empty(), Stock()])

    assert found.etcd.read_text() == "stock"
    assert lines == ["not from nowhere: nowhere does not answer"]


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "alumiini").touch()

    with pytest.raises(ControlPlaneError, match=r"is of no use \(Not a directory\); make room or set XDG_"):
        obtain(print, environment={"XDG_CACHE_HOME": str(tmp_path)}, sources=[Stock()])


def test_when_no_source_helps_the_error_says_why_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ControlPlaneError) as refused:
        obtain(print, environment={"XDG_CACHE_HOME": str(tmp_path)}, sources=[Empty("a"), Empty("b")])

    assert str(refused.value) == (
        "the programs of the control plane could not be obtained (a does not answer; b does not answer); "
        "connect to the internet, install Go 1.26, or set KUBEBUILDER_ASSETS to a folder with "
        "etcd, kube-apiserver, kube-controller-manager, kubectl"
    )
    assert [path.suffix for path in (tmp_path / "alumiini" / "control-plane").iterdir()] == [".lock"]
