from __future__ import annotations

import pytest

from tests.source.desk import failure
from workers.model.errors import Reason
from workers.source.address import branch_ref, parse_address


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://github.com/org/repo.git", "https://github.com/org/repo.git"),
        ("https://GitHub.com:443/org/repo/", "https://github.com/org/repo"),
        ("http://127.0.0.1:8080/a.git", "http://127.0.0.1:8080/a.git"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("HTTPS://host.example/With%20Space", "https://host.example/With%20Space"),
        ("https://host.example", "https://host.example"),
    ],
)
def test_an_address_has_one_normal_spelling(url: str, normal: str) -> None:
    assert parse_address(url).url == normal


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must start with https:// or http://"),
        ("ssh://git@host/a.git", "must start with https:// or http://"),
        ("ssh://host/a.git", "must start with https:// or http://"),
        ("git@host:org/repo.git", "must start with https:// or http://"),
        ("file:///etc", "must start with https:// or http://"),
        ("git://host/a", "must start with https:// or http://"),
        ("https:host/a", "must start with https:// or http://"),
        ("https://user@host/a", "holds credentials"),
        ("https://user:hunter2@host/a", "holds credentials"),
        ("https:///a.git", "names no host"),
        ("https://:443/a.git", "names no host"),
        ("https://ho%73t/a", "names no host"),
        ("https://host:port/a", "cannot be read"),
        ("https://host:99999/a", "cannot be read"),
        ("https://[::1/a", "cannot be read"),
        ("https://host/a?x=1", "neither a query nor a fragment"),
        ("https://host/a#b", "neither a query nor a fragment"),
        ("https://host/a?", "neither a query nor a fragment"),
        ("https://host/a b", "printable ASCII only"),
        ("https://host/a\r\nX-Evil: 1", "printable ASCII only"),
        ("https://host\\@evil/a", "printable ASCII only"),
        ("https://h\u00f6st/a", "printable ASCII only"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(url: str, says: str) -> None:
    error = failure(lambda: parse_address(url))

    assert error.reason is Reason.INVALID_URL
    assert error.message.startswith("spec.url ")
    assert says in error.message
    assert "hunter2" not in error.message


@pytest.mark.parametrize("branch", ["main", "feature/x", "v1.2", "a-b_c", "\u00fcber", "@"])
def test_a_branch_becomes_a_full_ref(branch: str) -> None:
    assert branch_ref(branch) == f"refs/heads/{branch}"


@pytest.mark.parametrize(
    "branch",
    ["", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a..b", "a.lock", "a.lock/b", "a b", "a\nb", "a~1", "a^",
     "a:b", "a?", "a*", "a[", "a\\b", "a@{1}", "a\x7f"],
)  # fmt: skip
def test_what_git_does_not_take_for_a_branch_is_refused(branch: str) -> None:
    error = failure(lambda: branch_ref(branch))

    assert error.reason is Reason.INVALID_SPEC
    assert "spec.branch" in error.message
