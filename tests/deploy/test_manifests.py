"""What ``deploy/`` says and what the program does belong together."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from alumiini_py.commands import run
from alumiini_py.deployment import documents
from alumiini_py.settings import Settings


def shipped(kind: str, name: str) -> dict[str, Any]:
    (found,) = (d for d in documents() if d["kind"] == kind and d["metadata"]["name"] == name)
    return found


@pytest.fixture
def pod() -> dict[str, Any]:
    spec = shipped("Deployment", "alumiini")["spec"]["template"]["spec"]
    assert isinstance(spec, dict)
    return spec


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    assert isinstance(only, dict)
    return only


@pytest.fixture
def arguments(container: dict[str, Any]) -> argparse.Namespace:
    """The arguments of the container, as the command line reads them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--log-format")
    run.register(parser.add_subparsers())
    command, *flags = container["args"]
    form, *rest = flags
    return parser.parse_args([form, command, *rest])


def test_the_command_line_takes_the_arguments_of_the_container(arguments: argparse.Namespace) -> None:
    assert arguments.log_format == "json"


def test_what_the_program_writes_to_is_mounted_writable(
    arguments: argparse.Namespace, container: dict[str, Any]
) -> None:
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {str(arguments.data_dir), "/tmp"}


def test_the_webhook_secret_is_where_the_program_reads_it(
    arguments: argparse.Namespace, pod: dict[str, Any], container: dict[str, Any]
) -> None:
    (mount,) = (m for m in container["volumeMounts"] if m["name"] == "webhook")
    (volume,) = (v for v in pod["volumes"] if v["name"] == "webhook")
    assert str(arguments.webhook_secret_file) == f"{mount['mountPath']}/secret"
    assert volume["secret"] == {"secretName": "alumiini-webhook", "optional": True, "defaultMode": 0o440}


def test_ports_are_those_on_which_the_program_listens(
    arguments: argparse.Namespace, container: dict[str, Any]
) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert arguments.webhook_bind == f"0.0.0.0:{ports['webhooks']}"
    assert arguments.api_bind == f"0.0.0.0:{ports['api']}"


def test_probes_ask_the_listener_that_no_service_exposes(container: dict[str, Any]) -> None:
    (port,) = shipped("Service", "alumiini-webhooks")["spec"]["ports"]
    assert port["targetPort"] == "webhooks"
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "api"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "api"}


def test_a_stop_has_more_time_than_the_program_takes(pod: dict[str, Any]) -> None:
    # Waiting for the watches and for the actors each take at most the grace time.
    assert pod["terminationGracePeriodSeconds"] > 2 * Settings(Path("/data")).grace_seconds


def test_two_pods_never_run_at_once() -> None:
    spec = shipped("Deployment", "alumiini")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_no_role_may_become_somebody_else_or_grant_more_than_it_has() -> None:
    roles = [d for d in documents() if d["kind"] in {"Role", "ClusterRole"}]
    verbs = {verb for role in roles for rule in role["rules"] for verb in rule["verbs"]}
    assert verbs == {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}


def test_only_the_role_for_what_comes_from_git_has_wildcards() -> None:
    roles = [d for d in documents() if d["kind"] in {"Role", "ClusterRole"}]
    wild = {role["metadata"]["name"] for role in roles for rule in role["rules"] if "*" in str(rule)}
    assert wild == {"alumiini-applier"}
