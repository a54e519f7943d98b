"""Logs: one record per line, with fields, and without credentials.

Any module may use ``logging.getLogger(__name__)`` and pass fields in ``extra``; what is logged through
``logger`` carries bound fields along. The formatters redact, so no way around them leads to the stream.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from workers.telemetry.redaction import redact

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Literal, Self

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
"""What every record has; whatever else it has are fields."""

_TAMED = {
    "uvicorn": logging.ERROR,  # below that, strangers with broken requests write our log
    "urllib3": logging.WARNING,
    "kubernetes": logging.WARNING,  # its debug lines hold whole responses, Secrets too
    "asyncio": logging.WARNING,
}

_NOT_IN_TRACE = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}
_NOT_IN_LINE = _NOT_IN_TRACE | {9: "\\t", 10: "\\n"}


class BoundLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that adds its fields to every record; fields of one call come on top."""

    def bind(self, **fields: object) -> Self:
        """Return a logger with more fields."""
        return type(self)(self.logger, {**(self.extra or {}), **fields})

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:  # noqa: ANN401 -- as in logging
        """Merge the fields; called by logging."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


def logger(name: str, **fields: object) -> BoundLogger:
    """Return the logger of a module with fields such as ``repository`` and ``sync``.

    A field must not be called like an attribute of ``logging.LogRecord``: logging raises KeyError then.
    """
    return BoundLogger(logging.getLogger(name), fields)


def configure(style: Literal["text", "json"], level: str, stream: TextIO | None = None) -> None:
    """Make all logs of the process go to the stream (stderr), one way; the last call counts.

    ``level`` is a name of the logging module such as ``INFO``, in any case; raises ValueError for others.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.setLevel(level.upper())
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    for name, least in _TAMED.items():
        logging.getLogger(name).setLevel(least)


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, logger, message, its fields, and ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; called by logging."""
        entry: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        entry |= {name: _clean(value) for name, value in _fields(record).items() if name not in entry}
        if trace := _trace(self, record):
            entry["exception"] = trace
        return json.dumps(entry)


class TextFormatter(logging.Formatter):
    """A line for people; an exception follows on lines of its own.

    Control characters are escaped, so that text of strangers neither forges a line nor moves a cursor.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; called by logging."""
        message = redact(record.getMessage()).translate(_NOT_IN_LINE)
        line = f"{_time(record)} {record.levelname:7} {record.name}: {message}"
        fields = (f" {name}={_shown(value)}" for name, value in _fields(record).items())
        trace = _trace(self, record)
        return "".join([line, *fields, "\n" + trace.translate(_NOT_IN_TRACE) if trace else ""])


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return redact(formatter.formatException(record.exc_info)) if record.exc_info else ""


def _clean(value: object) -> object:
    """Return a value as JSON takes it, redacted at its leaves."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return redact(str(value))


def _shown(value: object) -> str:
    text = str(_clean(value))
    return text if text.isprintable() and " " not in text and text else json.dumps(text)
