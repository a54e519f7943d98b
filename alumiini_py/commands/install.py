"""``alumiini install``: the CRD, the rights and the Deployment, from ``deploy/`` into a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alumiini_py import deployment
from alumiini_py.client import connected
from alumiini_py.deployment import DeploymentError
from alumiini_py.exit_codes import DONE, FAILED, TIMED_OUT
from alumiini_py.flags import flag
from alumiini_py.installer import Installed, Installer
from alumiini_py.terminal import complain, say
from supervisor.deadline import DeadlineExceededError
from workers.cluster.errors import UnreachableError
from workers.model.errors import SyncError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from supervisor.deadline import Deadline

_SECONDS = 120.0


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``install`` to the command line."""
    parser = commands.add_parser("install", help="put the CRD, the rights and the controller into a cluster")
    flag(parser, "--crds-only", action="store_true", help="the CRD alone")
    flag(
        parser, "--dry-run", action="store_true", help="have the API server check everything, change nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says and return the exit code."""
    dry_run: bool = arguments.dry_run
    try:
        documents = [
            document
            for document in deployment.documents()
            if deployment.is_crd(document) or not arguments.crds_only
        ]
        with connected(arguments.kubeconfig, arguments.context, _SECONDS) as client:
            client.discovery.refresh(client.deadline)  # a cluster that is away is one complaint, not eleven
            installer = Installer(client.connection, client.discovery, dry_run=dry_run)
            return _install(installer, documents, client.deadline, dry_run=dry_run)
    except (DeploymentError, SyncError, UnreachableError) as error:
        complain(f"alumiini: {error}")
        return FAILED
    except DeadlineExceededError:
        complain(f"alumiini: not everything was installed within {_SECONDS:.0f} s; try again")
        return TIMED_OUT


def _install(
    installer: Installer, documents: Sequence[dict[str, Any]], deadline: Deadline, *, dry_run: bool
) -> int:
    """Apply one after the other; a dry run goes on after a refusal, so that it shows them all."""
    code = DONE
    for document in documents:
        try:
            installed = installer.apply(document, deadline)
        except SyncError as error:
            code = FAILED
            complain(f"alumiini: {error.message}")
            if not dry_run:
                break
        else:
            say(_line(installed, dry_run=dry_run))
    return code


def _line(installed: Installed, *, dry_run: bool) -> str:
    if not dry_run:
        return f"{installed.key} {'created' if installed.created else 'applied'}"
    line = f"{installed.key} would be {'created' if installed.created else 'applied'} (dry run)"
    if installed.checked_in:
        line += f", checked in the namespace {installed.checked_in} since its own does not exist yet"
    return line
