"""Webhooks: from a signed request to a message in a mailbox.

Checks in the order of the contract: method (routing), size, authentication on the raw bytes, content type,
event header, replay, parse, look-up. So nobody without a secret learns which repositories exist, and nothing
of theirs is parsed. After the body has come nothing is awaited: two deliveries never mix.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from webhooks import answers, body
from webhooks.answers import Answer, RefusedError, refused
from webhooks.deliveries import Deliveries
from webhooks.ports import Push
from webhooks.providers import PROVIDERS, recognise
from webhooks.providers.provider import InvalidPayloadError, Uninteresting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from supervisor.clock import Clock
    from webhooks.ports import Follower, Repositories
    from webhooks.providers.provider import Announced, Event, Provider

_log = logging.getLogger(__name__)

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Target:
    """The object that a route names."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One request whose body has come; ``target`` is None on routes that name a provider."""

    provider: Provider
    target: _Target | None
    request: Request
    body: bytes
    received: float

    @property
    def id(self) -> tuple[str, str] | None:
        """Under what it can be known again: an id counts for one route only."""
        given = self.provider.delivery_id(self.request.headers)
        return None if given is None else (self.request.scope["path"], given)


def webhook_app(
    repositories: Repositories,
    secrets: Callable[[], Sequence[bytes]],
    observe: Callable[[str, str], None],
    clock: Clock,
) -> Starlette:
    """Return the application for the listener that forges reach.

    ``secrets`` returns the global secrets that are valid now, none means not configured. ``observe`` is told
    provider and result of each request.
    """
    receiver = _Receiver(repositories, secrets, observe, clock)
    routes = [
        Route(f"/webhook/{provider.name}", partial(receiver.to_provider, provider), methods=["POST"])
        for provider in PROVIDERS
    ]
    routes.append(Route("/webhook/{namespace}/{name}", receiver.to_object, methods=["POST"]))
    errors = {HTTPException: answers.http_error, Exception: answers.internal_error}
    app = Starlette(routes=routes, exception_handlers=errors)
    app.router.redirect_slashes = False
    return app


class _Receiver:
    def __init__(
        self,
        repositories: Repositories,
        secrets: Callable[[], Sequence[bytes]],
        observe: Callable[[str, str], None],
        clock: Clock,
    ) -> None:
        self._repositories = repositories
        self._secrets = secrets
        self._observe = observe
        self._clock = clock
        self._accepted = Deliveries(clock)

    async def to_provider(self, provider: Provider, request: Request) -> Response:
        return await self._answer(request, provider, None)

    async def to_object(self, request: Request) -> Response:
        target = _Target(request.path_params["namespace"], request.path_params["name"])
        return await self._answer(request, recognise(request.headers), target)

    async def _answer(self, request: Request, provider: Provider, target: _Target | None) -> Response:
        received = self._clock.monotonic()
        level = logging.INFO
        try:
            answer = self._receive(_Delivery(provider, target, request, await body.read(request), received))
        except RefusedError as error:
            answer = error.answer
            level = logging.DEBUG  # strangers do not fill our log; they are counted
        self._observe(provider.name, answer.result)
        _log.log(level, "webhook answered", extra={"provider": provider.name, **answer.body})
        return answer.response()

    def _receive(self, delivery: _Delivery) -> Answer:
        self._authenticate(delivery)
        kind = body.media_type(delivery.request)
        if not delivery.provider.recognised(delivery.request.headers):
            raise refused(400, "unknown_provider")
        if delivery.id and delivery.id in self._accepted:
            return answers.ignored("duplicate")
        event = _parse(delivery, kind)
        if isinstance(event, Uninteresting):
            return answers.ignored(event.reason)
        answer = self._deliver(event, delivery)
        if delivery.id and answer.status == HTTPStatus.ACCEPTED:
            self._accepted.remember(delivery.id)
        return answer

    def _authenticate(self, delivery: _Delivery) -> None:
        secrets = self._secrets()
        if not secrets and delivery.target is None:
            raise refused(503, "not_configured")
        if not delivery.provider.authenticates(delivery.request.headers, delivery.body, secrets):
            raise refused(401, "unauthorized")

    def _deliver(self, event: Announced, delivery: _Delivery) -> Answer:
        target = delivery.target
        ref, followers = self._followers(event) if target is None else self._named(event, target)
        if not followers:
            return answers.ignored("no_match")
        awake = [follower for follower in followers if not follower.suspended]
        if not awake:
            return answers.ignored("suspended")
        push = Push(ref, event.commit, delivery.received)
        # All get it, also after one that could not: then the forge sends it again, and twice does no harm.
        delivered = [self._repositories.notify(follower, push) for follower in awake]
        if not all(delivered):
            raise refused(503, "not_ready")
        return answers.accepted(awake, ref, event.commit)

    def _followers(self, event: Announced) -> tuple[str, Sequence[Follower]]:
        if event.ref is None or not event.urls:
            raise refused(400, "invalid_payload")
        self._check_ready()
        return event.ref, self._repositories.following(event.urls, event.ref)

    def _named(self, event: Announced, target: _Target) -> tuple[str, Sequence[Follower]]:
        """Return whom the route names; the payload may hold the URLs of another mirror."""
        if not (_NAME.fullmatch(target.namespace) and _NAME.fullmatch(target.name)):
            raise refused(400, "invalid_name")
        self._check_ready()
        follower = self._repositories.find(target.namespace, target.name)
        if follower is None:
            raise refused(404, "not_found")
        ref = event.ref or follower.ref
        return ref, [follower] if ref == follower.ref else []

    def _check_ready(self) -> None:
        if not self._repositories.ready():
            raise refused(503, "not_ready")


def _parse(delivery: _Delivery, kind: str) -> Event:
    payload = body.decode(delivery.body, kind)
    try:
        return delivery.provider.parse(delivery.provider.event(delivery.request.headers), payload)
    except InvalidPayloadError:
        raise refused(400, "invalid_payload") from None
