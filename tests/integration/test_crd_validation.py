"""What the API server itself says to a GitRepository that cannot work, and what it fills in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.parts.control_plane import Kubectl

CRD = Path(__file__).parents[2] / "deploy" / "crd.yaml"
URL = "https://github.com/organisation/repository"


class Api:
    """GitRepositories asked of the API server without kubectl's own validation in between."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl

    def create(self, spec: object, **top: object) -> subprocess.CompletedProcess[str]:
        """Post an object as a strict dry run."""
        body = {
            "apiVersion": "alumiini.false.systems/v1alpha1",
            "kind": "GitRepository",
            "metadata": {"name": "app"},
            "spec": spec,
            **top,
        }
        path = "/apis/alumiini.false.systems/v1alpha1/namespaces/default/gitrepositories"
        query = "?dryRun=All&fieldValidation=Strict"
        return self._kubectl.run("create", "--raw", path + query, "-f", "-", stdin=json.dumps(body))

    def created(self, spec: object) -> dict[str, Any]:
        """Post an object that must be accepted and return it as the API server made it."""
        answer = self.create(spec)
        assert answer.returncode == 0, answer.stderr
        document = json.loads(answer.stdout)
        assert isinstance(document, dict)
        return document


@pytest.fixture(scope="module")
def api(kubectl: Kubectl) -> Api:
    kubectl("apply", "-f", str(CRD))
    kubectl("wait", "--for=condition=Established", "-f", str(CRD))
    return Api(kubectl)


@pytest.mark.parametrize(
    "spec",
    [
        {"url": "http://git"},
        {"url": "http://127.0.0.1:8080/repository.git"},
        {"url": "https://[2001:db8::1]:8443/a/b"},
        {"url": "https://git.example.com/~user/a%20b/repository.git/"},
        {"url": "https://git.example.com/@scope/repository"},
        {"url": URL, "branch": "main"},
        {"url": URL, "branch": "release/1.2"},
        {"url": URL, "branch": "feature/naïve-ö#7@x"},
        {"url": URL, "path": ""},
        {"url": URL, "path": "."},
        {"url": URL, "path": "apps/web..v2/base"},
        {"url": URL, "interval": "1s"},
        {"url": URL, "interval": "1h30m0.5s", "timeout": "1500ms"},
        {"url": URL, "targetNamespace": "team-a"},
        {"url": URL, "secretRef": {"name": "git.credentials"}},
        {"url": URL, "pruneLimit": 0},
        {"url": URL, "pruneLimit": 20},
        {"url": URL, "pruneLimit": "100%"},
        {"url": URL, "prune": False, "allowEmpty": True, "suspend": True},
    ],
    ids=str,
)
def test_a_spec_that_can_work_is_accepted(api: Api, spec: dict[str, object]) -> None:
    accepted = api.created(spec)["spec"]
    assert {field: accepted[field] for field in spec} == spec


def test_what_is_not_said_is_filled_in_but_never_the_branch(api: Api) -> None:
    created = api.created({"url": URL})
    assert created["spec"] == {
        "url": URL,
        "interval": "5m",
        "timeout": "3m",
        "prune": True,
        "pruneLimit": "50%",
        "allowEmpty": False,
        "suspend": False,
    }


def test_status_says_from_the_first_moment_that_nobody_has_looked_yet(api: Api) -> None:
    assert api.created({"url": URL})["status"] == {"observedGeneration": -1}


