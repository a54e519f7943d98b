"""GitRepositories as a person meets them: through kubectl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.parts.control_plane import Kubectl

DEPLOY = Path(__file__).parents[2] / "deploy"
CRD = str(DEPLOY / "crd.yaml")
URL = "https://github.com/organisation/repository"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
READY = {
    "type": "Ready",
    "status": "True",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-01-02T03:04:05Z",
    "reason": "Synced",
    "message": "main@sha1:0123456 is applied: 3 objects",
}
STATUS = {
    "observedGeneration": 1,
    "phase": "Synced",
    "lastSyncedCommit": COMMIT,
    "shortCommit": COMMIT[:7],
    "lastSyncedRevision": f"main@sha1:{COMMIT}",
    "lastSyncTime": "2026-01-02T03:04:05Z",
    "lastAttemptedCommit": COMMIT,
    "lastAttemptTime": "2026-01-02T03:04:05Z",
    "failures": 0,
    "nextSyncTime": "2026-01-02T03:09:05Z",
    "lastHandledReconcileAt": "2026-01-02T03:04:00Z",
    "resources": {"total": 3, "applied": 1, "unchanged": 2, "pruned": 0, "failed": 0},
    "errors": [
        {"object": "Deployment.apps/a/b", "file": "a.yaml:1", "reason": "ApplyFailed", "message": "no"}
    ],
    "errorsTruncated": 0,
    "conditions": [READY],
}


@pytest.fixture
def repository(kubectl: Kubectl, namespace: str) -> str:
    """The name of a GitRepository in ``namespace`` that nobody has looked at."""
    kubectl("apply", "-f", CRD)
    kubectl("wait", "--for=condition=Established", "-f", CRD)
    kubectl.apply(
        {
            "apiVersion": "alumiini.false.systems/v1alpha1",
            "kind": "GitRepository",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {"url": URL, "branch": "main"},
        }
    )
    return "web"


def write_status(kubectl: Kubectl, namespace: str, name: str, status: object) -> None:
    patch = json.dumps({"status": status})
    kubectl("patch", "agr", name, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)


def table(text: str) -> list[list[str]]:
    """Split what kubectl prints at two and more spaces, and drop the age."""
    rows = [[cell for cell in line.split("  ") if cell] for line in text.splitlines()]
    return [[cell.strip() for cell in row] for row in rows]


def test_get_shows_ready_commit_age_and_status(kubectl: Kubectl, namespace: str, repository: str) -> None:
    write_status(kubectl, namespace, repository, STATUS)
    header, row = table(kubectl("get", "agr", "-n", namespace))
    assert header == ["NAME", "READY", "COMMIT", "AGE", "STATUS"]
    assert [row[0], row[1], row[2], row[4]] == ["web", "True", "0123456", READY["message"]]


def test_get_wide_adds_url_branch_phase_and_next(kubectl: Kubectl, namespace: str, repository: str) -> None:
    write_status(kubectl, namespace, repository, STATUS)
    header, row = table(kubectl("get", "agr", "-n", namespace, "-o", "wide"))
    assert header[5:] == ["URL", "BRANCH", "PHASE", "NEXT"]
    assert row[5:] == [URL, "main", "Synced", "2026-01-02T03:09:05Z"]


def test_every_field_of_a_status_is_kept(kubectl: Kubectl, namespace: str, repository: str) -> None:
    write_status(kubectl, namespace, repository, STATUS)
    assert kubectl.json("get", "agr", repository, "-n", namespace)["status"] == STATUS


@pytest.mark.parametrize("name", ["gitrepositories", "gitrepository", "agr", "gitops", "alumiini"])
def test_it_is_found_under_its_names_and_categories(
    kubectl: Kubectl, namespace: str, repository: str, name: str
) -> None:
    found = kubectl("get", name, "-n", namespace, "-o", "name")
    assert found == f"gitrepository.alumiini.false.systems/{repository}\n"


def test_delete_all_does_not_reach_it(kubectl: Kubectl, namespace: str, repository: str) -> None:
    kubectl("delete", "all", "--all", "-n", namespace)
    assert kubectl.exists("agr", repository, "-n", namespace)


def test_repositories_can_be_selected_by_url(kubectl: Kubectl, namespace: str, repository: str) -> None:
    def select(url: str) -> str:
        return kubectl("get", "agr", "-n", namespace, "-o", "name", f"--field-selector=spec.url={url}")

    assert repository in select(URL)
    assert select("https://github.com/organisation/other") == ""


def test_wait_does_not_pass_before_somebody_has_looked(
    kubectl: Kubectl, namespace: str, repository: str
) -> None:
    wait = ("wait", "--for=condition=Ready", f"agr/{repository}", "-n", namespace)
    assert kubectl.run(*wait, "--timeout=0s").returncode != 0
    write_status(kubectl, namespace, repository, STATUS)
    assert kubectl.run(*wait, "--timeout=20s").returncode == 0


def test_wait_does_not_take_the_old_answer_for_a_new_spec(
    kubectl: Kubectl, namespace: str, repository: str
) -> None:
    write_status(kubectl, namespace, repository, STATUS)
    kubectl("patch", "agr", repository, "-n", namespace, "--type=merge", "-p", '{"spec": {"path": "apps"}}')
    waited = kubectl.run(
        "wait", "--for=condition=Ready", f"agr/{repository}", "-n", namespace, "--timeout=1s"
    )
    assert "timed out" in waited.stderr


def test_kubectl_takes_it_for_the_parent_of_an_applyset(kubectl: Kubectl, repository: str) -> None:
    assert repository
    labels = kubectl.json("get", "crd", "gitrepositories.alumiini.false.systems")["metadata"]["labels"]
    assert labels["applyset.kubernetes.io/is-parent-type"] == "true"


@pytest.mark.parametrize(
    ("field", "meaning"),
    [
        ("", "kept applied by an actor of its own"),
        (".spec.url", "credentials (they belong in a Secret"),
        (".spec.branch", 'Without it the branch "main" is followed'),
        (".spec.secretRef.name", "name of the Secret"),
        (".spec.pruneLimit", "deletes nothing until this object"),
        (".status.conditions", "Stalled while only a person can help"),
        (".status.resources.unchanged", "nothing was sent"),
    ],
)
def test_explain_tells_what_a_field_means(
    kubectl: Kubectl, repository: str, field: str, meaning: str
) -> None:
    assert repository
    assert meaning in " ".join(kubectl("explain", f"gitrepository{field}").split())


def test_the_sample_is_valid(kubectl: Kubectl, repository: str) -> None:
    assert repository
    sample = str(DEPLOY / "samples" / "gitrepository.yaml")
    assert "created (server dry run)" in kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", sample
    )
