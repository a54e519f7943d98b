from __future__ import annotations

import pytest

from workers.source.names import is_impossible


@pytest.mark.parametrize(
    "name",
    [b"", b".", b"..", b".git", b".GIT", b".Git", b"git~1", b"GIT~1", b".git.", b".git ", b".git. .",
     b".git::$INDEX_ALLOCATION", b".git\\config", b"a/b", b"/", b"a\nb", b"a\x00", b"a\x7f", b"\x1b[31m",
     ".g\u200cit".encode(), "\ufeff.git".encode(), ".gi\u206ft".encode()],
)  # fmt: skip
def test_names_that_no_honest_git_writes(name: bytes) -> None:
    assert is_impossible(name)


@pytest.mark.parametrize(
    "name",
    [b"a.yaml", b".gitignore", b".github", b".gitmodules", b"git", b"a.git", b"...", b"git~2", b"a b",
     b"a\\b", "\u00fc.yaml".encode(), b"latin-\xfc.yaml", b"-rf", b"con"],
)  # fmt: skip
def test_names_that_are_merely_unusual(name: bytes) -> None:
    assert not is_impossible(name)
