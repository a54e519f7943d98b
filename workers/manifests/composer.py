"""From YAML events to documents, on an explicit stack: neither this nor libyaml recurses with the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from yaml.events import MappingStartEvent

from workers.manifests import scalars

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml.events import AliasEvent, CollectionStartEvent, Event, ScalarEvent

    from workers.manifests.limits import Limits

_MERGE_KEY = "<<"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_CHARACTERS_PER_NODE = 32
_SHOWN_CHARACTERS = 60
_KEY_NOT_SCALAR = "a key must be a scalar; quote it if it begins with { or ["

_Given = TypeVar("_Given")
_Placed = TypeVar("_Placed")


class UnreadableError(Exception):
    """The rest of the file cannot be read; the message says why and what to do, ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled; ``nodes`` and ``height`` (in levels) include itself."""

    anchor: str | None
    nodes: int = 1
    height: int = 1


@dataclass(slots=True)
class _List(_Frame):
    container: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class _Mapping(_Frame):
    container: dict[str, Any] = field(default_factory=dict)
    key: str | None = None  # the key that waits for its value
    merging: bool = False  # the next value is merged in
    merged: set[str] | None = None  # keys that only a merge has set, so they may be written


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and how much it adds; ``height`` is 0 for a scalar."""

    value: Any
    nodes: int
    height: int


class Composer:
    """Builds one document after another; ``note`` is told what is wrong with them, as (line, message).

    A document that something was noted about is not to be used. The budget of nodes is one for all of them.
    An alias shares the value it stands for: who changes a document must copy.
    """

    def __init__(self, limits: Limits, note: Callable[[int, str], None]) -> None:
        self._limits = limits
        self._note = note
        self._nodes = 0
        self.begin()

    def begin(self) -> None:
        """Forget the document before; anchors do not reach over documents."""
        self._line = 0
        self._root = _List(None)
        self._stack: list[_List | _Mapping] = [self._root]
        self._anchors: dict[str | None, _Anchored] = {}

    def document(self) -> tuple[Any, int]:
        """Return the complete document and the line where its content begins, from 1."""
        (value,) = self._root.container
        return value, self._line

    def scalar(self, event: ScalarEvent) -> None:
        """Place a scalar as a key, a value or an item."""
        line = self._enter(event)
        nodes = 1 + len(event.value) // _CHARACTERS_PER_NODE
        self._spend(nodes, line)
        resolved = self._resolve(event, line)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(resolved, nodes, 0)
        frame = self._stack[-1]
        if not _wants_key(frame):
            self._place(self._checked(scalars.value, resolved, line), nodes, 0, line)
        elif event.value == _MERGE_KEY and (event.implicit[0] or event.tag == _MERGE_TAG):
            frame.key, frame.merging = _MERGE_KEY, True
        else:
            self._set_key(frame, resolved, nodes, line)

    def alias(self, event: AliasEvent) -> None:
        """Place what an alias stands for."""
        line = self._enter(event)
        target = self._anchors.get(event.anchor)
        if target is None:
            raise UnreadableError(line, f"the alias *{_shown(event.anchor)} has no complete anchor before it")
        self._check_depth(target.height, line)
        self._spend(target.nodes, line)
        frame = self._stack[-1]
        if not _wants_key(frame):
            value = target.value if target.height else self._checked(scalars.value, target.value, line)
            self._place(value, target.nodes, target.height, line)
        elif target.height:
            raise UnreadableError(line, _KEY_NOT_SCALAR)
        else:
            self._set_key(frame, target.value, target.nodes, line)

    def open(self, event: CollectionStartEvent) -> None:
        """Begin a mapping or a list."""
        line = self._enter(event)
        if _wants_key(self._stack[-1]):
            raise UnreadableError(line, _KEY_NOT_SCALAR)
        self._check_depth(1, line)
        self._spend(1, line)
        self._stack.append((_Mapping if isinstance(event, MappingStartEvent) else _List)(event.anchor))

    def close(self, event: Event) -> None:
        """End the innermost mapping or list."""
        frame = self._stack.pop()
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchored(frame.container, frame.nodes, frame.height)
        self._place(frame.container, frame.nodes, frame.height, line_of(event))

    def _enter(self, event: Event) -> int:
        line = line_of(event)
        self._line = self._line or line
        return line

    def _place(self, value: object, nodes: int, height: int, line: int) -> None:
        frame = self._stack[-1]
        frame.nodes += nodes
        frame.height = max(frame.height, height + 1)
        if isinstance(frame, _List):
            frame.container.append(value)
            return
        if frame.merging:
            self._merge(frame, value, line)
        elif frame.key is not None:
            frame.container[frame.key] = value
        frame.key, frame.merging = None, False

    def _set_key(self, frame: _Mapping, scalar: scalars.Scalar, nodes: int, line: int) -> None:
        key = self._checked(scalars.key, scalar, line) or ""
        if frame.merged and key in frame.merged:
            frame.merged.remove(key)
        elif key in frame.container:
            self._note(line, f'the key "{_shown(key)}" is written twice in one mapping; keep one of them')
        frame.nodes += nodes
        frame.key = key

    def _merge(self, frame: _Mapping, value: object, line: int) -> None:
        """Merge in document order: what comes later wins, but within one list of mappings the first."""
        frame.merged = frame.merged or set()
        sources = value[::-1] if isinstance(value, list) else [value]
        for source in sources:
            if not isinstance(source, dict):
                self._note(line, "<< needs a mapping or a list of mappings; quote it if text is meant")
                return
            # not by differences of key views: these walk over all keys there are, for each of many merges
            frame.merged.update(key for key in source if key not in frame.container)
            frame.container.update(source)

    def _resolve(self, event: ScalarEvent, line: int) -> scalars.Scalar:
        if event.tag is None:
            return scalars.resolve(event.value) if event.implicit[0] else event.value
        return self._checked(partial(scalars.resolve_tagged, event.tag), event.value, line)

    def _checked(self, convert: Callable[[_Given], _Placed], scalar: _Given, line: int) -> _Placed | None:
        try:
            return convert(scalar)
        except scalars.ScalarError as error:
            self._note(line, str(error))
            return None

    def _spend(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > self._limits.nodes:
            allowed = self._limits.nodes
            raise UnreadableError(line, f"more than {allowed} values, aliases expanded; split the file")

    def _check_depth(self, height: int, line: int) -> None:
        if len(self._stack) - 1 + height > self._limits.depth:
            raise UnreadableError(line, f"nested deeper than {self._limits.depth} levels; flatten it")


def line_of(event: Event) -> int:
    """Return the line where an event begins, from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def _wants_key(frame: _List | _Mapping) -> TypeGuard[_Mapping]:
    return isinstance(frame, _Mapping) and frame.key is None


def _shown(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
