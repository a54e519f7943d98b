"""How the three programs are called; pure, and relative to the data folder, where they run.

etcd listens on Unix sockets in the data folder (0700) and on no port: it has no authentication of its own,
and any user of the machine could reach a port on loopback. A Unix socket needs the form ``unix://name:0``,
because etcd asks for a port; the file is called ``name:0``.

kube-apiserver makes its own certificate and key in ``certs``. The same key signs the tokens of service
accounts: it exists before the server reads it, and no other program is needed to make one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ETCD = "etcd"
KUBE_APISERVER = "kube-apiserver"
KUBE_CONTROLLER_MANAGER = "kube-controller-manager"

CA_FILE = "certs/apiserver.crt"
TOKENS_FILE = "tokens.csv"
AUDIT_POLICY_FILE = "audit-policy.json"
CONTROLLER_MANAGER_KUBECONFIG = "controller-manager.kubeconfig"

CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "clusterrole-aggregation-controller",
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "cronjob-controller",
    "endpointslice-controller",
    "resourcequota-controller",
)
"""What answers without nodes: deletion, ownership, roles, and the workloads up to their Pods."""

_KEY = "certs/apiserver.key"
_CLIENT = "unix://client:0"
_PEER = "unix://peer:0"


def etcd(program: Path) -> list[str]:
    """Call etcd; without fsync, because a local trial is not worth a wait per write."""
    return [
        str(program),
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={_CLIENT}",
        f"--advertise-client-urls={_CLIENT}",
        f"--listen-peer-urls={_PEER}",
        f"--initial-advertise-peer-urls={_PEER}",
        f"--initial-cluster=default={_PEER}",
    ]


def kube_apiserver(program: Path, port: int, audit_log: Path | None) -> list[str]:
    """Call kube-apiserver on a port of loopback; with ``audit_log`` it adds a JSON line there per request."""
    audit = [f"--audit-policy-file={AUDIT_POLICY_FILE}", f"--audit-log-path={audit_log}"] if audit_log else []
    return [
        str(program),
        f"--etcd-servers={_CLIENT}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        "--cert-dir=certs",
        "--authorization-mode=RBAC",
        f"--token-auth-file={TOKENS_FILE}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={_KEY}",
        f"--service-account-signing-key-file={_KEY}",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--endpoint-reconciler-type=none",
        "--allow-privileged=true",
        *audit,
    ]


def kube_controller_manager(program: Path) -> list[str]:
    """Call kube-controller-manager, which listens nowhere."""
    return [
        str(program),
        f"--kubeconfig={CONTROLLER_MANAGER_KUBECONFIG}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--controllers={','.join(CONTROLLERS)}",
    ]
