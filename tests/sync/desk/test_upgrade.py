"""The vault of an older desk: what it knew is there after its tables were brought up to date."""

from __future__ import annotations

import shutil
from importlib.resources import files as resources
from pathlib import Path

from collector import crypto
from collector.vault import Vault
from schemas.records.mission import Policy
from schemas.structure import encode
from sync.desk import arrivals
from tests.helpers.mission import PASSPHRASE, SMALL

KEY, BOX, SERIAL, MISSION = b"r" * 32, b"b" * 16, b"s" * 16, b"m" * 16
SCRIPTS = resources("sync.desk.migrations.desk")


def test_receipts_from_before_go_once_more_and_missions_keep_their_tokens(tmp_path: Path) -> None:
    older = tmp_path / "desk"
    older.mkdir()
    for name in ("0001_desk.sql", "0002_network.sql"):
        shutil.copy(str(SCRIPTS / name), older / name)
    home = tmp_path / "home"
    with_old = Vault.create(home, PASSPHRASE, migrations=older, profile="desk", params=SMALL)
    db = with_old.db
    with db.transaction():
        db.execute("INSERT INTO mission VALUES (?, 'M', 1, 2, ?)", (MISSION, encode(Policy())))
        db.execute("INSERT INTO mission_form VALUES (?, 0, 'small', '1', ?, x'00')", (MISSION, bytes(32)))
        db.execute("INSERT INTO mission_receiver VALUES (?, ?, 0, x'00', 1)", (MISSION, KEY))
        db.execute(
            "INSERT INTO device VALUES (?, ?, ?, 16, x'00', x'00', x'00', 1, 1, NULL)", (SERIAL, MISSION, bytes(32))
        )
        for place in range(2):
            bid = bytes([place]) * 16
            db.execute("INSERT INTO bundle VALUES (?, ?, '', 1, 0, 0)", (bid, BOX))
            db.execute(
                "INSERT INTO receipt VALUES (NULL, ?, ?, ?, ?, 'imported', '', x'01', x'02', 1)",
                (bid, SERIAL, crypto.random_bytes(16), bytes(32)),
            )
        db.execute("INSERT INTO return_put VALUES (?, ?, ?, 1)", (KEY, BOX, bytes(32)))
    with_old.close()

    vault = Vault.unlock(home, PASSPHRASE, migrations=SCRIPTS, profile="desk")
    assert vault.db.query("SELECT tokens FROM mission") == [(64,)]
    assert vault.db.query("SELECT retired FROM mission_form") == [(None,)]
    assert vault.db.query("SELECT removed FROM mission_receiver") == [(None,)]
    assert arrivals.lacking(vault, KEY) == {BOX: 1}
    arrivals.box_put(vault, KEY, BOX, 1, 5)
    assert arrivals.lacking(vault, KEY) == {}
    vault.db.execute("UPDATE receipt SET signed = x'03' WHERE id = 1")
    assert arrivals.lacking(vault, KEY) == {BOX: 2}
    vault.db.check()
    vault.close()
