"""From the bytes of a file to documents: YAML and JSON as ``kubectl`` reads them, with lines, within limits.

Two differences are on purpose: a repeated key is an error, and nesting no manifest has is refused. A problem
that leaves the rest of the file readable does not end the reading, so that a person sees all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    ScalarEvent,
)
from yaml.reader import ReaderError

from workers.manifests.composer import Composer, UnreadableError
from workers.manifests.json_text import json_documents

if TYPE_CHECKING:
    from yaml.events import Event

    from workers.manifests.limits import Limits

_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML or JSON document that is not empty; ``line`` is where its content begins, from 1."""

    value: Any
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file, and what to do; ``line`` counts from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds: its sound documents, and every problem that was found."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]


def load(raw: bytes, limits: Limits) -> Loaded:
    """Read a file; whatever its bytes are, the answer is documents and problems.

    Documents share parts where aliases were: copy before a change.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Loaded((), (Problem(line, "not UTF-8 text; save the file as UTF-8"),))
    documents = json_documents(text, limits)
    if documents is not None:
        return Loaded(tuple(Document(value, line) for value, line in documents), ())
    return _YamlReader(text, limits).read()


class _YamlReader:
    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._composer = Composer(limits, self._note)
        self._documents: list[Document] = []
        self._problems: list[Problem] = []
        self._problems_before = 0
        self._line = 1

    def read(self) -> Loaded:
        try:
            self._read()
        except UnreadableError as error:
            self._problems.append(Problem(error.line, error.message))
        except ReaderError as error:
            line = self._text.encode().count(b"\n", 0, error.position) + 1
            self._problems.append(Problem(line, "a control character; remove it or write it as an escape"))
        except yaml.MarkedYAMLError as error:
            self._problems.append(_syntax_problem(error))
        return Loaded(tuple(self._documents), tuple(self._problems))

    def _read(self) -> None:
        parser = yaml.CSafeLoader(self._text)
        try:
            while (event := parser.get_event()) is not None:
                self._take(event)
        finally:
            parser.dispose()

    def _take(self, event: Event) -> None:
        match event:
            case ScalarEvent():
                self._composer.scalar(event)
            case CollectionStartEvent():
                self._composer.open(event)
            case CollectionEndEvent():
                self._composer.close(event)
            case AliasEvent():
                self._composer.alias(event)
            case DocumentStartEvent():
                self._begin()
            case DocumentEndEvent():
                self._end()

    def _begin(self) -> None:
        self._composer.begin()
        self._problems_before = len(self._problems)

    def _end(self) -> None:
        document, line = self._composer.document()
        sound = len(self._problems) == self._problems_before
        if not sound or document is None:
            return
        if len(self._documents) == self._limits.objects:
            raise UnreadableError(line, f"more than {self._limits.objects} documents; split the file")
        self._documents.append(Document(document, line))

    def _note(self, line: int, message: str) -> None:
        if len(self._problems) == _MOST_PROBLEMS:
            raise UnreadableError(line, "too many problems; the rest of the file was not read")
        self._problems.append(Problem(line, message))


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return Problem(mark.line + 1 if mark else 1, f"not YAML: {what}; correct the syntax")
