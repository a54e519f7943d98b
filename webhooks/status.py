"""The status API, the probes and the metrics: the listener that only operators reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, Router

from webhooks import answers, listing
from webhooks.loopback import LoopbackOnly

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from webhooks.ports import Liveness, Readiness, Snapshots, Tree


def status_app(
    snapshots: Snapshots,
    tree: Tree,
    readiness: Readiness,
    liveness: Liveness,
    metrics: Callable[[], tuple[bytes, str]],
) -> Starlette:
    """Return the application for probes, metrics and the API.

    ``metrics`` returns a text and its content type. The API answers this machine only, for as long as it
    authenticates nobody.
    """
    routes = [
        *_probes(readiness, liveness),
        Route("/metrics", _metrics(metrics)),
        Mount("/api", LoopbackOnly(_api(snapshots, tree))),
    ]
    errors = {HTTPException: answers.http_error, Exception: answers.internal_error}
    app = Starlette(routes=routes, exception_handlers=errors)
    app.router.redirect_slashes = False
    return app


def _probes(readiness: Readiness, liveness: Liveness) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        return _probe("healthy", liveness.stuck_reason())

    async def readyz(_request: Request) -> Response:
        return _probe("ready", readiness.unready_reason())

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _probe(name: str, trouble: str | None) -> Response:
    if trouble is None:
        return JSONResponse({name: True})
    return JSONResponse({name: False, "reason": trouble}, 503)


def _metrics(render: Callable[[], tuple[bytes, str]]) -> Callable[[Request], Response]:
    def metrics(_request: Request) -> Response:
        """Not async, so that starlette renders a long text in a thread and probes do not wait for it."""
        text, content_type = render()
        return Response(text, headers={"Content-Type": content_type})

    return metrics


def _api(snapshots: Snapshots, tree: Tree) -> Router:
    async def repositories(request: Request) -> Response:
        try:
            query = listing.parse(request.query_params)
        except listing.InvalidQueryError as error:
            return JSONResponse({"error": "invalid_parameter", "parameter": error.parameter}, 400)
        return JSONResponse(listing.page(snapshots.all(), query))

    async def repository(request: Request) -> Response:
        snapshot = snapshots.get(request.path_params["namespace"], request.path_params["name"])
        return JSONResponse({"error": "not_found"}, 404) if snapshot is None else JSONResponse(snapshot)

    def supervisor(_request: Request) -> Response:
        """Not async: rendering thousands of children must not keep probes waiting."""
        return JSONResponse(tree.tree())

    return Router(
        [
            Route("/v1/repositories", repositories),
            Route("/v1/repositories/{namespace}/{name}", repository),
            Route("/v1/supervisor", supervisor),
        ],
        redirect_slashes=False,
    )
