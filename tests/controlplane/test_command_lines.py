"""The programs listen on loopback alone, and etcd on no port at all."""

from __future__ import annotations

from pathlib import Path

from alumiini_py.controlplane.command_lines import etcd, kube_apiserver, kube_controller_manager


def test_etcd_listens_on_sockets_in_the_data_folder() -> None:
    listening = [flag for flag in etcd(Path("/bin/etcd")) if flag.startswith("--listen")]

    assert listening == ["--listen-client-urls=unix://client:0", "--listen-peer-urls=unix://peer:0"]


def test_the_api_server_listens_on_loopback_with_rbac() -> None:
    command = kube_apiserver(Path("/bin/kube-apiserver"), 6443, None)

    assert {"--bind-address=127.0.0.1", "--secure-port=6443", "--authorization-mode=RBAC"} <= set(command)
    assert not any("audit" in flag for flag in command)


def test_requests_are_logged_where_it_was_asked_for() -> None:
    command = kube_apiserver(Path("/bin/kube-apiserver"), 6443, Path("/tmp/audit.log"))

    assert command[-2:] == ["--audit-policy-file=audit-policy.json", "--audit-log-path=/tmp/audit.log"]


def test_the_controller_manager_listens_nowhere() -> None:
    assert "--secure-port=0" in kube_controller_manager(Path("/bin/kube-controller-manager"))
