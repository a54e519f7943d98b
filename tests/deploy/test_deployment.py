"""Loading ``deploy/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alumiini_py import deployment
from alumiini_py.deployment import DeploymentError, documents

if TYPE_CHECKING:
    from pathlib import Path

KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_objects_come_in_the_order_of_the_kustomization(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        kustomization=f"{KUSTOMIZATION}resources: [b.yaml, a.yaml]",
        a="{kind: A}",
        b="{kind: B}\n---\n{kind: C}",
    )
    assert documents(place) == ({"kind": "B"}, {"kind": "C"}, {"kind": "A"})


def test_the_checkout_ships_everything_in_an_order_that_works() -> None:
    assert [document["kind"] for document in documents()] == [
        "CustomResourceDefinition",
        "Namespace",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "Deployment",
        "Service",
    ]


def test_every_file_is_listed_or_a_sample() -> None:
    place = deployment.find()
    listed = {
        "kustomization.yaml",
        "crd.yaml",
        "namespace.yaml",
        "rbac.yaml",
        "deployment.yaml",
        "service.yaml",
    }
    assert {path.name for path in place.glob("*.yaml")} == listed
    assert {path.name for path in place.iterdir() if path.is_dir()} == {"samples"}


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "kustomization.yaml cannot be read"),
        ({"kustomization": f"{KUSTOMIZATION}resources: [a.yaml]"}, "a.yaml cannot be read"),
        ({"kustomization": f"{KUSTOMIZATION}resources: [a.yaml]", "a": "{"}, "a.yaml cannot be read"),
        (
            {"kustomization": f"{KUSTOMIZATION}resources: [a.yaml]", "a": "text"},
            "something that is no object",
        ),
        ({"kustomization": "---\n{}\n---\n{}"}, "must hold exactly one document"),
        (
            {"kustomization": f"{KUSTOMIZATION}resources: []\nnamePrefix: my-\nimages: []"},
            "uses images, namePrefix; move that to an overlay of your own",
        ),
    ],
)
def test_what_cannot_be_installed_as_it_stands_is_refused(
    tmp_path: Path, files: dict[str, str], complaint: str
) -> None:
    with pytest.raises(DeploymentError, match=complaint):
        documents(folder(tmp_path, **files))


def test_only_definitions_of_kinds_are_crds() -> None:
    assert [d["metadata"]["name"] for d in documents() if deployment.is_crd(d)] == [
        "gitrepositories.alumiini.false.systems"
    ]
