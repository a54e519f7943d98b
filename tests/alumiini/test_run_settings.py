"""What ``alumiini run`` makes of its flags and variables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.__main__ import _parser
from alumiini_py.commands import ALL
from alumiini_py.commands.run import _settings

if TYPE_CHECKING:
    import pytest

    from alumiini_py.settings import Settings


def settings(*arguments: str) -> Settings:
    return _settings(_parser(ALL).parse_args(["run", *arguments]))


def test_without_flags_there_are_the_documented_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")

    defaults = settings()

    assert (defaults.webhook_bind, defaults.api_bind) == ("0.0.0.0:9292", "0.0.0.0:9440")
    assert defaults.data_dir == Path("/srv/share/alumiini/controller")
    assert (defaults.watch_namespaces, defaults.webhook_secret_file) == ((), None)
    assert defaults.lease_namespace == "default"


def test_every_flag_has_its_setting(tmp_path: Path) -> None:
    told = settings(
        *("--kubeconfig", "config", "--context", "kind", "--data-dir", str(tmp_path)),
        *("--webhook-bind", "127.0.0.1:0", "--webhook-secret-file", "secret", "--api-bind", "127.0.0.1:1"),
        *("--watch-namespace", "a", "--watch-namespace", "b", "--concurrency", "3"),
        *("--lease-namespace", "ops"),
    )

    assert (told.kubeconfig, told.context, told.data_dir) == ("config", "kind", tmp_path)
    assert (told.webhook_bind, told.webhook_secret_file) == ("127.0.0.1:0", Path("secret"))
    assert (told.api_bind, told.watch_namespaces) == ("127.0.0.1:1", ("a", "b"))
    assert (told.concurrency, told.lease_namespace) == (3, "ops")


def test_a_namespace_that_is_named_twice_is_watched_once() -> None:
    told = settings("--watch-namespace", "b", "--watch-namespace", "a", "--watch-namespace", "b")

    assert told.watch_namespaces == ("b", "a")


def test_a_deployment_can_set_everything_by_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALUMIINI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ALUMIINI_WATCH_NAMESPACE", "a,b")
    monkeypatch.setenv("ALUMIINI_CONCURRENCY", "2")
    monkeypatch.setenv("ALUMIINI_LEASE_NAMESPACE", "ops")

    told = settings()

    assert (told.data_dir, told.watch_namespaces) == (tmp_path, ("a", "b"))
    assert (told.concurrency, told.lease_namespace) == (2, "ops")


def test_without_leader_election_there_is_no_lease() -> None:
    assert settings("--no-leader-election", "--lease-namespace", "ops").lease_namespace is None


def test_a_variable_takes_leader_election_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALUMIINI_NO_LEADER_ELECTION", "true")

    assert settings().lease_namespace is None


def test_a_relative_data_folder_is_meant_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert settings("--data-dir", "data").data_dir == tmp_path / "data"
