"""A gate that lets only this machine in."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class LoopbackOnly:
    """Answers 403 unless the peer is on this machine and asked for it by a loopback name.

    The name counts because of DNS rebinding: a page in a browser on this machine reaches us as a loopback
    peer too, but under the host name that the page came from.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 -- ASGI
        request = Request(scope)
        peer = request.client.host if request.client else ""
        if _is_loopback(peer) and _names_loopback(request.headers.get("Host", "")):
            await self._app(scope, receive, send)
        else:
            await JSONResponse({"error": "forbidden"}, 403)(scope, receive, send)


def _names_loopback(host: str) -> bool:
    name = host.lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    return name == "localhost" or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
