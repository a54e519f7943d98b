"""Where repositories are really served: each URL is asked once, later requests go straight there.

A forge may answer with a redirect (GitLab appends ``.git``). One redirect is followed, and only to the same
scheme, host and port, because credentials are sent along.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from workers.model.errors import Reason, SyncError
from workers.source.address import parse_address
from workers.source.exchange import Question
from workers.source.failures import refusal
from workers.source.operations import operation
from workers.source.packets import ProtocolError, decode
from workers.source.protocol import read_capabilities

if TYPE_CHECKING:
    from supervisor.deadline import Deadline
    from workers.source.address import Address
    from workers.source.exchange import Answer, Exchange
    from workers.source.operations import Observe
    from workers.source.remote import BasicAuth

_SUFFIX = "/info/refs?service=git-upload-pack"
_CONTENT_TYPE = "application/x-git-upload-pack-advertisement"
_OK, _REDIRECTS = 200, frozenset({301, 302, 303, 307, 308})
_KNOWN = 10_000
_ANSWER_BYTES = 1024 * 1024


class Services:
    """The URLs of ``git-upload-pack`` that are known; safe to use from many threads."""

    def __init__(self, exchange: Exchange, user_agent: str, observe: Observe) -> None:
        self._exchange = exchange
        self._user_agent = user_agent
        self._observe = observe
        self._lock = threading.Lock()
        self._known: dict[tuple[Address, BasicAuth | None], Address] = {}

    def find(self, address: Address, auth: BasicAuth | None, deadline: Deadline) -> Address:
        """Return the address that serves a repository to these credentials; raises SyncError."""
        with self._lock:
            known = self._known.get((address, auth))
        if known is not None:
            return known
        with operation("info-refs", address.host, self._observe):
            found = self._ask(address, auth, deadline)
        with self._lock:
            self._known[address, auth] = found
            if len(self._known) > _KNOWN:
                del self._known[next(iter(self._known))]
        return found

    def forget(self, address: Address, auth: BasicAuth | None) -> None:
        """Ask again next time, because the repository is not where it was."""
        with self._lock:
            self._known.pop((address, auth), None)

    def headers(self, auth: BasicAuth | None) -> dict[str, str]:
        """Return the headers of every request: credentials are sent unasked, which saves a round trip."""
        headers = {"User-Agent": self._user_agent, "Git-Protocol": "version=2"}
        if auth is not None:
            headers["Authorization"] = auth.header()
        return headers

    def _ask(self, address: Address, auth: BasicAuth | None, deadline: Deadline) -> Address:
        moved = self._ask_at(address, auth, deadline)
        if moved is None:
            return address
        if self._ask_at(moved, auth, deadline) is not None:
            raise _unusable(f"{address.host} redirects more than once; set spec.url to the final address")
        return moved

    def _ask_at(self, address: Address, auth: BasicAuth | None, deadline: Deadline) -> Address | None:
        question = Question(address.host, address.url + _SUFFIX, self.headers(auth), None, _ANSWER_BYTES)
        with self._exchange.ask(question, deadline) as answer:
            if answer.status in _REDIRECTS:
                return _redirected(address, answer.headers.get("Location", ""))
            if answer.status != _OK:
                raise refusal(answer.status, answer.headers, address.host, authenticated=auth is not None)
            _check(answer, address.host)
        return None


def _redirected(address: Address, location: str) -> Address:
    try:
        target = urljoin(address.url + _SUFFIX, location)
        moved = parse_address(target.removesuffix(_SUFFIX))
    except (SyncError, ValueError):
        moved = None
    if moved is None or not target.endswith(_SUFFIX) or moved.origin != address.origin:
        raise _unusable(
            f"{address.host} redirects to another place, which is not followed; "
            "set spec.url to the final address"
        )
    return moved


def _check(answer: Answer, host: str) -> None:
    if answer.headers.get("Content-Type") != _CONTENT_TYPE:
        raise ProtocolError("an answer of another kind")
    capabilities = read_capabilities(decode(answer.read))
    if capabilities.version != 2:  # noqa: PLR2004 -- the name of the protocol
        raise _unusable(f"{host} only speaks an old Git protocol; it must support protocol version 2")
    if capabilities.object_format != "sha1":
        raise _unusable(f"the repository at {host} uses SHA-256 object names, which are not supported")


def _unusable(message: str) -> SyncError:
    return SyncError(Reason.GIT_OPERATION_FAILED, message, slowly=True)
