"""The official releases of the programs: where they are, and what they must add up to.

This is the one file that names release sites. etcd, kube-apiserver and kubectl come in an archive of the
Kubernetes project's controller-tools (made for envtest); kube-controller-manager comes from the release site
of Kubernetes, in the same version, beside its SHA-256.
"""

from __future__ import annotations

import re
import shutil
import tarfile
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from alumiini_py.controlplane.download import Checksum, Web
from alumiini_py.controlplane.errors import UnavailableError
from alumiini_py.controlplane.progress import step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alumiini_py.controlplane.progress import Progress

VERSION = "1.36.2"
ARCHIVES = "https://github.com/kubernetes-sigs/controller-tools/releases/download"
BINARIES = "https://dl.k8s.io/release"
ARCHIVE_SHA512: Mapping[str, str] = MappingProxyType({
    "amd64": "ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dc"
    "f30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08",
    "arm64": "2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae2818"
    "1afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac",
})  # fmt: skip

_ARCHIVED = frozenset({"etcd", "kube-apiserver", "kubectl"})
_MANAGER = "kube-controller-manager"


@dataclass(frozen=True, slots=True)
class Releases:
    """A source of programs; sites and checksums can be others where a mirror is used."""

    architecture: str
    archives: str = ARCHIVES
    binaries: str = BINARIES
    archive_sha512: Mapping[str, str] = field(default_factory=lambda: ARCHIVE_SHA512)
    web: Web = field(default_factory=Web)

    @property
    def name(self) -> str:
        """What a person reads."""
        return f"the official releases (Kubernetes {VERSION})"

    def fill(self, folder: Path, progress: Progress) -> None:
        """Put the four programs into the folder; raises UnavailableError when one is not to be had intact."""
        with step(progress, f"downloading {self.name}"):
            self._archive(folder)
            self._controller_manager(folder)

    def _archive(self, folder: Path) -> None:
        tag = f"envtest-v{VERSION}"
        url = f"{self.archives}/{tag}/{tag}-linux-{self.architecture}.tar.gz"
        archive = folder / "archive.tar.gz"
        self.web.save(url, archive, Checksum("sha512", self.archive_sha512[self.architecture]))
        missing = _ARCHIVED - _extract(archive, folder)
        if missing:
            raise UnavailableError(f"{url} lacks {', '.join(sorted(missing))}")
        archive.unlink()

    def _controller_manager(self, folder: Path) -> None:
        url = f"{self.binaries}/v{VERSION}/bin/linux/{self.architecture}/{_MANAGER}"
        sha256 = self.web.text(f"{url}.sha256").strip()
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise UnavailableError(f"{url}.sha256 is not a SHA-256")
        self.web.save(url, folder / _MANAGER, Checksum("sha256", sha256))
        (folder / _MANAGER).chmod(0o755)


def _extract(archive: Path, folder: Path) -> set[str]:
    """Write the programs of a verified archive, whatever folders they are in there; return their names."""
    found = set()
    with tarfile.open(archive, "r:gz") as members:
        for member in members:
            name = member.name.rpartition("/")[2]
            content = members.extractfile(member) if member.isfile() and name in _ARCHIVED else None
            if content is not None:
                with content, (folder / name).open("xb") as output:
                    shutil.copyfileobj(content, output)
                (folder / name).chmod(0o755)
                found.add(name)
    return found
