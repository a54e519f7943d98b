"""A data folder has one owner, and only a living keeper of this folder is ever signalled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from alumiini_py.controlplane.claim import claimed, end, running
from alumiini_py.controlplane.errors import AlreadyRunningError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_is_claimed_once_at_a_time(tmp_path: Path) -> None:
    with (
        claimed(tmp_path),
        pytest.raises(AlreadyRunningError, match=f"running in {tmp_path} already"),
        claimed(tmp_path),
    ):
        pass

    with claimed(tmp_path):
        pass


def test_the_holder_of_the_lock_is_running(tmp_path: Path) -> None:
    with claimed(tmp_path) as lock:
        os.write(lock, f"{os.getpid()}\n".encode())

        assert running(tmp_path) == os.getpid()


def test_a_process_that_got_the_number_again_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "keeper.pid").write_text(f"{os.getpid()}\n")

    assert running(tmp_path) is None
    assert not end(tmp_path, 1)


@pytest.mark.parametrize("content", ["", "garbage", "4194305"])
def test_a_file_without_a_living_process_means_not_running(tmp_path: Path, content: str) -> None:
    (tmp_path / "keeper.pid").write_text(content)

    assert running(tmp_path) is None


def test_a_folder_that_never_had_one_is_not_running(tmp_path: Path) -> None:
    assert running(tmp_path / "nothing") is None
    assert not end(tmp_path / "nothing", 1)
