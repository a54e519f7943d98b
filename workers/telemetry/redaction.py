"""Text without credentials, for everything that leaves the process for people to read."""

from __future__ import annotations

import re

_HIDDEN = "***"

# No pattern may look again at what it has looked at: strangers choose the text, and it can be long.
_CREDENTIALS = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # https://token@host and https://user:password@host; a password may hold an @ of its own
        (r"\b(https?://)[^\s/?#\"'<>]*@", rf"\1{_HIDDEN}@"),
        # ssh://user:password@host; a user alone is no secret there
        (r"\b([a-z][a-z0-9+.-]{0,15}://[^\s/?#:@\"'<>]*):[^\s/?#\"'<>]*@", rf"\1:{_HIDDEN}@"),
        # Authorization: Basic ..., also as a header of a printed dictionary
        (r"\b((?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?)(?:[a-z]+\s+)?[^\s'\",}]+", rf"\1{_HIDDEN}"),
        (r"\b(bearer|basic)\s+(?=[a-z._~+/=-]*[0-9=])[a-z0-9._~+/=-]{12,}", rf"\1 {_HIDDEN}"),
        # password=..., "token": "...", X-Gitlab-Token: ...
        (r"(pass(?:word|wd|phrase)|token)(['\"]?\s*[:=]\s*['\"]?)[^\s'\",&}]+", rf"\1\2{_HIDDEN}"),
        # the signature of a webhook; a digest of content is written sha256:... and stays
        (r"\b(sha(?:1|256)=)[0-9a-f]{8,}", rf"\1{_HIDDEN}"),
        # tokens of GitHub and GitLab, JSON web tokens
        (r"\b(?:gh[pousr]_|github_pat_|glpat-)[a-z0-9_-]{16,}", _HIDDEN),
        (r"(?<![a-z0-9_-])eyj[a-z0-9_-]{8,}\.[a-z0-9_-]+\.[a-z0-9_-]*", _HIDDEN),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", _HIDDEN),
    )
)  # fmt: skip


def redact(text: str) -> str:
    """Return the text with what looks like a credential replaced by ``***``.

    A second line of defence: whoever writes a message leaves credentials out of it in the first place.
    """
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    return text
