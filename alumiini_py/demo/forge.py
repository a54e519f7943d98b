"""What a forge does beside serving Git: it announces each push by a signed webhook."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
from typing import TYPE_CHECKING

from alumiini_py.demo.git_server import GitHandler

if TYPE_CHECKING:
    from collections.abc import Callable

    from alumiini_py.demo.git_repository import Repository

_SECONDS = 10.0


class WebhookError(Exception):
    """A webhook was not accepted; the message is one sentence."""


class Forge:
    """Signs and sends GitHub's push webhook to ``address`` (``host:port``)."""

    def __init__(self, address: str, secret: str) -> None:
        self._address = address
        self._secret = secret.encode()

    def announce(self, url: str, commit: str, branch: str = "main") -> int:
        """Tell that a branch points at a commit now and return the status; raises WebhookError unless 202."""
        body = json.dumps(
            {"ref": f"refs/heads/{branch}", "after": commit, "repository": {"clone_url": url}}
        ).encode()
        connection = http.client.HTTPConnection(self._address, timeout=_SECONDS)
        try:
            connection.request("POST", "/webhook/github", body, self._headers(body))
            answer = connection.getresponse()
            answer.read()
        except OSError as error:
            raise WebhookError(f"the webhook could not be sent: {error}") from error
        finally:
            connection.close()
        if answer.status != http.client.ACCEPTED:
            raise WebhookError(f"the webhook was answered with {answer.status}, not 202")
        return answer.status

    def _headers(self, body: bytes) -> dict[str, str]:
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": secrets.token_hex(16),
            "X-Hub-Signature-256": f"sha256={signature}",
        }


def announcing(pushed: Callable[[Repository], None]) -> type[GitHandler]:
    """Return the handler of a Git server that calls ``pushed`` after each ``git push``."""

    class AnnouncingHandler(GitHandler):
        """Answers a push, then tells of it."""

        def serve(self, repository: Repository, service: str, body: bytes) -> None:
            """Serve as ever."""
            super().serve(repository, service, body)
            if service == "git-receive-pack":
                pushed(repository)

    return AnnouncingHandler
