"""One sync, from the remote's ref to the cluster, step by step.

Nothing that did not change is fetched, read, parsed, hashed or sent: equal inputs end the sync after the ref
query, an equal tree after the fetch, equal digests before the first request to the API server.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supervisor.deadline import DeadlineExceededError
from workers.manifests.build import build
from workers.model.errors import Reason, Recovery, SyncError
from workers.repository.applying import Applying, failure, is_certain
from workers.repository.credentials import remote_of
from workers.repository.inventory import recall
from workers.repository.membership import has_been_here, parent_metadata, recorded_kinds
from workers.repository.pruning import Pruning
from workers.repository.run import Cause
from workers.repository.state import Counts, Inputs, Outcome
from workers.repository.status import HANDLED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from workers.manifests.build import Build
    from workers.model.keys import GroupKind, ObjectKey
    from workers.model.ownership import LiveObject
    from workers.model.scopes import ScopeTable
    from workers.repository.ports import Engines
    from workers.repository.run import Run
    from workers.repository.state import Entry, State
    from workers.source.remote import Remote
    from workers.source.tree import SourceTree


def synchronise(run: Run, state: State, engines: Engines) -> Outcome:
    """Make the cluster equal to the ref; every expected failure is in the outcome."""
    error = None
    try:
        _Sync(run, state, engines).all_steps()
    except SyncError as failed:
        error = failed
    except DeadlineExceededError:
        error = SyncError(Reason.APPLY_FAILED, run.too_late())
    return Outcome(run.commit, run.counts, error, error.errors if error else ())


class _Sync:
    def __init__(self, run: Run, state: State, engines: Engines) -> None:
        self._run = run
        self._state = state
        self._engines = engines

    def all_steps(self) -> None:
        run, state = self._run, self._state
        remote, commit = self._resolve()
        run.commit = commit
        inputs = Inputs(commit, run.own.subject.generation, run.allowed_prune)
        if inputs == state.settled and not run.thorough:
            return
        asked_for = run.asked is not None and run.asked != run.own.subject.status.get(HANDLED)
        if state.stalled is not None and state.stalled[0] == inputs and not asked_for:
            raise state.stalled[1].again()  # looking at the cluster anew would not cure it
        try:
            with run.step("fetch"), self._engines.markers.risky(run.own.subject.key):
                tree = self._engines.source.tree(remote, commit, run.spec.path, run.deadline)
            with tree:
                if not self._is_settled(tree, inputs):
                    self._converge(tree)
                state.settled, state.settled_tree, state.stalled = inputs, tree.id, None
                state.settled_size = len(state.inventory or ())
        except SyncError as error:
            state.settled = None
            state.stalled = (inputs, error.again()) if error.recovery is Recovery.PERSON else None
            raise
        except BaseException:
            state.settled = None
            raise

    def _resolve(self) -> tuple[Remote, str]:
        """Ask the remote; with a Secret that was read again when the remembered one was refused."""
        run, source = self._run, self._engines.source
        remembered = self._state.auth
        with run.step("ref"):
            remote = remote_of(run, self._state, self._engines)
            try:
                return remote, source.resolve(remote, run.deadline)
            except SyncError as error:
                self._state.auth = None
                if error.reason is not Reason.AUTHENTICATION_FAILED or remembered is None:
                    raise
                renewed = remote_of(run, self._state, self._engines)
                if renewed == remote:
                    raise
            return renewed, source.resolve(renewed, run.deadline)

    def _is_settled(self, tree: SourceTree, inputs: Inputs) -> bool:
        """Tell whether the files are those that are applied already, under another commit."""
        settled = self._state.settled
        return (
            not self._run.thorough
            and settled is not None
            and settled.generation == inputs.generation
            and self._state.settled_tree == tree.id
        )

    def _converge(self, tree: SourceTree) -> None:
        scopes = self._scopes()
        with self._engines.syncs.passing(self._run.deadline):
            built = self._build(tree, scopes)
            inventory = self._recall(built)
        with self._run.step("apply"):
            self._apply(built, inventory)
        if self._run.spec.prune:
            with self._run.step("prune"):
                self._prune(built, inventory)
        self._remember_members(inventory.keys(), self._unseen_kinds())

    def _scopes(self) -> ScopeTable:
        run, discovery = self._run, self._engines.discovery
        if run.cause in {Cause.RETRY, Cause.REQUEST}:  # a kind may have come, gone or changed its scope
            discovery.refresh(run.deadline)
        return discovery.scopes(run.deadline)

    def _build(self, tree: SourceTree, scopes: ScopeTable) -> Build:
        run = self._run
        with run.step("build"), self._engines.markers.risky(run.own.subject.key):
            built = build(
                tree.files,
                self._reading(tree),
                path=run.spec.path,
                scopes=scopes,
                target_namespace=run.spec.target_namespace,
                memory=self._state.memory,
            )
        if not built.objects and not run.spec.allow_empty:
            raise SyncError(
                Reason.EMPTY_SOURCE,
                f"there is no manifest in {run.spec.path or 'the repository'} at {run.commit[:7]}, nothing"
                " was pruned; correct spec.path, or set spec.allowEmpty if this is meant",
            )
        self._engines.markers.acquit(run.own.subject.key)
        self._state.keep_refusals({item.key for item in built.objects})
        return built

    def _reading(self, tree: SourceTree) -> Callable[[str], bytes]:
        """Return how a build reads a file: not beyond the time of the sync."""

        def read(blob: str) -> bytes:
            self._run.deadline.check()
            return tree.read(blob)

        return read

    def _recall(self, built: Build) -> dict[ObjectKey, Entry]:
        """Return the inventory; read from the cluster when it is not known, or not to be trusted."""
        run, state = self._run, self._state
        if state.inventory is None or run.thorough:
            kinds = recorded_kinds(run.own.subject)
            if has_been_here(run.own.subject):
                kinds |= {item.key.group_kind for item in built.objects}
            with run.step("diff"):
                state.inventory = recall(run.owner, kinds, self._engines, run.deadline)
            run.looked = True
        return state.inventory

    def _apply(self, built: Build, inventory: dict[ObjectKey, Entry]) -> None:
        run = self._run
        applying = Applying(run, self._state, self._engines, built, inventory)
        todo = applying.changed()
        total = len(built.objects)
        run.counts = Counts(total, unchanged=total - len(todo))
        if todo:
            self._remember_members(
                inventory.keys() | {item.key for item in built.objects}, recorded_kinds(run.own.subject)
            )
        try:
            failed = applying.apply(todo)
        except BaseException:
            self._state.inventory = None  # what was sent last may have been applied
            raise
        if failed:
            if not all(is_certain(error) for _, error in failed):
                self._state.inventory = None
            raise failure(failed, total)

    def _prune(self, built: Build, inventory: dict[ObjectKey, Entry]) -> None:
        run = self._run
        pruning = Pruning(run.own, self._engines, run.deadline, run.proceed, inventory)
        candidates = pruning.candidates({item.key for item in built.objects})
        if not candidates:
            return
        judged = pruning.judge(candidates)
        self._hold_above_limit(judged, inventory)
        try:
            pruning.delete(judged)
        finally:
            self._engines.observer.pruned(pruning.deleted)
            if run.counts is not None:
                run.counts = replace(run.counts, pruned=pruning.deleted)

    def _hold_above_limit(self, judged: list[LiveObject], inventory: dict[ObjectKey, Entry]) -> None:
        """Raise when a person has to look first.

        The share is one of what was there at the last success: what this commit, or an earlier try of it,
        has added must not make its deletions look small, not even after a restart.
        """
        run = self._run
        limit = run.spec.prune_limit
        before = max(len(judged), self._size_at_last_success(inventory))
        if limit.exceeded_by(len(judged), before) and run.allowed_prune != run.commit:
            raise SyncError(
                Reason.PRUNE_HELD,
                f"commit {run.commit[:7]} would delete {len(judged)} of {before} objects, more than"
                f" pruneLimit {limit} allows; check it, then annotate this GitRepository with"
                f" alumiini.false.systems/allow-prune={run.commit}",
            )

    def _size_at_last_success(self, inventory: dict[ObjectKey, Entry]) -> int:
        """Return how many objects there were; in a new life by their age, as the two clocks go."""
        if self._state.settled_size is not None:
            return self._state.settled_size
        success = str(self._run.own.subject.status.get("lastSyncTime", ""))
        return sum(entry.created <= success for entry in inventory.values())

    def _unseen_kinds(self) -> set[GroupKind]:
        """Return kinds that we had objects of and that the cluster does not serve (now)."""
        discovery, deadline = self._engines.discovery, self._run.deadline
        recorded = recorded_kinds(self._run.own.subject)
        return {kind for kind in recorded if discovery.preferred(kind, deadline) is None}

    def _remember_members(self, members: Collection[ObjectKey], unseen: Collection[GroupKind]) -> None:
        """Write down the finalizer and which kinds are ours, before they exist and after they are gone."""
        run = self._run
        alive = run.own.change_metadata(
            lambda subject: parent_metadata(subject, members, unseen), run.deadline
        )
        if not alive:
            raise SyncError(Reason.APPLY_FAILED, "the GitRepository itself is gone; nothing more is applied")