SCHEME = "must start with https:// or http://, such as https://github.com/organisation/repository"
CREDENTIALS = "put them into a Secret and name it in spec.secretRef.name"
ASCII = "may hold printable ASCII without spaces and backslashes only"
HOST = "must name a host, such as https://github.com/organisation/repository"
QUERY = "must have neither a query (?) nor a fragment (#); leave them out"
BRANCH = "must be a name that Git allows for a branch"
DURATION = "must be at least 1s and at most a year (8760h), such as 30s, 5m or 1h30m"
DURATION_PATTERN = r"should match '^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$'"
LIMIT = 'must be a number of objects such as 20, or a percentage from "0%" to "100%"'
NAME = "spec.secretRef.name: Invalid value"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "spec.url: Required value"),
        ({"url": ""}, "spec.url: Invalid value"),
        ({"url": "git@github.com:organisation/repository.git"}, SCHEME),
        ({"url": "ssh://git@github.com/organisation/repository"}, SCHEME),
        ({"url": "git://github.com/organisation/repository"}, SCHEME),
        ({"url": "file:///srv/repository"}, SCHEME),
        ({"url": "github.com/organisation/repository"}, SCHEME),
        ({"url": "HTTPS://github.com/organisation/repository"}, SCHEME),
        ({"url": "https://user:password@github.com/organisation/repository"}, CREDENTIALS),
        ({"url": "https://token@github.com/organisation/repository"}, CREDENTIALS),
        ({"url": "https://github.com/organisation/my repository"}, ASCII),
        ({"url": "https://github.com/organisation\\repository"}, ASCII),
        ({"url": "https://müller.example/repository"}, ASCII),
        ({"url": "https://github.com/organisation/repository\n"}, ASCII),
        ({"url": "https:///organisation/repository"}, HOST),
        ({"url": "https://"}, HOST),
        ({"url": "https://github.com:port/repository"}, HOST),
        ({"url": "https://github.com/organisation/repository?ref=main"}, QUERY),
        ({"url": "https://github.com/organisation/repository#main"}, QUERY),
        ({"url": "https://github.com/" + "a" * 2048}, "Too long: may not be more than 2048"),
        ({"url": URL, "branch": "refs/heads/main"}, "main, not refs/heads/main"),
        *(
            ({"url": URL, "branch": branch}, BRANCH)
            for branch in (
                *("a b", "a\tb", "a..b", "a//b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{b"),
                *("/a", "a/", "a.", ".a", "a/.b", "a.lock", "a.lock/b", "-a", "\x7f"),
            )
        ),
        ({"url": URL, "branch": ""}, "spec.branch: Invalid value"),
        ({"url": URL, "branch": "a" * 245}, "Too long: may not be more than 244"),
        ({"url": URL, "path": "/apps"}, "leave out the slash it begins with"),
        ({"url": URL, "path": ".."}, 'must not contain ".."; name the folder from the root'),
        ({"url": URL, "path": "apps/../../etc"}, 'must not contain ".."; name the folder from the root'),
        ({"url": URL, "path": "apps\x00"}, "must not contain control characters"),
        ({"url": URL, "path": "a" * 1025}, "Too long: may not be more than 1024"),
        ({"url": URL, "interval": "999ms"}, DURATION),
        ({"url": URL, "interval": "0s"}, DURATION),
        ({"url": URL, "interval": "8761h"}, DURATION),
        ({"url": URL, "interval": "99999999999999999999h"}, "spec.interval: Invalid value"),
        ({"url": URL, "interval": "1d"}, DURATION_PATTERN),
        ({"url": URL, "interval": "-5m"}, DURATION_PATTERN),
        ({"url": URL, "interval": "five"}, DURATION_PATTERN),
        ({"url": URL, "interval": 300}, 'spec.interval in body must be of type string: "integer"'),
        ({"url": URL, "timeout": "0.5s"}, DURATION),
        ({"url": URL, "timeout": "5"}, DURATION_PATTERN),
        ({"url": URL, "targetNamespace": "Team_A"}, "spec.targetNamespace: Invalid value"),
        ({"url": URL, "targetNamespace": "a.b"}, "spec.targetNamespace: Invalid value"),
        ({"url": URL, "secretRef": {}}, "spec.secretRef.name: Required value"),
        ({"url": URL, "secretRef": {"name": "../other"}}, NAME),
        ({"url": URL, "secretRef": {"name": ""}}, NAME),
        ({"url": URL, "pruneLimit": -1}, LIMIT),
        ({"url": URL, "pruneLimit": "101%"}, LIMIT),
        ({"url": URL, "pruneLimit": "half"}, LIMIT),
        ({"url": URL, "pruneLimit": "20"}, LIMIT),
        ({"url": URL, "pruneLimit": 0.5}, "spec.pruneLimit"),
        ({"url": URL, "prune": "yes"}, 'spec.prune in body must be of type boolean: "string"'),
        ({"url": URL, "deletionPolicy": "Orphan"}, 'unknown field "spec.deletionPolicy"'),
        (
            {"url": URL, "secretRef": {"name": "a", "namespace": "b"}},
            'unknown field "spec.secretRef.namespace"',
        ),
    ],
    ids=str,
)
def test_a_spec_that_cannot_work_is_refused_with_what_to_write(
    api: Api, spec: dict[str, object], message: str
) -> None:
    answer = api.create(spec)
    assert answer.returncode != 0, answer.stdout
    assert message in answer.stderr


def test_an_object_without_a_spec_is_refused(api: Api) -> None:
    assert "spec: Required value" in api.create(None).stderr


def test_one_mistake_gives_one_complaint(api: Api) -> None:
    assert api.create({"url": "https://user@github.com/a/b"}).stderr.count("spec.url:") == 1
    assert api.create({"url": "ftp://github.com/a/b"}).stderr.count("spec.url:") == 1
    assert api.create({"url": "https:///b"}).stderr.count("spec.url:") == 1
