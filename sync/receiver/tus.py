"""Uploads by tus 1.0.0: core, creation, creation-with-upload, expiration, termination (docs/spec/protocol.md §10.3).

Rule: whoever asks is known by token before anything is read, proven by lead before anything is set aside, and told an
offset only when it is durable.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import Problem
from sync import network
from sync.receiver.answers import Refused, answer, at_offset, bad_request, encoded_r1, http_date, note, number
from sync.receiver.bodies import Body
from sync.receiver.checking import Layout, claim_of
from sync.receiver.core import Receiver
from sync.receiver.ports import Claim, Lease, Upload
from sync.receiver.streaming import HOPELESS, Stored, drop, finish, take_body
from sync.volume import LENGTHS, proven_lead

_TUS: Final = {"Tus-Resumable": network.TUS}
_ID: Final = 16
_PASSING: Final = ("E_UPLOAD_BUSY", "E_RECEIVER_BUSY")
_OVERRIDES: Final = ("PATCH", "DELETE", "HEAD")
Handler = Callable[[Receiver, Request], Awaitable[Response]]


# ---- what every request brings ----


def required_version(request: Request) -> None:
    """Raises E_HTTP_TUS for another version of tus."""
    if request.headers.get("Tus-Resumable") != network.TUS:
        raise Problem("E_HTTP_TUS")


def token_of(request: Request) -> bytes:
    """The hash of the token that a request brings. Raises E_TOKEN_UNKNOWN."""
    return network.token_hash(network.read_bearer(request.headers.get("Authorization", "")))


def has_body(request: Request) -> bool:
    """Whether a body comes."""
    return "transfer-encoding" in request.headers or request.headers.get("Content-Length", "0").strip("0") != ""


def declared(request: Request) -> int:
    """The length that a body declares, or 0."""
    return number(request, "Content-Length") if "Content-Length" in request.headers else 0


def required_kind(request: Request) -> None:
    """Raises Refused (415) for a body of another type than tus has."""
    if request.headers.get("Content-Type", "").strip().lower() != network.OFFSET_BODY:
        raise bad_request("Content-Type", 415)


async def known(receiver: Receiver, request: Request) -> Upload:
    """The upload of the request, by a token that may. Raises E_TOKEN_…, E_UPLOAD_UNKNOWN."""
    token = token_of(request)
    upload = await receiver.index.find(request.path_params["upload"])
    if upload is None:
        raise Problem("E_UPLOAD_UNKNOWN")
    await receiver.index.authorised(token, upload, receiver.now())
    return upload


def state(upload: Upload) -> dict[str, str]:
    """Where an upload stands, as headers."""
    headers = {**_TUS, "Upload-Offset": str(upload.length if upload.complete else upload.offset)}
    if upload.r1 is not None:
        headers[network.R1_HEADER] = encoded_r1(upload.r1)
    else:
        headers["Upload-Expires"] = http_date(upload.expires)
    return headers


# ---- requests ----


async def options(receiver: Receiver, request: Request) -> Response:
    """What this server can do."""
    return answer(
        204,
        {
            **_TUS,
            "Tus-Version": network.TUS,
            "Tus-Extension": network.EXTENSIONS,
            "Tus-Max-Size": str(max(LENGTHS)),
        },
    )


async def post(receiver: Receiver, request: Request) -> Response:
    """Makes an upload; with a body that begins with the lead, nothing is set aside before the lead was proven."""
    required_version(request)
    token = token_of(request)
    length = _upload_length(request)
    # A token that nobody gave out costs us nothing but this question.
    await receiver.index.authorised(token, Upload("", length, 0, None, token, 0), receiver.now())
    if not has_body(request):
        upload = await receiver.index.create(_new_id(), token, length, None, receiver.now())
        return _created(upload)
    required_kind(request)
    if declared(request) > length:
        raise Problem("E_UPLOAD_LENGTH")
    async with Body(request.receive, receiver.share) as body:
        with receiver.uploading(body):
            return await _create_with(receiver, token, length, body)


def _upload_length(request: Request) -> int:
    if "Upload-Defer-Length" in request.headers or "Upload-Concat" in request.headers:
        raise bad_request("Upload-Defer-Length" if "Upload-Defer-Length" in request.headers else "Upload-Concat")
    length = number(request, "Upload-Length")
    if length > max(LENGTHS):
        raise Refused(Problem("E_VOL_SIZE"), 413)
    Layout.of(length)
    return length


def _new_id() -> str:
    return secrets.token_urlsafe(_ID)


def _created(upload: Upload) -> Response:
    return answer(201, {**state(upload), "Location": f"{network.UPLOADS}/{upload.id}"})


async def _create_with(receiver: Receiver, token: bytes, length: int, body: Body) -> Response:
    """The lead first, in memory; then the upload; then what follows the lead, as a PATCH would bring it."""
    layout = Layout.of(length)
    lead = await body.exactly(layout.first)
    claim: Claim | None = None
    if len(lead) == layout.first:
        header, _ = await receiver.in_thread(proven_lead, lead, layout.cells)
        claim = claim_of(header)
    elif body.end == "cut":
        # Nobody would ever learn the name of this upload.
        raise bad_request("body")
    upload = await receiver.index.create(_new_id(), token, length, claim, receiver.now())
    body.put_back(lead)
    try:
        if upload.complete or upload.offset or not lead:
            # It is here already: the sender goes on where it stands.
            return _created(await _finished(receiver, upload))
        return _created(await _write(receiver, upload.id, 0, body))
    except Stored as found:
        return _created(found.upload)
    except Refused as refused:
        if refused.problem.code in _PASSING:
            return await _made(receiver, upload, refused.problem)
        # The upload exists; what became of its first bytes shows in its offset.
        refused.headers["Location"] = f"{network.UPLOADS}/{upload.id}"
        raise
    except Problem as problem:
        if problem.code in HOPELESS or problem.code == "E_UPLOAD_UNKNOWN":
            raise  # it is forgotten again
        return await _made(receiver, upload, problem)


async def _made(receiver: Receiver, upload: Upload, problem: Problem) -> Response:
    """The upload was made, and then came something that passes: the sender must learn its name all the same, or it
    would make another one. What is the matter it hears when it goes on.
    """
    note(problem, upload.id)
    with contextlib.suppress(Problem):
        upload = await receiver.index.find(upload.id) or upload
    return _created(upload)


async def _write(receiver: Receiver, upload_id: str, offset: int, body: Body) -> Upload:
    """Takes a body into an upload at an offset that must be the durable one."""
    async with receiver.index.writing(upload_id, receiver.bounds.patience) as lease:
        return await _write_with(receiver, lease, offset, body)


async def _write_with(receiver: Receiver, lease: Lease, offset: int, body: Body) -> Upload:
    upload = lease.upload
    if upload.complete or upload.offset != offset:
        raise at_offset(Problem("E_UPLOAD_OFFSET"), upload.length if upload.complete else upload.offset)
    if upload.offset == upload.length:
        return await finish(receiver, lease, upload)
    return await take_body(receiver, lease, body)


async def _finished(receiver: Receiver, upload: Upload) -> Upload:
    """As it is; or complete, when all its bytes are here and a crash came before the end."""
    if upload.complete or upload.offset < upload.length:
        return upload
    async with receiver.index.writing(upload.id, receiver.bounds.patience) as lease:
        now = lease.upload
        return now if now.complete or now.offset < now.length else await finish(receiver, lease, now)


async def head(receiver: Receiver, request: Request) -> Response:
    """What is durable. A request that still hangs on this upload is asked to let go first."""
    required_version(request)
    upload = await known(receiver, request)
    if not upload.complete:
        async with receiver.index.writing(upload.id, receiver.bounds.patience) as lease:
            upload = lease.upload
            if not upload.complete and upload.offset == upload.length:
                upload = await finish(receiver, lease, upload)
    return answer(200, {**state(upload), "Upload-Length": str(upload.length)})


async def patch(receiver: Receiver, request: Request) -> Response:
    """Takes bytes at the durable offset, however many; the volume's receipt when they were the last."""
    required_version(request)
    upload = await known(receiver, request)
    required_kind(request)
    offset = number(request, "Upload-Offset")
    if upload.complete and offset == upload.length and not has_body(request):
        return answer(204, state(upload))
    if offset + declared(request) > upload.length:
        raise at_offset(Problem("E_UPLOAD_LENGTH"), upload.offset)
    if upload.complete:
        raise at_offset(Problem("E_UPLOAD_OFFSET"), upload.length)
    async with Body(request.receive, receiver.share) as body:
        with receiver.uploading(body):
            try:
                return answer(204, state(await _write(receiver, upload.id, offset, body)))
            except Stored as found:
                return answer(204, state(found.upload))


async def delete(receiver: Receiver, request: Request) -> Response:
    """Ends an unfinished upload. A complete volume is the desk's to release: 403."""
    required_version(request)
    upload = await known(receiver, request)
    if not upload.complete:
        async with receiver.index.writing(upload.id, receiver.bounds.patience) as lease:
            if not lease.upload.complete:
                await drop(receiver, lease.upload)
                return answer(204, _TUS)
    raise bad_request("complete", 403)


async def overridden(receiver: Receiver, request: Request) -> Response:
    """POST to an upload, which means the method that X-HTTP-Method-Override names (tus 1.0.0, core)."""
    method = request.headers.get("X-HTTP-Method-Override", "")
    if method not in _OVERRIDES:
        raise bad_request("method", 405)
    if method != "PATCH" and has_body(request):
        raise bad_request("Content-Length")
    return await {"PATCH": patch, "DELETE": delete, "HEAD": head}[method](receiver, request)
