from __future__ import annotations

import pytest

from tests.source.desk import failure
from workers.model.errors import Reason
from workers.source.credentials import basic_auth
from workers.source.remote import BasicAuth, Remote


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_one_trailing_newline_is_dropped(ending: bytes) -> None:
    data = {"username": b"alice" + ending, "password": b"p ss\xc3\xb6" + ending}

    assert basic_auth(data, "git") == BasicAuth("alice", "p ss\u00f6")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "username in Secret git is missing"),
        ({"username": b"alice"}, "password in Secret git is missing"),
        ({"bearerToken": b"hunter2"}, "username in Secret git is missing"),
        ({"username": b"", "password": b"hunter2"}, "username in Secret git is empty"),
        ({"username": b"alice", "password": b"\n"}, "password in Secret git is empty"),
        ({"username": b"a:b", "password": b"hunter2"}, "username in Secret git holds a colon"),
        ({"username": b"alice", "password": b"hunter2\xff"}, "password in Secret git is not UTF-8"),
        ({"username": b"alice", "password": b"hunter2\n\n"}, "password in Secret git holds a control"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(data: dict[str, bytes], says: str) -> None:
    error = failure(lambda: basic_auth(data, "git"))

    assert error.reason is Reason.INVALID_SECRET
    assert error.message.startswith(says)
    assert "hunter2" not in error.message


def test_a_password_shows_in_no_representation() -> None:
    auth = BasicAuth("alice", "hunter2")

    assert "hunter2" not in repr(Remote("https://host/a", "main", auth))


def test_the_header_is_basic_authentication_in_utf_8() -> None:
    assert BasicAuth("alice", "p\u00f6").header() == "Basic YWxpY2U6cMO2"
