"""What can be known of the image without building it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alumiini_py.flags import variable

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile as (instruction, rest) pairs, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def final_stage() -> list[tuple[str, str]]:
    every = instructions()
    start = max(number for number, (word, _) in enumerate(every) if word == "FROM")
    return every[start:]


def environment() -> dict[str, str]:
    pairs = [pair for word, rest in final_stage() if word == "ENV" for pair in rest.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def copied() -> list[str]:
    return [
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_there_and_reaches_the_builder(source: str) -> None:
    assert (ROOT / source).exists()
    assert f"!{source.removeprefix('./')}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_nothing_reaches_the_builder_that_is_not_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied())


def test_everything_from_an_index_is_held_against_its_hash() -> None:
    installs = re.findall(
        r"\bpip\b[^&]*\binstall\b[^&]*", (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    )
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or {"--no-index", "--no-deps"} <= set(install.split()), install


def test_it_runs_as_somebody_with_a_number_that_is_not_root() -> None:
    (user,) = (rest for word, rest in final_stage() if word == "USER")
    assert user == "65532:65532"  # runAsNonRoot cannot judge a name


def test_it_runs_without_a_shell() -> None:
    assert final_stage()[-2:] == [("ENTRYPOINT", '["alumiini"]'), ("CMD", '["run"]')]


def test_it_needs_no_writable_root_file_system() -> None:
    assert environment() == {
        "PATH": "/opt/alumiini/bin:$PATH",
        "HOME": "/tmp",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        variable("--data-dir"): "/data",
    }


def test_git_is_inside() -> None:
    (packages,) = (rest for word, rest in final_stage() if word == "RUN")
    assert " git " in packages
