"""The sample repositories of the demo."""

from __future__ import annotations

from textwrap import dedent

NAMESPACE = "demo"
"""Where the GitRepository objects live."""
SHOP, NOTES = "shop", "notes"
"""Two repositories; each has a namespace of its name for what it applies."""


def shop(greeting: str) -> dict[str, str | bytes | None]:
    """Return the files of a small web application."""
    return {
        "namespace.yaml": _yaml("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: shop
            """),
        "config.yaml": config("shop", greeting),
        "web.yaml": _yaml("""
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: web
              namespace: shop
            spec:
              replicas: 2
              selector:
                matchLabels: {app: web}
              template:
                metadata:
                  labels: {app: web}
                spec:
                  containers:
                    - name: web
                      image: registry.example/shop/web:1.0
                      ports:
                        - containerPort: 8080
            """),
        "service.yaml": _yaml("""
            apiVersion: v1
            kind: Service
            metadata:
              name: web
              namespace: shop
            spec:
              selector: {app: web}
              ports:
                - port: 80
                  targetPort: 8080
            """),
        "README.md": "# shop\nA sample repository.\n",
    }


def notes(greeting: str) -> dict[str, str | bytes | None]:
    """Return the files of the second repository."""
    return {
        "namespace.yaml": _yaml("""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: notes
            """),
        "config.yaml": config("notes", greeting),
    }


def config(namespace: str, greeting: str) -> str:
    """Return the ConfigMap that the demo changes."""
    return _yaml(f"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: greeting
          namespace: {namespace}
        data:
          text: {greeting}
        """)


def git_repository(name: str, url: str) -> str:
    """Return the GitRepository object that follows a URL."""
    return _yaml(f"""
        apiVersion: alumiini.false.systems/v1alpha1
        kind: GitRepository
        metadata:
          name: {name}
          namespace: {NAMESPACE}
        spec:
          url: {url}
          interval: 1m
        """)


def _yaml(text: str) -> str:
    return dedent(text).lstrip("\n")
