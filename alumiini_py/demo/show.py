"""The show: what happens, and what the witness must have seen for it to count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alumiini_py.demo import sample
from alumiini_py.demo.reader import Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from alumiini_py.demo.reader import Seen
    from alumiini_py.demo.script import Script
    from alumiini_py.demo.stage import Stage

_OWNER = "alumiini.false.systems/owner"
_KINDS = ("configmaps", "services", "deployments.apps", "gitrepositories.alumiini.false.systems")


class Show:
    """Plays on a stage that is set; every step raises NotSeenError unless the cluster shows it."""

    def __init__(self, stage: Stage, script: Script) -> None:
        self._stage = stage
        self._script = script
        self._shop = stage.git.create(sample.SHOP)
        self._notes = stage.git.create(sample.NOTES)

    def play(self) -> dict[str, str]:
        """Show everything and return the URLs of the repositories."""
        self._stage.kubectl.run("create", "namespace", sample.NAMESPACE)
        with Witness(self._stage.kubectl, _KINDS) as witness:
            self._apply(witness)
            self._push(witness)
            self._prune(witness)
            self._crash(witness)
        return {name: self._stage.git.url(name) for name in (sample.SHOP, sample.NOTES)}

    def _apply(self, witness: Witness) -> None:
        self._script.title("A GitRepository is created: its objects are applied")
        self._shop.commit(sample.shop("Welcome"), "Open the shop")
        begun = self._follow(sample.SHOP, witness)
        for kind, name in (("ConfigMap", "greeting"), ("Deployment", "web"), ("Service", "web")):
            at = witness.wait(f"{kind} shop/{name}", _owned(kind, sample.SHOP, name))
            self._script.seen(
                f"{kind} shop/{name} is in the cluster, owned by GitRepository shop", at - begun
            )
        self._notes.commit(sample.notes("Remember the milk"), "Begin the notes")
        begun = self._follow(sample.NOTES, witness)
        at = witness.wait("ConfigMap notes/greeting", _owned("ConfigMap", sample.NOTES, "greeting"))
        self._script.seen("a second repository, notes, is applied by an actor of its own", at - begun)

    def _push(self, witness: Witness) -> None:
        self._script.title("A commit is pushed and announced by a signed GitHub webhook")
        begun = time.monotonic()
        commit = self._shop.commit({"config.yaml": sample.config(sample.SHOP, "Sale")}, "Announce the sale")
        pushed = time.monotonic()
        self._script.seen("git has the commit", pushed - begun)
        self._stage.forge.announce(self._stage.git.url(sample.SHOP), commit)
        answered = time.monotonic()
        self._script.seen("the webhook was answered with 202", answered - pushed)
        at = witness.wait("the sale in ConfigMap shop/greeting", _says(sample.SHOP, "Sale"))
        self._script.seen("the ConfigMap has changed in the cluster, counted from the webhook", at - pushed)

    def _prune(self, witness: Witness) -> None:
        self._script.title("A file is removed: its object is pruned, and only that")
        begun = time.monotonic()
        self._stage.push(sample.SHOP, self._shop, {"service.yaml": None})
        at = witness.wait("Service shop/web gone", lambda seen: ("Service", "shop", "web") not in seen)
        self._script.seen("Service shop/web is gone", at - begun)
        witness.wait("Deployment shop/web still there", _owned("Deployment", sample.SHOP, "web"), 1)
        witness.wait("ConfigMap shop/greeting still there", _owned("ConfigMap", sample.SHOP, "greeting"), 1)

    def _crash(self, witness: Witness) -> None:
        self._script.title("An actor crashes (a faulty port): the others do not notice, and it comes back")
        self._stage.crash_once(sample.SHOP)
        begun = time.monotonic()
        self._stage.push(
            sample.SHOP, self._shop, {"config.yaml": sample.config(sample.SHOP, "Back in a moment")}
        )
        at = witness.wait("WorkerCrashed on GitRepository shop", _crashed(sample.SHOP))
        self._script.seen("the actor of shop died; its status says WorkerCrashed", at - begun)
        pushed = time.monotonic()
        self._stage.push(
            sample.NOTES, self._notes, {"config.yaml": sample.config(sample.NOTES, "Business as usual")}
        )
        at = witness.wait("the push to notes", _says(sample.NOTES, "Business as usual"))
        self._script.seen("meanwhile a push to notes was applied", at - pushed)
        at = witness.wait("the push to shop", _says(sample.SHOP, "Back in a moment"))
        self._script.seen("the supervisor started shop again, and its push was not lost", at - begun)
        witness.wait("GitRepository shop Ready again", _ready(sample.SHOP))

    def _follow(self, name: str, witness: Witness) -> float:
        """Create the GitRepository and return when the witness saw it."""
        manifest = sample.git_repository(name, self._stage.git.url(name))
        self._stage.kubectl.run("apply", "--filename", "-", stdin=manifest)
        key = ("GitRepository", sample.NAMESPACE, name)
        return witness.wait(f"GitRepository {name}", lambda seen: key in seen)


def _owned(kind: str, owner: str, name: str) -> Callable[[Seen], bool]:
    reference = f"GitRepository/{sample.NAMESPACE}/{owner}"

    def holds(seen: Seen) -> bool:
        found = seen.get((kind, owner, name), {"metadata": {}})
        return (found["metadata"].get("annotations") or {}).get(_OWNER) == reference

    return holds


def _says(namespace: str, text: str) -> Callable[[Seen], bool]:
    def holds(seen: Seen) -> bool:
        found = seen.get(("ConfigMap", namespace, "greeting"), {})
        return (found.get("data") or {}).get("text") == text

    return holds


def _ready_reason(seen: Seen, name: str) -> tuple[str, str]:
    status = seen.get(("GitRepository", sample.NAMESPACE, name), {}).get("status") or {}
    ready = [condition for condition in status.get("conditions") or () if condition["type"] == "Ready"]
    return (ready[0]["status"], ready[0]["reason"]) if ready else ("Unknown", "")


def _crashed(name: str) -> Callable[[Seen], bool]:
    return lambda seen: _ready_reason(seen, name) == ("False", "WorkerCrashed")


def _ready(name: str) -> Callable[[Seen], bool]:
    return lambda seen: _ready_reason(seen, name)[0] == "True"
