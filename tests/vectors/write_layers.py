"""Writes the frozen vectors of the sealed layers: `python -m tests.vectors.write_layers`.

`layers.json` has what is the same every time and one sample of everything that is random inside; `entry.sealed` and
`pack.sealed` are whole files. They are written once for each version of the protocol and opened for ever: a change of
these files is a change of the format.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from collector import cells, cellstream, crypto, envelope, head, keyslots, merkle, signed, signer, slots
from collector.crypto import Secret
from collector.keyslots import KdfParams
from collector.slots import KIND_ENTRY, RecipientKeys
from schemas import canonical
from schemas.structure import to_plain

HERE = Path(__file__).parent
SK, SID, EID = bytes(range(32)), bytes(range(16)), b"\xe1" * 16
PASSPHRASE, KEYFILE = "сім слів на папері", b"key file"
DOCUMENTS = {1: b"identity document", 2: b"narrative document"}
FORMS = [b"<form/>", b"y" * 70_000]
RETURN_SEED, DESK_SEEDS, SIGNER_SEED = b"D" * 32, (b"A" * 32, b"B" * 32), b"\x07" * 32


def content(length: int) -> bytes:
    """Plain content of any length that two readers of this file make alike."""
    return bytes(i % 251 for i in range(length))


def fixed() -> dict[str, Any]:
    """Everything that is a function of published values alone."""
    streams = {}
    for length, ctx in ((0, b""), (1, b""), (65_520, b""), (65_521, b"\x77" * 32), (1_200_000, b"")):
        sealed, info = cellstream.seal_bytes(SK, SID, content(length), ctx)
        assert info.commit is not None
        assert info.root is not None
        streams[str(length)] = {
            "ctx": ctx.hex(),
            "cells": info.cells,
            "commit": info.commit.hex(),
            "root": info.root.hex(),
            "sha256": crypto.sha256(sealed).hex(),
        }
    leaves = [merkle.leaf(bytes([i])) for i in range(11)]
    tree, state = signer.SignerTree.create(Secret(SIGNER_SEED), 11)
    marks = []
    for kind in ("enrol", "manifest"):
        mark, state = tree.sign(state, kind, b"body")
        marks.append(canonical.dump(to_plain(mark)).hex())
    desk = RecipientKeys.from_seed(Secret(DESK_SEEDS[0]))
    pair = crypto.sign_keypair(b"\x01" * 32)
    return {
        "streams": streams,
        "nonces": {
            f"{index},{final}": cells.nonce(index, final).hex() for index, final in ((0, 1), (1, 0), (2**40, 2))
        },
        "merkle": {
            "root": merkle.root(leaves).hex(),
            "inclusion_6": [part.hex() for part in merkle.inclusion_path(6, leaves)],
            "consistency_4": [part.hex() for part in merkle.consistency_proof(4, leaves)],
            "consistency_7": [part.hex() for part in merkle.consistency_proof(7, leaves)],
        },
        "commitments": {str(comp): slots.commitment(b"\x22" * 32, EID, comp).hex() for comp in range(8)},
        "recipient": {
            "rid": desk.rid.hex(),
            "pk_n": desk.public.pk_n.hex(),
            "pk_x_sha256": crypto.sha256(desk.public.pk_x).hex(),
        },
        "signer": {"root": tree.root.hex(), "leaf_signatures": marks},
        "kid": crypto.kid(pair[0]).hex(),
        "signed_object": signed.sign_object("pack", b"body", [pair[1]]).hex(),
        "fingerprint": crypto.fingerprint(b"body"),
    }


def samples() -> dict[str, Any]:
    """What is random inside: one slot of each kind and one vault head."""
    desk = RecipientKeys.from_seed(Secret(DESK_SEEDS[0]))
    kc = slots.commitment(b"\x22" * 32, EID, 0)
    made = {
        str(kind): slots.seal_slot(desk.public, oid=EID, comp=0, kc=kc, share=b"\x22" * 32, kind=kind).hex()
        for kind in (slots.KIND_ENTRY, slots.KIND_BUNDLE, slots.KIND_PACK)
    }
    vault = keyslots.new_header(PASSPHRASE, Secret(b"\x33" * 32), KdfParams(65_536, 1), KEYFILE, gen=5)
    vault = keyslots.add_raw_slot(vault, Secret(b"\x33" * 32), Secret(b"\x44" * 32), keyslots.RECOVERY, gen=6, slot=7)
    return {"slots": made, "vault_head": vault.hex()}


def entry() -> bytes:
    """A head with documents: identity for both desk recipients together, the rest for either."""
    desks = [RecipientKeys.from_seed(Secret(seed)) for seed in DESK_SEEDS]
    cks = head.content_keys(list(DOCUMENTS))
    table = []
    for comp, groups in {0: ((0,), (1,)), 1: ((0, 1),), 2: ((0,), (1,))}.items():
        for grp, members in enumerate(groups):
            shares = slots.split(cks[comp], len(members))
            for idx, (who, share) in enumerate(zip(members, shares, strict=True)):
                table.append(
                    slots.seal_slot(
                        desks[who].public,
                        oid=EID,
                        comp=comp,
                        kc=slots.commitment(cks[comp], EID, comp),
                        share=share,
                        kind=KIND_ENTRY,
                        grp=grp,
                        idx=idx,
                        tot=len(members),
                    )
                )
    pub = head.public_part(EID, cks, slots.arranged(table, head.SLOTS))
    streams, body = [], []
    for comp, document in DOCUMENTS.items():
        sealed, info = head.document_cells(cks[comp], document, crypto.sha256(pub))
        body.append(sealed)
        streams.append([comp, info.sid, info.cells, info.commit, info.root])
    manifest = canonical.dump({"streams": streams, "hdr": crypto.sha256(pub)})
    return b"".join((head.build_head(pub, cks[0], manifest), *body))


def pack() -> bytes:
    """An envelope with two forms for the return keys of seed `D`×32."""
    device = RecipientKeys.from_seed(Secret(RETURN_SEED))
    return envelope.seal(envelope.PACK_MAGIC, b"content of a pack", [device.public], FORMS)


if __name__ == "__main__":
    (HERE / "layers.json").write_text(json.dumps({"fixed": fixed(), "samples": samples()}, indent=1) + "\n")
    (HERE / "entry.sealed").write_bytes(entry())
    (HERE / "pack.sealed").write_bytes(pack())
