"""What the programs find in the data folder before they start."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alumiini_py.controlplane.command_lines import AUDIT_POLICY_FILE, TOKENS_FILE
from alumiini_py.controlplane.kept import LOGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody the API server knows by a bearer token."""

    token: str = field(repr=False)
    groups: tuple[str, ...] = ()


def create(folder: Path) -> None:
    """Make the folder, or make an old one private."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def prepare(folder: Path, users: Mapping[str, User]) -> None:
    """Write what the programs read; old certificates and logs go, the objects in etcd stay."""
    for name in ("certs", LOGS):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(mode=0o700)
    write_privately(folder / AUDIT_POLICY_FILE, json.dumps(_AUDIT_POLICY))
    write_privately(folder / TOKENS_FILE, _tokens(users))


def write_privately(file: Path, text: str) -> None:
    """Write a file that only its owner can read; a reader sees all of it or the one before."""
    part = file.with_name(f"{file.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
    part.replace(file)


def _tokens(users: Mapping[str, User]) -> str:
    """Return kube-apiserver's token file: token, user, uid, and the groups as one quoted field."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        (user.token, name, name, ",".join(user.groups)) for name, user in users.items()
    )
    return text.getvalue()
