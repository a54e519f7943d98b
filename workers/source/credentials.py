"""Credentials as a Secret holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.model.errors import Reason, SyncError
from workers.source.remote import BasicAuth

if TYPE_CHECKING:
    from collections.abc import Mapping


def basic_auth(data: Mapping[str, bytes], secret: str) -> BasicAuth:
    """Read ``username`` and ``password`` from the decoded data of the Secret named ``secret``.

    One trailing newline of each is dropped, because files end in one. Raises SyncError with
    ``InvalidSecret`` naming the key that is missing or cannot be sent, never its value.
    """
    username, password = _text(data, "username", secret), _text(data, "password", secret)
    if ":" in username:
        raise _invalid(secret, "username", "holds a colon, which HTTP basic authentication cannot send")
    return BasicAuth(username, password)


def _text(data: Mapping[str, bytes], key: str, secret: str) -> str:
    if key not in data:
        raise _invalid(secret, key, "is missing; a Git Secret holds username and password")
    try:
        text = data[key].decode()
    except UnicodeDecodeError:
        raise _invalid(secret, key, "is not UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise _invalid(secret, key, "is empty; a Git Secret holds username and password")
    if any(character < " " or character == "\x7f" for character in text):
        raise _invalid(secret, key, "holds a control character")
    return text


def _invalid(secret: str, key: str, what: str) -> SyncError:
    return SyncError(Reason.INVALID_SECRET, f"{key} in Secret {secret} {what}")
