"""A receiver in processes of its own, for what only processes show: signals, workers, logs. Run with `-m`."""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path

from starlette.applications import Starlette

from collector.crypto import Secret
from sync import network
from sync.receiver.app import make_app
from sync.receiver.local import open_local
from sync.receiver.ports import Office
from sync.receiver.serve import Listen, Tls, serve
from tests.receiver.serving import BOUNDS, DESK, LIFE, OFFICE, QUOTA, SEED, token


async def application(folder: Path) -> Starlette:
    """The application over a folder, with eight tokens."""
    index, store = await open_local(folder)
    now = int(time.time())
    hashes = sorted(network.token_hash(token(number)) for number in range(8))
    await index.accept(Office(OFFICE, network.token_hash(DESK)), hashes, QUOTA, now + LIFE, now)
    return make_app(index, store, Secret(SEED), bounds=BOUNDS)


def main() -> None:
    folder, workers = Path(sys.argv[1]), int(sys.argv[2])
    pem = folder / "current.pem"

    def announce(host: str, port: int) -> None:
        print(port, flush=True)

    serve(
        functools.partial(application, folder),
        Listen("127.0.0.1", 0),
        Tls(pem, pem),
        workers,
        bounds=BOUNDS,
        announce=announce,
    )
    print("ended", flush=True)


if __name__ == "__main__":
    main()
