"""The remote of a repository, with what its Secret says."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from workers.cluster.resources import SECRET
from workers.model.errors import Reason, SyncError
from workers.model.keys import ObjectKey
from workers.source.credentials import basic_auth
from workers.source.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.repository.ports import Engines
    from workers.repository.run import Run
    from workers.repository.state import State
    from workers.source.remote import BasicAuth


def remote_of(run: Run, state: State, engines: Engines) -> Remote:
    """Return where to fetch from; the Secret is read once and again only when the state has forgotten it.

    Raises SyncError with ``SecretNotFound`` or ``InvalidSecret``.
    """
    return Remote(run.spec.url, run.spec.branch, _auth(run, state, engines))


def _auth(run: Run, state: State, engines: Engines) -> BasicAuth | None:
    name = run.spec.secret
    if name is None:
        return None
    if state.auth is None or state.auth[0] != name or run.thorough:
        key = ObjectKey("", "Secret", run.own.subject.key.namespace, name)
        secret = engines.own.get(SECRET, key, run.deadline)
        if secret is None:
            raise SyncError(
                Reason.SECRET_NOT_FOUND,
                f"there is no Secret {key.namespace}/{name}; create it or correct spec.secretRef.name",
            )
        state.auth = (name, basic_auth(_decoded(secret.get("data") or {}), f"{key.namespace}/{name}"))
    return state.auth[1]


def _decoded(data: Mapping[str, Any]) -> dict[str, bytes]:
    try:
        return {key: base64.b64decode(value or "", validate=True) for key, value in data.items()}
    except binascii.Error:  # the API server lets no such Secret in
        raise SyncError(Reason.INVALID_SECRET, "the Secret holds a value that is not base64") from None
