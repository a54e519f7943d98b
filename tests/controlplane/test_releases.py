"""The official releases give four verified programs or none."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.download import Web
from alumiini_py.controlplane.errors import UnavailableError
from alumiini_py.controlplane.progress import silent
from alumiini_py.controlplane.releases import VERSION, Releases
from tests.parts.web_server import Cut, Silence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parts.web_server import WebServer

ARCHIVE = f"/envtest-v{VERSION}/envtest-v{VERSION}-linux-amd64.tar.gz"
MANAGER = f"/v{VERSION}/bin/linux/amd64/kube-controller-manager"


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as members:
        for name in names:
            member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
            member.size = len(name)
            members.addfile(member, io.BytesIO(name.encode()))
    return content.getvalue()


PROGRAMS = archive("etcd", "kube-apiserver", "kubectl", "README.md")


def published(web: WebServer, content: bytes = PROGRAMS, sha512_of: bytes | None = None) -> Releases:
    web.answers[ARCHIVE] = content
    web.answers[MANAGER] = b"manager"
    web.answers[f"{MANAGER}.sha256"] = hashlib.sha256(b"manager").hexdigest().encode()
    sha512 = hashlib.sha512(content if sha512_of is None else sha512_of).hexdigest()
    return Releases("amd64", web.url, web.url, {"amd64": sha512}, Web(answer=0.5, silence=1))


def test_the_four_programs_are_executable_and_nothing_else_is_left(web: WebServer, tmp_path: Path) -> None:
    published(web).fill(tmp_path, silent)

    found = {file.name: file.read_text() for file in tmp_path.iterdir() if os.access(file, os.X_OK)}
    assert found == {
        "etcd": "etcd",
        "kube-apiserver": "kube-apiserver",
        "kubectl": "kubectl",
        "kube-controller-manager": "manager",
    }
    assert len(list(tmp_path.iterdir())) == 4


def test_an_archive_with_another_checksum_is_never_opened(web: WebServer, tmp_path: Path) -> None:
    releases = published(web, sha512_of=b"what was expected")

    with pytest.raises(UnavailableError, match="does not have the expected sha512 and is refused"):
        releases.fill(tmp_path, silent)

    assert list(tmp_path.iterdir()) == []


def test_a_cut_archive_is_never_opened(web: WebServer, tmp_path: Path) -> None:
    releases = published(web)
    web.answers[ARCHIVE] = Cut(PROGRAMS[:50], promised=len(PROGRAMS))

    with pytest.raises(UnavailableError, match=r"was cut after 50 of|broke off"):
        releases.fill(tmp_path, silent)

    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_a_program_says_which_one(web: WebServer, tmp_path: Path) -> None:
    releases = published(web, archive("etcd", "kubectl"))

    with pytest.raises(UnavailableError, match=r"tar\.gz lacks kube-apiserver"):
        releases.fill(tmp_path, silent)


def test_a_controller_manager_with_another_checksum_is_refused(web: WebServer, tmp_path: Path) -> None:
    releases = published(web)
    web.answers[MANAGER] = b"another"

    with pytest.raises(UnavailableError, match="does not have the expected sha256 and is refused"):
        releases.fill(tmp_path, silent)

    assert not (tmp_path / "kube-controller-manager").exists()


def test_a_page_in_place_of_the_checksum_is_refused(web: WebServer, tmp_path: Path) -> None:
    releases = published(web)
    web.answers[f"{MANAGER}.sha256"] = b"<html>log in first</html>"

    with pytest.raises(UnavailableError, match=r"\.sha256 is not a SHA-256"):
        releases.fill(tmp_path, silent)


def test_a_site_that_does_not_answer_is_asked_once_and_given_up(web: WebServer, tmp_path: Path) -> None:
    releases = published(web)
    web.answers[ARCHIVE] = Silence()

    with pytest.raises(UnavailableError, match=r"did not answer within 0\.5 s"):
        releases.fill(tmp_path, silent)

    assert web.asked == [ARCHIVE]
