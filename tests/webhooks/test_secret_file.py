"""The global secret is read from its file while that file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.supervisor.manual_clock import ManualClock
from webhooks.secret_file import SecretFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "secrets"),
    [
        (b"current", (b"current",)),
        (b"current\n", (b"current",)),
        (b"current\nprevious\n", (b"current", b"previous")),
        (b"current\r\nprevious\r\n", (b"current", b"previous")),
        (b"  current \n\n", (b"current",)),
        (b"current\nprevious\nolder\n", (b"current", b"previous")),
        (b"\nprevious\n", (b"previous",)),
        (b"p\xc3\xa4ss\xff word", (b"p\xc3\xa4ss\xff word",)),
        (b"", ()),
        (b"\n \n", ()),
    ],
)
def test_the_first_line_is_current_and_the_second_previous(
    tmp_path: Path, content: bytes, secrets: tuple[bytes, ...]
) -> None:
    (tmp_path / "secret").write_bytes(content)

    assert SecretFile(tmp_path / "secret", ManualClock()).current() == secrets


def test_a_change_counts_after_a_second_even_if_nothing_but_the_content_differs(tmp_path: Path) -> None:
    clock, file = ManualClock(), tmp_path / "secret"
    file.write_bytes(b"one")
    secret = SecretFile(file, clock)
    assert secret.current() == (b"one",)

    file.write_bytes(b"two")
    clock.advance(0.9)
    assert secret.current() == (b"one",)

    clock.advance(0.1)
    assert secret.current() == (b"two",)


def test_a_mounted_secret_changes_by_a_link(tmp_path: Path) -> None:
    clock = ManualClock()
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "secret").write_text(version)
    (tmp_path / "data").symlink_to("one")
    secret = SecretFile(tmp_path / "data" / "secret", clock)
    assert secret.current() == (b"one",)

    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "data")
    clock.advance(1.0)
    assert secret.current() == (b"two",)


def test_a_file_that_goes_away_takes_its_secret_along_and_may_come_back(tmp_path: Path) -> None:
    clock, file = ManualClock(), tmp_path / "secret"
    file.write_bytes(b"one")
    secret = SecretFile(file, clock)
    assert secret.current() == (b"one",)

    file.unlink()
    clock.advance(1.0)
    assert secret.current() == ()

    file.write_bytes(b"two")
    clock.advance(1.0)
    assert secret.current() == (b"two",)


def test_no_path_means_no_secret() -> None:
    assert SecretFile(None, ManualClock()).current() == ()


def test_a_missing_file_is_told_once_until_it_was_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, file = ManualClock(), tmp_path / "secret"
    secret = SecretFile(file, clock)
    for content in (None, None, b"one", None, None):
        file.unlink(missing_ok=True) if content is None else file.write_bytes(content)
        clock.advance(1.0)
        secret.current()

    complaint = f"the webhook secret file {file} cannot be read: No such file or directory"
    assert caplog.messages == [complaint, complaint]


def test_the_secret_is_never_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    (tmp_path / "secret").write_bytes(b"correct horse")
    SecretFile(tmp_path / "secret", ManualClock()).current()

    assert "correct" not in caplog.text
