"""``alumiini local``: a control plane on this machine, for trying things out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alumiini_py.controlplane import claim, programs
from alumiini_py.controlplane.errors import AlreadyRunningError, ControlPlaneError, NotReadyError
from alumiini_py.controlplane.kept import END_SECONDS
from alumiini_py.controlplane.plane import KUBECONFIG, ControlPlane
from alumiini_py.controlplane.user_folders import data_folder
from alumiini_py.exit_codes import DONE, FAILED, NOT_FOUND, TIMED_OUT
from alumiini_py.flags import flag, folder
from alumiini_py.terminal import complain, say

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``local`` with ``up``, ``down`` and ``status`` to the command line."""
    local = commands.add_parser("local", help="an embedded control plane, for trying and testing")
    actions = local.add_subparsers(dest="action", required=True)
    for name, action, description in (
        ("up", _up, "start it and print its kubeconfig"),
        ("down", _down, "end it; what was in the cluster is there again after the next up"),
        ("status", _status, "say whether it runs; the exit code is 3 when it does not"),
    ):
        parser = actions.add_parser(name, help=description)
        flag(
            parser,
            "--data-dir",
            type=folder,
            default=data_folder(os.environ),
            help="folder for its data, which goes to control-plane in there (default: %(default)s)",
        )
        parser.set_defaults(local=action)


def run(arguments: argparse.Namespace) -> int:
    """Do what the command line says and return the exit code."""
    folder = arguments.data_dir.absolute() / "control-plane"
    try:
        code: int = arguments.local(folder)
    except ControlPlaneError as error:
        complain(f"alumiini: {error}")
        return TIMED_OUT if isinstance(error, NotReadyError) else FAILED
    return code


def _up(folder: Path) -> int:
    try:
        ControlPlane.start(folder, programs=programs.obtain(complain), progress=complain).detach()
    except AlreadyRunningError as error:
        complain(str(error))
    say(f"kubeconfig: {folder / KUBECONFIG}")
    say(f"export KUBECONFIG={folder / KUBECONFIG}")
    return DONE


def _down(folder: Path) -> int:
    ended = claim.end(folder, END_SECONDS)
    say("the control plane has ended" if ended else "no control plane is running")
    return DONE


def _status(folder: Path) -> int:
    keeper = claim.running(folder)
    if keeper is None:
        say(f"no control plane is running in {folder}")
        return NOT_FOUND
    say(f"running, kept by process {keeper}")
    say(f"kubeconfig: {folder / KUBECONFIG}")
    return DONE
