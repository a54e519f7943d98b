"""URLs are equal when they name the same repository, and only then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.model.repository_url import comparable


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/a/b",
        "https://github.com/a/b.git",
        "https://github.com/a/b/",
        "https://github.com/a/b.git/",
        "https://github.com//a/b",
        "HTTPS://GitHub.COM/a/b",
        "https://github.com:443/a/b",
        "http://github.com:80/a/b",
        "https://user@github.com/a/b",
        "https://user:p@ss:word@github.com/a/b",
        "ssh://git@github.com/a/b.git",
        "ssh://git@github.com:22/a/b.git",
        "git://github.com/a/b.git",
        "git://github.com:9418/a/b",
        "git@github.com:a/b.git",
        "git@github.com:/a/b.git",
        "github.com:a/b",
        "Git@GitHub.com:a/b/",
    ],
)
def test_every_way_to_write_a_repository_is_the_same(url: str) -> None:
    assert comparable(url) == "github.com/a/b"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/a/b-evil", "github.com/a/b-evil"),
        ("https://evilgithub.com/a/b", "evilgithub.com/a/b"),
        ("https://github.com.evil.com/a/b", "github.com.evil.com/a/b"),
        ("https://github.com@evil.com/a/b", "evil.com/a/b"),
        ("https://evil.com/github.com/a/b", "evil.com/github.com/a/b"),
        ("git@evil.com:github.com/a/b", "evil.com/github.com/a/b"),
        ("https://github.com/A/b", "github.com/A/b"),
        ("https://github.com/a", "github.com/a"),
        ("https://github.com/a/b/c", "github.com/a/b/c"),
        ("https://github.com/a/b.git.git", "github.com/a/b.git"),
        ("https://github.com/a/bgit", "github.com/a/bgit"),
        ("https://github.com/x/../a/b", "github.com/x/../a/b"),
        ("https://github.com:8443/a/b", "github.com:8443/a/b"),
        ("https://github.com:80/a/b", "github.com:80/a/b"),
        ("ssh://git@github.com:2222/a/b", "github.com:2222/a/b"),
        ("git@github.com:2222/a/b", "github.com/2222/a/b"),
        ("ssh://git@[2001:DB8::1]:2222/a/b", "[2001:db8::1]:2222/a/b"),
        ("git@[2001:db8::1]:a/b", "[2001:db8::1]/a/b"),
        ("http://127.0.0.1:3000/a/b.git", "127.0.0.1:3000/a/b"),
        ("https://github.com/a/b%2Fc", "github.com/a/b%2Fc"),
    ],
)
def test_other_repositories_have_other_names(url: str, name: str) -> None:
    assert comparable(url) == name


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a/b",
        "/srv/git/a",
        "./a:b",
        "../a",
        "https://",
        "https:///a/b",
        "https://github.com",
        "https://github.com/",
        "https://github.com/.git",
        "https://github.com:port/a/b",
        "https://github.com:99999/a/b",
        "https://[::1/a/b",
        "https://git\nhub.com/a/b",
        "https://github.com/a/b\t",
        "https://github.com/a b",
        "https://github.com\\@evil.com/a/b",
        "https://github.com/a/b?ref=main",
        "https://github.com/a/b#main",
        "https://github.com/a/\ud800",
        "file:///srv/git/a",
        "ftp://github.com/a/b",
        "ext::sh -c evil",
        "git@github.com:",
        "@github.com:a/b",
        ":a/b",
    ],
)
def test_what_names_no_repository_at_a_host_equals_nothing(url: str) -> None:
    assert comparable(url) is None


@given(st.text())
def test_any_text_is_answered(url: str) -> None:
    name = comparable(url)

    assert name is None or "/" in name


@given(
    st.sampled_from(["https://{}/{}", "ssh://git@{}/{}.git", "git@{}:{}", "http://{}:80/{}/"]),
    st.from_regex(r"[a-z0-9]{1,9}(\.[a-z0-9]{1,9}){0,3}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_~-]{1,9}(/[A-Za-z0-9_~-]{1,9}){0,3}", fullmatch=True),
)
def test_a_name_is_the_host_and_the_path(form: str, host: str, path: str) -> None:
    assert comparable(form.format(host, path)) == f"{host}/{path}"
