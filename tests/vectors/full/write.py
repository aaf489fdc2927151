"""Writes the frozen vectors of the full schemas: `python -m tests.vectors.full.write`.

A small mission from enrolment to sealed entry, with published seeds: the office's keys come from `SEED`, the recipients
are those of `tests.helpers.mission.Office`, the device's signer tree has 16 leaves. The files are written once for each
version of the protocol and opened for ever; content keys and ids inside are random, so a new run gives other bytes.

    request.enrol   the enrolment request of the device
    mission.pack    the pack that answers it, sealed to return.seed
    one.entry       an entry without attachments; identity is for one officer
    two.entry       interrupted, one attachment; identity is for two officers together; pack version 2
    two.cells       the cells of its attachment
    vectors.json    seeds, ids, hashes and the answers that must come out
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from collector import crypto
from collector.field import Field
from collector.media import spool_path
from tests.helpers.forms import AGE, CONSENT, EVENT, NAME, PLACE, STORY
from tests.helpers.interviews import filled
from tests.helpers.mission import DAY, NOW, Epoch, Office, SetClock, new_field
from tests.helpers.opening import Opened, open_sealed, outbox_file

HERE = Path(__file__).parent
SEED = b"\x53" * 32
ATTACHMENT = bytes(i % 251 for i in range(70_000))
ACCOUNT = "Вони прийшли вночі. They came at night."


def main() -> None:
    """Makes everything in a temporary home and copies what is frozen."""
    office = Office(seed=SEED)
    with tempfile.TemporaryDirectory() as folder:
        field = new_field(Path(folder, "home"), clock=SetClock())
        request, fingerprint = field.request()
        pack = office.pack_for(request)
        field.accept_pack(pack, office.fingerprint)
        (row,) = field.vault.db.query("SELECT return_seed FROM signer")
        with field.vault.ring.open(row[0]) as seed:
            secret = seed.hex()
        one = _one(field)
        office.epochs.append(Epoch(2, NOW - DAY + 1, {**office.epochs[0].groups, 1: [[office.OFFICER, office.SECOND]]}))
        field.accept_pack(office.pack_for(request))
        two = _two(field, Path(folder))
        described = {
            "seed": SEED.hex(),
            "now": NOW,
            "request_fingerprint": fingerprint,
            "root_fingerprint": office.fingerprint,
            "return_seed": secret,
            "mission": office.mission.hex(),
            "packs": [
                {"version": ver, "hash": pack_hash.hex()}
                for ver, pack_hash in field.vault.db.query("SELECT ver, hash FROM pack ORDER BY ver")
            ],
            "one": _described(field, office, one),
            "two": _described(field, office, two),
        }
        field.close()
    (HERE / "request.enrol").write_bytes(request)
    (HERE / "mission.pack").write_bytes(pack)
    (HERE / "vectors.json").write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _one(field: Field) -> bytes:
    interview = filled(field)
    interview.missing(AGE, "declined")
    eid = field.seal(interview.code).eid
    shutil.copyfile(outbox_file(field, eid), HERE / "one.entry")
    return eid


def _two(field: Field, folder: Path) -> bytes:
    source = folder / "photo.jpg"
    source.write_bytes(ATTACHMENT)
    interview = field.new_interview()
    interview.answer(PLACE, "kitchen")
    interview.answer(CONSENT, "yes")
    interview.answer(STORY, ACCOUNT)
    event, _ = interview.add_entry(EVENT)
    attachment = interview.attach((*event, "photo"), source)
    interview.answer(NAME, "Олена")
    eid = field.seal(interview.code, "the alarm went off").eid
    shutil.copyfile(outbox_file(field, eid), HERE / "two.entry")
    shutil.copyfile(spool_path(field.vault, attachment.sid), HERE / "two.cells")
    return eid


def _described(field: Field, office: Office, eid: bytes) -> dict[str, Any]:
    opened: Opened = open_sealed(field, eid, list(office.recipient_keys().values()))
    return {
        "eid": eid.hex(),
        "code": opened.core.code,
        "seq": opened.core.seq,
        "core_hash": crypto.sha256(opened.manifest.core).hex(),
        "prev": opened.core.prev.hex(),
        "log": [opened.core.log[0], opened.core.log[1].hex(), [item.hex() for item in opened.core.log[2]]],
        "kc_keys": {str(comp): key.hex() for comp, key in opened.cks.items()},
        "answers": {
            str(comp): [
                [
                    [step if isinstance(step, str) else list(step) for step in path],
                    value.hex() if isinstance(value, bytes) else value,
                    missing,
                    t,
                    by,
                ]
                for path, value, missing, t, by in document.answers
            ]
            for comp, document in opened.documents.items()
        },
        "attachments": [
            {
                "sid": key.sid.hex(),
                "sk": key.sk.hex(),
                "len": key.len_,
                "name": key.name,
                "mime": key.mime,
                "sha256": key.sha256.hex(),
            }
            for document in opened.documents.values()
            for key in document.atts
        ],
    }


if __name__ == "__main__":
    main()
