"""The lease lies in the namespace of our own pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alumiini_py import settings
from alumiini_py.settings import Settings, default_lease_namespace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("written", "namespace"), [("ops", "ops"), ("ops\n", "ops"), ("", "default")])
def test_in_a_cluster_the_pod_knows_its_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, namespace: str
) -> None:
    (tmp_path / "namespace").write_text(written)
    monkeypatch.setattr(settings, "_IN_CLUSTER_NAMESPACE", tmp_path / "namespace")

    assert default_lease_namespace() == namespace


def test_outside_of_a_cluster_it_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_IN_CLUSTER_NAMESPACE", tmp_path / "none")

    assert default_lease_namespace() == "default"


def test_by_default_all_namespaces_are_watched_under_a_lease(tmp_path: Path) -> None:
    defaults = Settings(tmp_path)

    assert defaults.watch_namespaces == ()
    assert defaults.lease_namespace == "default"
    assert defaults.concurrency >= 1
