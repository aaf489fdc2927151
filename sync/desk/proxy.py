"""The proxy by which a desk reaches its receivers, kept in its vault.

Rule: once it is kept, every run goes through it unless somebody says otherwise for that run; so a desk that must not be
seen at a receiver is not seen there because a word was forgotten.
"""

from __future__ import annotations

from typing import Final

from collector.vault import Vault
from sync.address import chosen_proxy

DIRECT: Final = ""
"""Said for one run: through no proxy, whatever is kept."""
_NAME: Final = "receivers:proxy"


def kept(vault: Vault) -> str | None:
    """What is kept, as `sync.address` reads it; None: nothing."""
    found = vault.db.meta(_NAME)
    return None if found is None else found.decode()


def keep(vault: Vault, proxy: str | None) -> None:
    """Keep it for every run from now on; None or nothing: no proxy. Raises E_PROXY_URL; then nothing was changed."""
    chosen_proxy(proxy)
    with vault.db.transaction():
        vault.db.set_meta(_NAME, proxy.encode() if proxy else None)


def used(vault: Vault, said: str | None) -> str | None:
    """The proxy of one run: what was said for it, else what is kept."""
    return kept(vault) if said is None else said
