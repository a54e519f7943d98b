from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kubernetes.config import incluster_config

from tests.cluster.fake_api import Answer, FakeApi, document, status
from tests.cluster.parts import Cluster, write_kubeconfig
from workers.cluster.access import find_access
from workers.cluster.connection import Request
from workers.cluster.errors import ApiError, UnreachableError

if TYPE_CHECKING:
    from tests.cluster.fake_api import Asked

READ = Request("GET", "/api/v1/namespaces/a")


@pytest.fixture(autouse=True)
def an_empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_without_any_cluster_one_sentence_says_what_to_do() -> None:
    with pytest.raises(UnreachableError) as caught:
        find_access()

    assert str(caught.value) == "no cluster found: set --kubeconfig or KUBECONFIG, or run inside a cluster"


def test_the_given_file_goes_before_the_environment_and_that_before_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {}
    for name in ("given", "environment", ".kube"):
        folder = (Path.home() if name == ".kube" else tmp_path) / name
        folder.mkdir()
        paths[name] = write_kubeconfig(folder, f"https://{name.strip('.')}:1/", user={"token": "t"})
    paths[".kube"].rename(Path.home() / ".kube" / "config")

    assert find_access().url == "https://kube:1"
    monkeypatch.setenv("KUBECONFIG", str(paths["environment"]))
    assert find_access().url == "https://environment:1"
    assert find_access(str(paths["given"])).url == "https://given:1"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match=f"kubeconfig {tmp_path}/none does not exist: check "):
        find_access(str(tmp_path / "none"))


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://a:1", user={"token": "t"})

    with pytest.raises(UnreachableError, match="elsewhere"):
        find_access(str(path), "elsewhere")
    with pytest.raises(UnreachableError, match="there is no kubeconfig to find the context 'elsewhere' in"):
        find_access(None, "elsewhere")


@pytest.mark.parametrize("text", ["token: [hunter2", "hunter2", "- hunter2", "\x00hunter2"])
def test_a_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)

    with pytest.raises(UnreachableError) as caught:
        find_access(str(path))

    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value)


def answers_only(good: str) -> FakeApi:
    def script(asked: Asked) -> Answer:
        known = asked.headers["Authorization"] == f"Bearer {good}"
        return document({}) if known else status(401, "Unauthorized", "Unauthorized")

    return FakeApi(script)


def test_a_token_file_that_was_rotated_is_read_again_when_the_old_token_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    with answers_only("new") as api:
        path = write_kubeconfig(tmp_path, api.url, user={"tokenFile": str(token)})
        with Cluster.of(path) as cluster:
            token.write_text("new")
            cluster.connection.send(READ, cluster.deadline)
            cluster.connection.send(READ, cluster.deadline)

    assert cluster.calls == [("GET", 401), ("GET", 200), ("GET", 200)]


def test_in_a_cluster_the_service_account_is_used_and_its_token_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("old\n")
    authority.write_text("certificate")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    access = find_access()
    assert (access.url, access.authorization()) == ("https://10.0.0.1:443", "bearer old")
    token.write_text("new")

    assert access.renew("bearer old")
    assert access.authorization() == "bearer new"
    assert not access.renew("bearer new")


def test_a_token_that_stays_refused_is_not_sent_again_and_again(tmp_path: Path) -> None:
    with answers_only("new") as api:
        path = write_kubeconfig(tmp_path, api.url, user={"token": "old"})
        with Cluster.of(path) as cluster, pytest.raises(ApiError) as caught:
            cluster.connection.send(READ, cluster.deadline)

    assert caught.value.status == 401
    assert cluster.calls == [("GET", 401)]


def test_a_token_comes_from_a_program(tmp_path: Path) -> None:
    program = tmp_path / "login"
    program.write_text(
        '#!/bin/sh\necho \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
        '"status":{"token":"from-the-program"}}\'\n'
    )
    program.chmod(0o700)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "args": []}}
    user["exec"]["interactiveMode"] = "Never"
    with answers_only("from-the-program") as api:
        path = write_kubeconfig(tmp_path, api.url, user=user)
        with Cluster.of(path) as cluster:
            assert cluster.connection.send(READ, cluster.deadline).status == 200


def test_basic_authentication_is_sent_as_such(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://a:1", user={"username": "me", "password": "pass"})

    assert find_access(str(path)).authorization() == "Basic bWU6cGFzcw=="


def test_a_client_certificate_needs_no_header(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path, "https://a:1", user={})

    assert find_access(str(path)).authorization() is None
