"""``alumiini run``: the controller."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from alumiini_py.application import Application
from alumiini_py.composition import compose
from alumiini_py.controlplane.user_folders import data_folder
from alumiini_py.exit_codes import DONE, FAILED
from alumiini_py.flags import flag, folder, positive
from alumiini_py.settings import Settings, default_lease_namespace
from alumiini_py.terminal import complain
from webhooks.server import ListenError
from workers.cluster.errors import UnreachableError
from workers.source.mirrors import FolderInUseError
from workers.telemetry import logs

_BY_SIGNAL = ""
"""What ends an orderly run in place of a fault."""

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from types import FrameType


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run`` to the command line."""
    parser = commands.add_parser(
        "run", help="the controller: watch GitRepositories and keep the cluster equal"
    )
    defaults = Settings(data_dir=data_folder(os.environ) / "controller")
    flag(parser, "--watch-namespace", action="append", help="only this namespace (repeatable; default: all)")
    flag(parser, "--webhook-bind", default=defaults.webhook_bind, help="host:port for webhooks")
    flag(parser, "--webhook-secret-file", type=Path, help="file whose first line is the webhook secret")
    flag(parser, "--api-bind", default=defaults.api_bind, help="host:port for status, probes and metrics")
    flag(parser, "--data-dir", type=folder, default=defaults.data_dir, help="folder for Git mirrors")
    flag(parser, "--concurrency", type=positive, default=defaults.concurrency, help="syncs at once")
    flag(parser, "--lease-namespace", help="namespace of the Lease (default: our own in a cluster)")
    flag(parser, "--no-leader-election", action="store_true", help="hold no Lease; nobody else may run")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; a second one ends at once."""
    logs.configure(arguments.log_format, arguments.log_level)
    ends: SimpleQueue[str] = SimpleQueue()  # reentrant: a signal may come in the middle of a get
    settings = _settings(arguments)
    try:
        parts = compose(settings, ends.put)
        _end_on_signals(ends, parts.markers.close)
        application = Application(settings, parts)
        application.start()
    except (ListenError, UnreachableError, FolderInUseError) as error:
        complain(f"alumiini: {error}")
        return FAILED
    except OSError as error:
        complain(f"alumiini: the data folder {settings.data_dir} cannot be used: {error.strerror}")
        return FAILED
    fault = ends.get()
    application.stop()
    if fault:
        complain(f"alumiini: {fault}")
    return FAILED if fault else DONE


def _settings(arguments: argparse.Namespace) -> Settings:
    namespace = arguments.lease_namespace or default_lease_namespace()
    return Settings(
        data_dir=arguments.data_dir.absolute(),
        kubeconfig=arguments.kubeconfig,
        context=arguments.context,
        watch_namespaces=tuple(dict.fromkeys(arguments.watch_namespace or ())),
        webhook_bind=arguments.webhook_bind,
        webhook_secret_file=arguments.webhook_secret_file,
        api_bind=arguments.api_bind,
        concurrency=arguments.concurrency,
        lease_namespace=None if arguments.no_leader_election else namespace,
    )


def _end_on_signals(ends: SimpleQueue[str], last_act: Callable[[], None]) -> None:
    """End in order at the first SIGTERM or SIGINT, and at once at the second."""
    asked: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if asked:
            last_act()
            os._exit(FAILED)
        asked.append(number)
        ends.put(_BY_SIGNAL)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
