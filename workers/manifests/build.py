"""From the files of a commit to the objects to apply, or to every error that a person has to correct."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from workers.manifests.canonical import digest
from workers.manifests.failures import Fault, failure
from workers.manifests.limits import DEFAULT_LIMITS
from workers.manifests.memory import Remembered
from workers.manifests.order import stage
from workers.manifests.parsing import parse
from workers.manifests.placement import key_of, namespace_of, placed, with_definitions
from workers.manifests.selection import kustomization_file, manifest_files
from workers.model.errors import Reason, SyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from workers.manifests.limits import Limits
    from workers.manifests.memory import BuildMemory
    from workers.manifests.order import Stage
    from workers.manifests.parsing import Draft, ParsedFile
    from workers.manifests.selection import File
    from workers.model.keys import ObjectKey
    from workers.model.scopes import ScopeTable

    Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class BuiltObject:
    """An object of a build: what it is, what it hashes to and where it is written.

    ``digest`` is ``sha256:<hex>`` of the final manifest; ``blob`` and ``index`` find that manifest again.
    """

    key: ObjectKey
    api_version: str
    digest: str
    stage: Stage
    file: str
    line: int
    blob: str
    index: int


class Build:
    """The objects of a commit in the order of applying.

    ``parsed`` counts the files that had to be parsed for it. Manifests are held until the build is dropped.
    """

    def __init__(self, objects: tuple[BuiltObject, ...], files: _ParsedFiles) -> None:
        self.objects = objects
        self.parsed = len(files)
        self._files = files

    def manifest(self, built: BuiltObject) -> dict[str, Any]:
        """Return the final manifest of an object of this build, without ownership metadata.

        Its top level and its metadata are the caller's own; the rest is shared and must not be changed. A
        file that was not parsed for this build is read now, so the source must still be open.
        """
        return placed(self._files.get(built.blob).manifests[built.index], built.key.namespace)


class _ParsedFiles:
    """The files of one build by blob, each read and parsed when it is first needed."""

    def __init__(self, read: Read, limits: Limits) -> None:
        self._read = read
        self._limits = limits
        self._parsed: dict[str, ParsedFile] = {}

    def get(self, blob: str) -> ParsedFile:
        if blob not in self._parsed:
            self._parsed[blob] = parse(self._read(blob), self._limits)
        return self._parsed[blob]

    def faults(self, files: Iterable[File]) -> list[tuple[str, Fault]]:
        """Return what is wrong in those of these files that were parsed."""
        parsed = ((file, self._parsed.get(file.blob)) for file in files)
        return [(file.path, fault) for file, found in parsed if found for fault in found.faults]

    def __len__(self) -> int:
        return len(self._parsed)


def build(  # noqa: PLR0913 -- all that a build depends on, by keyword
    files: Collection[File],
    read: Read,
    *,
    path: str,
    scopes: ScopeTable,
    target_namespace: str,
    memory: BuildMemory,
    limits: Limits = DEFAULT_LIMITS,
) -> Build:
    """Build the objects under the folder ``path`` (empty: the root) of a commit whose files are ``files``.

    ``read`` gives the bytes of a blob, once for each file that is not remembered; what it raises ends the
    build. ``memory`` is renewed by a good build only. Raises SyncError(BUILD_FAILED) with every error.
    """
    chosen = manifest_files(files, path)
    _refuse_kustomization(files, path)
    _refuse_size(chosen, limits)
    builder = _Builder(chosen, _ParsedFiles(read, limits), memory, limits)
    return builder.build(scopes, target_namespace)


def _refuse_kustomization(files: Collection[File], path: str) -> None:
    found = kustomization_file(files, path)
    if found is not None:
        message = "kustomizations are not built yet; set path to a folder of plain manifests"
        raise failure([(found, Fault(1, "", message))])


def _refuse_size(files: Collection[File], limits: Limits) -> None:
    faults = [
        (file.path, Fault(1, "", f"{file.size} bytes, above the limit of {limits.file_size}; split the file"))
        for file in files
        if file.size > limits.file_size
    ]
    whole = sum(file.size for file in files)
    if whole > limits.source_size and not faults:
        message = f"{whole} bytes of manifests, above the limit of {limits.source_size}; use several sources"
        raise SyncError(Reason.BUILD_FAILED, message)
    if faults:
        raise failure(faults)


class _Builder:
    def __init__(
        self, files: Collection[File], parsed: _ParsedFiles, memory: BuildMemory, limits: Limits
    ) -> None:
        self._files = files
        self._parsed = parsed
        self._memory = memory
        self._limits = limits

    def build(self, scopes: ScopeTable, target_namespace: str) -> Build:
        drafts = self._all_drafts()
        known = with_definitions(scopes, chain.from_iterable(drafts.values()))
        remembered = {
            blob: self._finish(blob, tuple(namespace_of(draft, known, target_namespace) for draft in of_blob))
            for blob, of_blob in drafts.items()
        }
        objects = [built for file in self._files for built in _objects(file, remembered[file.blob])]
        faults = [*self._parsed.faults(self._files), *_repetitions(objects)]
        if faults:
            raise failure(faults)
        self._memory.replace(remembered)
        objects.sort(key=lambda built: (built.stage, built.key))
        return Build(tuple(objects), self._parsed)

    def _all_drafts(self) -> dict[str, tuple[Draft, ...]]:
        """Return the drafts by blob; stop early, since what is beyond the limits may be endless."""
        drafts: dict[str, tuple[Draft, ...]] = {}
        count = 0
        for file in self._files:
            drafts[file.blob] = self._drafts(file.blob)
            count += len(drafts[file.blob]) + len(self._parsed.faults([file]))
            if count > self._limits.objects:
                message = f"more than {self._limits.objects} objects up to this file; use several sources"
                raise failure([*self._parsed.faults(self._files), (file.path, Fault(1, "", message))])
        return drafts

    def _drafts(self, blob: str) -> tuple[Draft, ...]:
        known = self._memory.get(blob)
        return self._parsed.get(blob).drafts if known is None else tuple(entry.draft for entry in known)

    def _finish(self, blob: str, namespaces: tuple[str, ...]) -> tuple[Remembered, ...]:
        """Return the objects of a file in their namespaces, from memory when they were there before."""
        known = self._memory.get(blob)
        if known is not None and namespaces == tuple(entry.namespace for entry in known):
            return known
        parsed = self._parsed.get(blob)
        return tuple(
            Remembered(draft, namespace, digest(placed(manifest, namespace)))
            for draft, manifest, namespace in zip(parsed.drafts, parsed.manifests, namespaces, strict=True)
        )


def _objects(file: File, entries: Iterable[Remembered]) -> Iterator[BuiltObject]:
    for index, entry in enumerate(entries):
        draft = entry.draft
        yield BuiltObject(
            key=key_of(draft, entry.namespace),
            api_version=draft.api_version,
            digest=entry.digest,
            stage=stage(draft.group_kind),
            file=file.path,
            line=draft.line,
            blob=file.blob,
            index=index,
        )


def _repetitions(objects: Iterable[BuiltObject]) -> Iterator[tuple[str, Fault]]:
    first: dict[ObjectKey, BuiltObject] = {}
    for built in objects:
        before = first.setdefault(built.key, built)
        if before is not built:
            message = f"the same object is in {before.file}:{before.line}; keep one of them"
            yield built.file, Fault(built.line, str(built.key), message)
