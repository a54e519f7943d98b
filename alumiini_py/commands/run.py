"""``alumiini run``: the controller."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from alumiini_py.application import Application
from alumiini_py.composition import compose
from alumiini_py.controlplane.user_folders import data_folder
from alumiini_py.exit_codes import DONE, FAILED
from alumiini_py.flags import flag, positive
from alumiini_py.settings import Settings, default_lease_namespace
from alumiini_py.terminal import complain
from webhooks.server import ListenError
from workers.cluster.errors import UnreachableError
from workers.source.mirrors import FolderInUseError
from workers.telemetry import logs

if TYPE_CHECKING:
    import argparse
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
    flag(parser, "--data-dir", type=Path, default=defaults.data_dir, help="folder for Git mirrors")
    flag(parser, "--concurrency", type=positive, default=defaults.concurrency, help="syncs at once")
    flag(parser, "--lease-namespace", help="namespace of the Lease (default: our own in a cluster)")
    flag(parser, "--no-leader-election", action="store_true", help="hold no Lease; nobody else may run")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; a second one ends at once."""
    logs.configure(arguments.log_format, arguments.log_level)
    ended = threading.Event()
    fatal: list[str] = []

    def fail(sentence: str) -> None:
        fatal.append(sentence)
        ended.set()

    _end_on_signals(ended)
    settings = _settings(arguments)
    try:
        application = Application(settings, compose(settings, fail))
        application.start()
    except (ListenError, UnreachableError, FolderInUseError) as error:
        complain(f"alumiini: {error}")
        return FAILED
    except OSError as error:
        complain(f"alumiini: the data folder {settings.data_dir} cannot be used: {error.strerror}")
        return FAILED
    ended.wait()
    application.stop()
    for sentence in fatal:
        complain(f"alumiini: {sentence}")
    return FAILED if fatal else DONE


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


def _end_on_signals(ended: threading.Event) -> None:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if ended.is_set():
            os._exit(FAILED)  # asked twice: at once
        ended.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
