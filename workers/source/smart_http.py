"""Git over HTTP in protocol version 2: one POST asks what a branch points at, one fetches a commit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from workers.model.errors import Reason, SyncError
from workers.source.address import branch_ref, parse_address
from workers.source.exchange import Question
from workers.source.failures import refusal
from workers.source.operations import operation
from workers.source.packets import ProtocolError, decode
from workers.source.protocol import fetch_request, read_pack, read_refs, refs_request
from workers.source.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from supervisor.deadline import Deadline
    from workers.source.exchange import Exchange
    from workers.source.limits import Limits
    from workers.source.operations import Observe
    from workers.source.remote import Remote

_REQUEST = "application/x-git-upload-pack-request"
_RESULT = "application/x-git-upload-pack-result"
_OK = 200
_MOVED = frozenset({301, 302, 303, 307, 308, 404, 410})


class SmartHttp:
    """Asks remotes; safe to use from many threads.

    Its methods raise SyncError, or FencedError when the work was given up.
    """

    def __init__(self, exchange: Exchange, user_agent: str, limits: Limits, observe: Observe) -> None:
        # Some forges serve Git only to programs that call themselves git.
        self._services = Services(exchange, f"git/2 {user_agent}", observe)
        self._exchange = exchange
        self._limits = limits
        self._observe = observe

    def resolve(self, remote: Remote, deadline: Deadline) -> str:
        """Return the commit that the branch points at, with exactly one ref query if there is one.

        ``HEAD`` is asked for along, so that a missing branch differs from an empty repository.
        """
        ref, host = branch_ref(remote.branch), parse_address(remote.url).host
        refs = self._refs(remote, (ref, "HEAD"), deadline)
        if ref in refs:
            return refs[ref]
        if refs or self._refs(remote, ("refs/",), deadline):
            raise SyncError(
                Reason.REVISION_NOT_FOUND,
                f"the repository at {host} has no branch {remote.branch}; push it or correct spec.branch",
            )
        raise SyncError(Reason.REPOSITORY_EMPTY, f"the repository at {host} has no commits; push one")

    def fetch(
        self,
        remote: Remote,
        commit: str,
        have: Sequence[str],
        store: Callable[[Iterator[bytes]], None],
        deadline: Deadline,
    ) -> None:
        """Hand the parts of a pack with ``commit`` and without history to ``store``.

        ``have`` are commits that are complete here: the pack holds what they lack.
        """
        with self._post(
            "fetch", remote, fetch_request(commit, have), self._limits.pack_bytes, deadline
        ) as read:
            store(read_pack(decode(read)))

    def _refs(self, remote: Remote, prefixes: Sequence[str], deadline: Deadline) -> dict[str, str]:
        body = refs_request(prefixes)
        with self._post("ls-refs", remote, body, self._limits.refs_bytes, deadline) as read:
            return read_refs(decode(read))

    @contextmanager
    def _post(
        self, name: str, remote: Remote, body: bytes, answer_bytes: int, deadline: Deadline
    ) -> Iterator[Callable[[int], bytes]]:
        address = parse_address(remote.url)
        service = self._services.find(address, remote.auth, deadline)
        headers = {**self._services.headers(remote.auth), "Content-Type": _REQUEST, "Accept": _RESULT}
        question = Question(address.host, f"{service.url}/git-upload-pack", headers, body, answer_bytes)
        with (
            operation(name, address.host, self._observe),
            self._exchange.ask(question, deadline) as answer,
        ):
            if answer.status != _OK:
                if answer.status in _MOVED:
                    self._services.forget(address, remote.auth)
                raise refusal(
                    answer.status, answer.headers, address.host, authenticated=remote.auth is not None
                )
            if answer.headers.get("Content-Type") != _RESULT:
                raise ProtocolError("an answer of another kind")
            yield answer.read
