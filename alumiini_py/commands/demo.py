"""``alumiini demo``: the main job, shown on real parts."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from alumiini_py.controlplane.errors import ControlPlaneError
from alumiini_py.demo.forge import WebhookError
from alumiini_py.demo.reader import NotSeenError
from alumiini_py.demo.script import Script
from alumiini_py.demo.show import Show
from alumiini_py.demo.stage import Stage
from alumiini_py.demo.visit import visit
from alumiini_py.deployment import DeploymentError
from alumiini_py.exit_codes import DONE, FAILED
from alumiini_py.flags import flag
from webhooks.server import ListenError
from workers.cluster.errors import UnreachableError
from workers.model.errors import SyncError
from workers.source.address import parse_address

if TYPE_CHECKING:
    import argparse
    from types import FrameType

_EXPECTED = (
    ControlPlaneError,
    DeploymentError,
    ListenError,
    NotSeenError,
    SyncError,
    UnreachableError,
    WebhookError,
)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo`` to the command line."""
    parser = commands.add_parser("demo", help="show a sync, a push, a prune and a crash on real parts")
    parser.add_argument("url", nargs="?", metavar="URL", help="follow this repository instead of a sample")
    flag(parser, "--once", action="store_true", help="end after the show")


def run(arguments: argparse.Namespace) -> int:
    """Show; the exit code is 0 only if the cluster was seen to do what was said."""
    script = Script()
    ended = threading.Event()
    fatal: list[str] = []

    def fail(sentence: str) -> None:
        fatal.append(sentence)
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if arguments.url:
            parse_address(arguments.url)
        with Stage(script.progress, fail) as stage:
            _set(stage, script)
            urls = visit(stage, script, arguments.url) if arguments.url else Show(stage, script).play()
            script.line("")
            script.line("Every step was verified by kubectl.")
            if not arguments.once:
                script.invitation(stage.addresses, urls, pushes=not arguments.url)
                with suppress(KeyboardInterrupt):  # the way to end it
                    ended.wait()
    except _EXPECTED as error:
        script.failed(str(error))
        return FAILED
    for sentence in fatal:
        script.failed(sentence)
    return FAILED if fatal else DONE


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _set(stage: Stage, script: Script) -> None:
    script.line("alumiini: every repository is its own supervised actor")
    script.title("The stage: all real, all on this machine")
    with script.timed("control plane: etcd, kube-apiserver, kube-controller-manager"):
        stage.start_control_plane()
    with script.timed("the GitRepository resource is installed"):
        stage.install()
    with script.timed("a Git server over HTTP"):
        stage.start_git_server()
    with script.timed("the controller"):
        stage.start_controller()
