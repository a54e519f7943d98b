"""The lock files say exactly what is installed, and nothing of where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def requirements(name: str) -> list[str]:
    """Return one logical line per requirement."""
    text = (ROOT / name).read_text()
    lines = (line for line in text.splitlines() if not line.strip().startswith("#"))
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def names(lock: str) -> dict[str, str]:
    return {line.split("==")[0]: line.split()[0] for line in requirements(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_one_version_and_its_hashes(lock: str) -> None:
    for requirement in requirements(lock):
        assert re.match(r"[a-z0-9-]+==[0-9][^ ]*( ;[^-]*)? ", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", requirement), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_packages_come_from(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_the_locks_cover_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {re.split(r"[<>=]", one)[0].lower() for one in project["project"]["dependencies"]}
    tools = {re.split(r"[<>=]", one)[0].lower() for one in project["dependency-groups"]["dev"]}
    assert asked <= names("requirements.lock").keys()
    assert asked | tools <= names("requirements-dev.lock").keys()


def test_the_program_is_tested_with_what_goes_into_the_image() -> None:
    assert names("requirements.lock").items() <= names("requirements-dev.lock").items()
