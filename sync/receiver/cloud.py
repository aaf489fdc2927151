"""A receiver over an object store and PostgreSQL, for any number of workers and hosts (docs/spec/protocol.md §10.1).

Rule: addresses come from the operator, credentials from the environment alone (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION; PGPASSWORD or ~/.pgpass), and neither is ever repeated in a
message. Plain HTTP to the object store is allowed on loopback only.
"""

from __future__ import annotations

import ipaddress
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from obstore.store import S3Store

from schemas.problems import Problem
from sync.receiver.cloud_index import CloudIndex
from sync.receiver.cloud_store import CloudStore

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_RETRY: Final[RetryConfig] = {
    "max_retries": 5,
    "retry_timeout": timedelta(seconds=15),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2.0},
}


async def open(store_url: str, index_url: str, *, connections: int = 8) -> tuple[CloudIndex, CloudStore]:
    """Index and store of `s3://bucket/prefix` and `postgresql://…`; makes or migrates the tables of the index.

    Raises E_STORE_URL, E_RECEIVER_BACKEND.
    """
    store = open_store(store_url)
    await store.reachable()
    return await open_index(index_url, connections=connections), store


def open_store(url: str) -> CloudStore:
    """The store of `s3://bucket/prefix`; asks nothing of it yet. Raises E_STORE_URL."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
        raise Problem("E_STORE_URL", why="the store is written s3://bucket/prefix")
    options: ClientConfig = {"timeout": timedelta(seconds=60), "connect_timeout": timedelta(seconds=5)}
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
    if endpoint.lower().startswith("http://"):
        if not _loopback(urlsplit(endpoint).hostname or ""):
            raise Problem("E_STORE_URL", why="plain http to the object store is for this host only")
        options["allow_http"] = True
    try:
        return CloudStore(S3Store.from_url(url, client_options=options, retry_config=_RETRY))
    except Exception as error:
        raise Problem("E_STORE_URL", why=f"the object store's settings, {type(error).__name__}") from None


async def open_index(url: str, *, connections: int = 8) -> CloudIndex:
    """The index of `postgresql://…`. Raises E_STORE_URL, E_RECEIVER_BACKEND."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise Problem("E_STORE_URL", why="the index is written postgresql://host/database")
    return await CloudIndex.open(url, connections)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
