"""A forge that knows the secret, and repository objects that follow what it pushes."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.supervisor.manual_clock import ManualClock
from webhooks.ports import Follower, Push
from webhooks.receiver import webhook_app

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tests.webhooks.serving import Reply, Stage

SECRET = "correct horse"
SHOP = Follower("team", "shop", "github.com/octo-org/shop", "refs/heads/main", suspended=False)
COMMIT = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str) -> Any:  # noqa: ANN401 -- JSON of any shape
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class FakeRepositories:
    def __init__(self) -> None:
        self.followers = [SHOP]
        self.listed = True
        self.reachable = True
        self.notified: list[tuple[str, Push]] = []

    def ready(self) -> bool:
        return self.listed

    def following(self, urls: Collection[str], ref: str) -> Sequence[Follower]:
        return [follower for follower in self.followers if follower.url in urls and follower.ref == ref]

    def find(self, namespace: str, name: str) -> Follower | None:
        return next((one for one in self.followers if (one.namespace, one.name) == (namespace, name)), None)

    def notify(self, follower: Follower, push: Push) -> bool:
        if self.reachable:
            self.notified.append((str(follower), push))
        return self.reachable


class Forge:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.repositories = FakeRepositories()
        self.secrets: tuple[bytes, ...] = (SECRET.encode(),)
        self.observed: list[tuple[str, str]] = []
        self.clock = ManualClock()
        stage.app = webhook_app(self.repositories, lambda: self.secrets, self._observe, self.clock)

    def github(  # noqa: PLR0913 -- each is one header or part of the request
        self,
        body: bytes | object,
        *,
        path: str = "/webhook/github",
        event: str | None = "push",
        delivery: str | None = None,
        signature: str | None = None,
        content_type: str | None = "application/json",
    ) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": sign(raw) if signature is None else signature,
            "Content-Type": content_type,
        }
        return self.post(path, raw, headers)

    def generic(self, body: bytes | object, path: str = "/webhook/generic") -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.post(path, raw, {"X-Signature": sign(raw), "Content-Type": "application/json"})

    def post(self, path: str, body: bytes, headers: Mapping[str, str | None]) -> Reply:
        return self.stage.ask("POST", path, body, {name: text for name, text in headers.items() if text})

    def _observe(self, provider: str, result: str) -> None:
        self.observed.append((provider, result))
