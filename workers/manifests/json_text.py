r"""JSON files: one JSON object, or several one after another, as ``kubectl`` reads them.

YAML is almost a superset of JSON, but not quite: surrogate pairs (``\ud83d\ude00``) and raw U+2028 mean
something else in it. So text that is JSON is read as JSON, whatever the file is called.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from workers.manifests import scalars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.manifests.limits import Limits

_BETWEEN = re.compile(r"(?:[ \t\r\n]|^---)*+", re.MULTILINE)  # kubectl takes both between objects
_INT64_DIGITS = 20


class _NotPlainError(ValueError):
    """Not JSON, or JSON with something in it that the YAML reader refuses with a line."""


def json_documents(text: str, limits: Limits) -> list[tuple[Any, int]] | None:
    """Return the documents of a JSON text with their lines (from 1), None when it is to be read as YAML.

    Text that is JSON but has a repeated key, is too deep or too much, or holds half of a surrogate pair is
    left to the YAML reader as well, which refuses all of these and knows the line.
    """
    start = _skip_between(text, 0)
    if not text.startswith("{", start):
        return None
    try:
        documents = list(islice(_read(text, start, limits), limits.objects + 1))
    except (ValueError, RecursionError):
        return None
    return documents if len(documents) <= limits.objects else None


def _read(text: str, start: int, limits: Limits) -> Iterator[tuple[Any, int]]:
    line, nodes = 1, 0
    counted = 0
    while start < len(text):
        line, counted = line + text.count("\n", counted, start), start
        value, end = _DECODER.raw_decode(text, start)
        nodes += _checked_nodes(value, limits)
        if nodes > limits.nodes:
            raise _NotPlainError
        yield value, line
        start = _skip_between(text, end)


def _skip_between(text: str, start: int) -> int:
    match = _BETWEEN.match(text, start)
    return match.end() if match else start


def _checked_nodes(document: object, limits: Limits) -> int:
    """Walk level by level, without recursion, and return the number of values."""
    level: list[Any] = [document]
    nodes = depth = 0
    while level:
        nodes += len(level)
        containers = [node for node in level if isinstance(node, dict | list)]
        depth += bool(containers)
        if depth > limits.depth:
            raise _NotPlainError
        level = [
            child for node in containers for child in (node.values() if isinstance(node, dict) else node)
        ]
    json.dumps(document, ensure_ascii=False).encode()  # UnicodeEncodeError, a ValueError: half a pair
    return nodes


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _NotPlainError
    return mapping


def _integer(text: str) -> scalars.Scalar:
    return scalars.value(int(text) if len(text) <= _INT64_DIGITS else float(text))


def _float(text: str) -> scalars.Scalar:
    return scalars.value(float(text))


def _refuse_constant(_text: str) -> NoReturn:
    raise _NotPlainError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant
)
