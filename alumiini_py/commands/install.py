"""``alumiini install``: the CRD, the rights and the Deployment, from ``deploy/`` into a cluster."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alumiini_py import deployment
from alumiini_py.deployment import DeploymentError
from alumiini_py.flags import flag
from alumiini_py.installer import Installed, Installer
from alumiini_py.version import __version__
from supervisor.clock import SystemClock
from supervisor.deadline import Deadline, DeadlineExceededError, Fence, Watchdog
from workers.cluster.access import find_access
from workers.cluster.connection import Connection
from workers.cluster.discovery import Discovery
from workers.cluster.errors import UnreachableError
from workers.model.errors import SyncError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any

DONE, FAILED, TIMED_OUT = 0, 1, 4
_SECONDS = 120.0


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``install`` to the command line."""
    parser = commands.add_parser("install", help="put the CRD, the rights and the controller into a cluster")
    flag(parser, "--crds-only", action="store_true", help="the CRD alone")
    flag(
        parser, "--dry-run", action="store_true", help="have the API server check everything, change nothing"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says and return the exit code."""
    try:
        documents = [
            document
            for document in deployment.documents()
            if deployment.is_crd(document) or not arguments.crds_only
        ]
        with _cluster(arguments.kubeconfig, arguments.context) as (connection, discovery, deadline):
            discovery.refresh(deadline)  # so that a cluster that is away is one complaint, not one per object
            installer = Installer(connection, discovery, dry_run=arguments.dry_run)
            return _install(installer, documents, deadline, dry_run=arguments.dry_run)
    except (DeploymentError, SyncError, UnreachableError) as error:
        return _failed(str(error), FAILED)
    except DeadlineExceededError:
        return _failed(f"not everything was installed within {_SECONDS:.0f} s; try again", TIMED_OUT)


def _install(
    installer: Installer, documents: Sequence[dict[str, Any]], deadline: Deadline, *, dry_run: bool
) -> int:
    """Apply one after the other; a dry run goes on after a refusal, so that it shows them all."""
    code = DONE
    for document in documents:
        try:
            installed = installer.apply(document, deadline)
        except SyncError as error:
            code = _failed(error.message, FAILED)
            if not dry_run:
                break
        else:
            sys.stdout.write(f"{_line(installed, dry_run=dry_run)}\n")
    return code


def _line(installed: Installed, *, dry_run: bool) -> str:
    if not dry_run:
        return f"{installed.key} {'created' if installed.created else 'applied'}"
    line = f"{installed.key} would be {'created' if installed.created else 'applied'} (dry run)"
    if installed.checked_in:
        line += f", checked in the namespace {installed.checked_in} since its own does not exist yet"
    return line


@contextmanager
def _cluster(kubeconfig: str | None, context: str | None) -> Iterator[tuple[Connection, Discovery, Deadline]]:
    clock = SystemClock()
    watchdog = Watchdog(clock)
    connection = Connection(
        find_access(kubeconfig, context), user_agent=f"alumiini/{__version__}", clock=clock
    )
    try:
        yield connection, Discovery(connection, clock), Fence(watchdog).deadline(_SECONDS)
    finally:
        connection.close()
        watchdog.close()


def _failed(sentence: str, code: int) -> int:
    sys.stderr.write(f"alumiini: {sentence}\n")
    return code
