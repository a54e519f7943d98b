"""Files of ours are where the XDG Base Directory Specification wants them."""

from __future__ import annotations

from pathlib import Path

import pytest

from alumiini_py.controlplane.user_folders import cache_folder, data_folder


def test_the_environment_names_the_folders() -> None:
    environment = {"XDG_CACHE_HOME": "/var/cache/me", "XDG_DATA_HOME": "/srv/me"}

    assert cache_folder(environment) == Path("/var/cache/me/alumiini")
    assert data_folder(environment) == Path("/srv/me/alumiini")


@pytest.mark.parametrize("value", ["", "relative"])
def test_without_an_absolute_path_they_are_in_the_home_folder(value: str) -> None:
    assert cache_folder({"XDG_CACHE_HOME": value}) == Path.home() / ".cache" / "alumiini"
    assert data_folder({"XDG_DATA_HOME": value}) == Path.home() / ".local" / "share" / "alumiini"
