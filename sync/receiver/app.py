"""The application of a receiver: which address is answered by what (docs/spec/protocol.md §10).

Rule: whatever goes wrong in here becomes an answer with a code, or a cut; nothing of a request or of its sender enters
a log. This module and all that it imports cannot open an entry; tests/test_imports.py holds it to that.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.crypto import Secret
from schemas.problems import Problem
from sync import network
from sync.receiver import desk_routes, tus
from sync.receiver.answers import Refused, answer, note, refusal
from sync.receiver.bounds import Bounds
from sync.receiver.core import Receiver
from sync.receiver.ports import Clock, Index, Store
from sync.receiver.upkeep import keep_up

Handler = Callable[[Receiver, Request], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

_UPLOAD: Final = network.UPLOADS + "/{upload}"
_BUNDLE: Final = network.BUNDLES + "/{bid}"
_VOLUME: Final = network.BUNDLES + "/{bid}/{place}"
_RETURN: Final = network.RETURNS + "/{retn}"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)


async def healthy(receiver: Receiver, request: Request) -> Response:
    """For supervisors: index and store answer."""
    await receiver.index.offices()
    await receiver.store.answers()
    return answer(200, body=b"ok\n", kind="text/plain; charset=utf-8")


_ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("OPTIONS", network.UPLOADS, tus.options),
    ("POST", network.UPLOADS, tus.post),
    ("OPTIONS", _UPLOAD, tus.options),
    ("HEAD", _UPLOAD, tus.head),
    ("PATCH", _UPLOAD, tus.patch),
    ("DELETE", _UPLOAD, tus.delete),
    ("POST", _UPLOAD, tus.overridden),
    ("GET", network.BUNDLES, desk_routes.list_volumes),
    ("GET", _BUNDLE, desk_routes.bundle_state),
    ("GET", _VOLUME, desk_routes.read_volume),
    ("DELETE", _VOLUME, desk_routes.acknowledge),
    ("PUT", _RETURN, desk_routes.put_return),
    ("GET", _RETURN, desk_routes.get_return),
    ("GET", network.HEALTH, healthy),
)


def _endpoint(receiver: Receiver, handlers: dict[str, Handler]) -> Endpoint:
    async def answered(request: Request) -> Response:
        name = request.path_params.get("upload") or request.path_params.get("bid") or "-"
        try:
            return await handlers[request.method](receiver, request)
        except Refused as refused:
            problem, status, headers = refused.problem, refused.status, refused.headers
        except Problem as found:
            problem, status, headers = found, None, {}
        except Exception as error:  # whatever it is, the worker goes on and the sender gets a code
            problem, status, headers = Problem("E_RECEIVER_FAULT", where=type(error).__name__), None, {}
        # A name that the sender made up is not for the log; one that looks like ours at least cannot write a line.
        note(problem, name if problem.code != "E_UPLOAD_UNKNOWN" and _NAME.fullmatch(name) else "-")
        return refusal(problem, status, headers)

    return answered


def _routes(receiver: Receiver) -> list[Route]:
    """One route for each path, in the order of the table."""
    paths: dict[str, dict[str, Handler]] = {}
    for method, path, handler in _ROUTES:
        paths.setdefault(path, {})[method] = handler
        if method == "GET":
            paths[path]["HEAD"] = handler
    return [
        Route(path, _endpoint(receiver, handlers), methods=list(handlers), include_in_schema=False)
        for path, handlers in paths.items()
    ]


async def _no_route(request: Request, error: Exception) -> Response:
    """A path or a method that nobody answers."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    allowed = error.headers if isinstance(error, HTTPException) else None
    where = "method" if status == 405 else "path"
    return refusal(Problem("E_HTTP_REQUEST", where=where), status, allowed)


def make_app(
    index: Index, store: Store, r1_key: Secret, *, bounds: Bounds | None = None, clock: Clock = time.time
) -> Starlette:
    """The application over an index and a store, which it closes when it ends.

    `r1_key`: the 32-byte seed of the receipt key. `app.state.receiver` is its core.
    """
    receiver = Receiver(index, store, r1_key, bounds or Bounds(), clock)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        upkeep = asyncio.create_task(keep_up(receiver))
        try:
            yield
        finally:
            upkeep.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await upkeep
            await receiver.close()

    app = Starlette(routes=_routes(receiver), lifespan=lifespan, exception_handlers={HTTPException: _no_route})
    # A path that is nearly right is wrong: nobody is sent elsewhere.
    app.router.redirect_slashes = False
    app.state.receiver = receiver
    return app
