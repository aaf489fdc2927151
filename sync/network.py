"""What receiver, field and desk agree on over HTTP: addresses, headers, bearers, codes (docs/spec/protocol.md §10).

Rule: both sides take every name from here; nothing here opens, stores or connects.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from collector import crypto
from schemas.problems import Problem

TUS: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,termination"
UPLOADS: Final = "/v1/up"
BUNDLES: Final = "/v1/bundles"
RETURNS: Final = "/v1/returns"
HEALTH: Final = "/healthz"
OFFSET_BODY: Final = "application/offset+octet-stream"
RECORD_BODY: Final = "application/msgpack"
VOLUME_BODY: Final = "application/octet-stream"
R1_HEADER: Final = "Svidok-R1"
CODE_HEADER: Final = "Svidok-Code"
BAD_CELL: Final = 460
"""Status of an answer that cut the offset back to the start of a cell that did not fit its hash."""
MAX_RETURN: Final = 4 << 20
TOKEN: Final = 32

STATUS: Final = {
    "E_TOKEN_UNKNOWN": 401,
    "E_TOKEN_EXPIRED": 401,
    "E_TOKEN_USED": 403,
    "E_TOKEN_QUOTA": 413,
    "E_RETURN_QUOTA": 413,
    "E_UPLOAD_UNKNOWN": 404,
    "E_UPLOAD_OFFSET": 409,
    "E_UPLOAD_BUSY": 423,
    "E_UPLOAD_LENGTH": 413,
    "E_UPLOAD_CELL": BAD_CELL,
    "E_RECEIVER_FULL": 507,
    "E_RECEIVER_BUSY": 503,
    "E_RECEIVER_FAULT": 500,
    "E_RECEIVER_BACKEND": 503,
    "E_HTTP_TUS": 412,
    "E_HTTP_REQUEST": 400,
    "E_VOL_SIZE": 400,
    "E_VOL_MAGIC": 422,
    "E_VOL_FORMAT": 422,
    "E_VOL_SIG": 422,
    "E_VOL_LEAVES": 422,
    "E_VOL_MIX": 422,
    "E_PAD": 422,
}
"""What the receiver answers for each problem; every answer that is one names its code in `Svidok-Code`."""


def bearer(token: bytes) -> str:
    """The value of the header `Authorization` for a token of 32 bytes."""
    return "Bearer " + base64.urlsafe_b64encode(token).decode().rstrip("=")


def read_bearer(value: str) -> bytes:
    """The 32 bytes of an `Authorization` header. Raises E_TOKEN_UNKNOWN for anything else."""
    scheme, _, text = value.partition(" ")
    try:
        token = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        token = b""
    if scheme.lower() != "bearer" or len(token) != TOKEN or bearer(token) != "Bearer " + text:
        raise Problem("E_TOKEN_UNKNOWN")
    return token


def token_hash(token: bytes) -> bytes:
    """What a receiver knows of an upload token or of a desk's bearer."""
    return crypto.tagged("tok", token)
