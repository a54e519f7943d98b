"""The demo of somebody else's repository: follow a URL and see what comes of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from alumiini_py.demo import sample
from alumiini_py.demo.reader import NotSeenError, Witness

if TYPE_CHECKING:
    from alumiini_py.demo.reader import Seen
    from alumiini_py.demo.script import Script
    from alumiini_py.demo.stage import Stage

_NAME = "visit"
_KEY = ("GitRepository", sample.NAMESPACE, _NAME)
_SECONDS = 180.0
_PATIENCE = 3
"""Failures in a row after which waiting on is of no use."""
_KINDS = "applyset.kubernetes.io/contains-group-kinds"
_PART_OF = "applyset.kubernetes.io/part-of"
_ID = "applyset.kubernetes.io/id"


def visit(stage: Stage, script: Script, url: str) -> dict[str, str]:
    """Follow a URL; raises NotSeenError unless its objects are in the cluster. Returns its name and URL."""
    script.title(f"A GitRepository follows {url}")
    stage.kubectl.run("create", "namespace", sample.NAMESPACE)
    begun = time.monotonic()
    repository = _followed(stage, url)
    script.seen("the GitRepository is Ready", time.monotonic() - begun)
    total = _count(stage, script, repository["metadata"])
    if total == 0:
        raise NotSeenError("no object of the repository is in the cluster")
    script.seen(f"kubectl finds {total} objects of it in the cluster", time.monotonic() - begun)
    return {_NAME: url}


def _followed(stage: Stage, url: str) -> dict[str, Any]:
    """Create the GitRepository and return it once it is Ready."""
    with Witness(stage.kubectl, ("gitrepositories.alumiini.false.systems",)) as witness:
        stage.kubectl.run("apply", "--filename", "-", stdin=sample.git_repository(_NAME, url))
        witness.wait("a first answer about the repository", _is_decided, _SECONDS)
        found = witness.look(_KEY)
    ready = _condition(found, "Ready")
    if ready.get("status") != "True":
        raise NotSeenError(f"{url} is not applied: {ready.get('reason')}: {ready.get('message')}")
    return found


def _count(stage: Stage, script: Script, metadata: dict[str, Any]) -> int:
    """Let kubectl list the objects of the repository by label."""
    selector = f"{_PART_OF}={metadata['labels'][_ID]}"
    total = 0
    for kind in metadata["annotations"][_KINDS].split(","):
        listed = stage.kubectl.run("get", kind, "-A", "--selector", selector, "--output", "json")
        found = len(json.loads(listed)["items"])
        script.line(f"     {found:4} {kind}")
        total += found
    return total


def _is_decided(seen: Seen) -> bool:
    found = seen.get(_KEY, {})
    failures = (found.get("status") or {}).get("failures", 0)
    ready, stalled = _condition(found, "Ready"), _condition(found, "Stalled")
    return ready.get("status") == "True" or stalled.get("status") == "True" or failures >= _PATIENCE


def _condition(found: dict[str, Any], kind: str) -> dict[str, str]:
    conditions = (found.get("status") or {}).get("conditions") or []
    return next((condition for condition in conditions if condition["type"] == kind), {})
