"""One record is one line, with its fields and without credentials."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest

from workers.telemetry.logs import configure, logger

if TYPE_CHECKING:
    from collections.abc import Iterator

TAMED = ("", "uvicorn", "urllib3", "kubernetes", "asyncio")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in TAMED}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def text() -> io.StringIO:
    stream = io.StringIO()
    configure("text", "info", stream)
    return stream


@pytest.fixture
def entries() -> Entries:
    return Entries()


class Entries:
    def __init__(self) -> None:
        self.stream = io.StringIO()
        configure("json", "info", self.stream)

    def __call__(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def fail() -> None:
    error = ValueError("no https://user:hunter2@host\nfor you \x1b[2J")
    logging.getLogger("workers.source").error("fetch failed", exc_info=error)


def test_a_line_for_people(text: io.StringIO) -> None:
    logger("workers.repository", repository="team/shop").info(
        "synced %d objects", 7, extra={"commit": "0d1a26e"}
    )

    line = re.sub(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text.getvalue())
    assert line == "TIME INFO    workers.repository: synced 7 objects repository=team/shop commit=0d1a26e\n"


def test_a_line_for_machines(entries: Entries) -> None:
    logger("workers.repository", repository="team/shop").warning("held", extra={"objects": 7, "held": True})

    (entry,) = entries()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert entry == {
        "level": "warning",
        "logger": "workers.repository",
        "message": "held",
        "repository": "team/shop",
        "objects": 7,
        "held": True,
    }


def test_fields_are_bound_one_after_the_other_and_the_call_has_the_last_word(entries: Entries) -> None:
    log = logger("a", repository="team/shop", sync="1")
    log.bind(sync="2", trigger="webhook").info("x", extra={"trigger": "poll"})
    log.info("y")

    fields = [(entry.get("sync"), entry.get("trigger")) for entry in entries()]
    assert fields == [("2", "poll"), ("1", None)]


def test_any_logger_may_pass_fields(entries: Entries) -> None:
    logging.getLogger("workers.source").info("x", extra={"repository": "team/shop"})

    assert entries()[0]["repository"] == "team/shop"


def test_a_field_does_not_hide_what_every_entry_has(entries: Entries) -> None:
    logging.getLogger("a").info("x", extra={"time": "never", "level": "none", "logger": "b"})

    assert (entries()[0]["level"], entries()[0]["logger"]) == ("info", "a")
    assert entries()[0]["time"] != "never"


def test_an_exception_stays_on_the_line_of_its_record(entries: Entries) -> None:
    fail()

    (entry,) = entries()
    assert entry["message"] == "fetch failed"
    assert entry["exception"].startswith("ValueError: no ")
    assert entry["exception"].endswith("ValueError: no https://***@host\nfor you \x1b[2J")


def test_an_exception_follows_the_line_for_people_and_moves_no_cursor(text: io.StringIO) -> None:
    fail()

    first, *rest = text.getvalue().splitlines()
    assert first.endswith("fetch failed")
    assert rest[-2:] == ["ValueError: no https://***@host", "for you \\x1b[2J"]


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_that_is_logged_holds_a_credential(style: Any) -> None:  # noqa: ANN401 -- a Literal
    stream = io.StringIO()
    configure(style, "info", stream)

    log = logger("a", url="https://user:hunter2@host", nested={"list": ["password=hunter2"]})
    log.info("cloning %s", "https://user:hunter2@host", extra={"error": ValueError("token=hunter2")})

    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("***") == 4


def test_text_of_strangers_forges_no_line(text: io.StringIO) -> None:
    logging.getLogger("a").info(
        "ref refs/heads/x\n2026 INFO b: forged\x1b[2J", extra={"ref": "a\nb", "no": ""}
    )

    assert text.getvalue().count("\n") == 1
    assert "ref refs/heads/x\\n2026 INFO b: forged\\x1b[2J" in text.getvalue()
    assert text.getvalue().endswith(' ref="a\\nb" no=""\n')


def test_no_text_of_strangers_breaks_a_line_for_machines(entries: Entries) -> None:
    logging.getLogger("a").info("\ud800\n\u2028", extra={"keys": {1: object}, "none": None, "half": 0.5})

    (entry,) = entries()
    assert entry["message"] == "\ud800\n\u2028"
    assert (entry["keys"], entry["none"], entry["half"]) == ({"1": "<class 'object'>"}, None, 0.5)


@pytest.mark.parametrize(("level", "shown"), [("debug", 3), ("INFO", 2), ("Warning", 1), ("error", 0)])
def test_the_level_may_be_written_in_any_case(level: str, shown: int) -> None:
    stream = io.StringIO()
    configure("text", level, stream)
    for write in (logging.getLogger("a").debug, logging.getLogger("a").info, logging.getLogger("a").warning):
        write("x")

    assert stream.getvalue().count("\n") == shown


def test_an_unknown_level_is_an_error() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        configure("text", "loud")


def test_libraries_are_quiet_also_when_we_debug(entries: Entries) -> None:
    configure("json", "debug", entries.stream)
    logging.getLogger("kubernetes.client.rest").debug("response body: everything")
    logging.getLogger("urllib3.connectionpool").debug("a connection")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")

    assert [entry["message"] for entry in entries()] == ["Exception in ASGI application"]


def test_the_last_configuration_counts(text: io.StringIO, entries: Entries) -> None:
    logging.getLogger("a").info("x")

    assert (text.getvalue(), len(entries())) == ("", 1)


def test_logs_go_to_stderr_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "info")
    logging.getLogger("a").info("x")

    assert capsys.readouterr().err.endswith(" a: x\n")
