"""When and how this device sends: kept in its vault, so that nobody else can read or change it.

Rule: without a choice, the device sends only when a person asks, straight to the receiver, as fast as the line goes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from collector.database import Database
from schemas.problems import Problem
from sync.address import chosen_proxy, shown_proxy

Policy = Literal["asked", "connected", "never"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
MAX_LIMIT: Final = 1 << 20
_NAME: Final = "sending:"


@dataclass(frozen=True, slots=True)
class SendSettings:
    """`policy`: send when asked, whenever there is a connection, or never. `proxy`: as `sync.address` reads it, or
    `environment`; None: none. `limit`: KiB in a second, or None.
    """

    policy: Policy = "asked"
    proxy: str | None = None
    limit: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: a proxy's password stays in the vault."""
        return {"policy": self.policy, "proxy": shown_proxy(self.proxy), "limit": self.limit}


def load(db: Database) -> SendSettings:
    """What is kept in a vault; the defaults where nothing is."""
    kept = {name: db.meta(_NAME + name) for name in ("policy", "proxy", "limit")}
    said = (kept["policy"] or b"").decode()
    policy: Policy = next((item for item in POLICIES if item == said), "asked")
    proxy, limit = kept["proxy"], kept["limit"]
    return SendSettings(policy, proxy.decode() if proxy else None, int(limit) if limit else None)


def save(db: Database, settings: SendSettings) -> None:
    """Keeps all of it. Raises E_PROXY_URL, E_SEND_LIMIT; then nothing was changed."""
    chosen_proxy(settings.proxy)
    if settings.limit is not None and not 1 <= settings.limit <= MAX_LIMIT:
        raise Problem("E_SEND_LIMIT", limit=MAX_LIMIT)
    with db.transaction():
        for name, value in asdict(settings).items():
            db.set_meta(_NAME + name, None if value is None else str(value).encode())
