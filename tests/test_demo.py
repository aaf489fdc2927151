"""`svidok demo`, as a person runs it first: what it says happened, happened, and what it leaves behind opens."""

from __future__ import annotations

import json
from pathlib import Path

from tests.receiver_kit import svidok
from tui.demo_interviews.media import RECORDING_BYTES


def test_the_demonstration_goes_the_whole_way_by_network_and_by_stick(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    done = svidok("demo", "--interviews", "4", "--keep", kept, "--json", patience=600)
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert (result["interviews"], result["sealed"]) == (4, 4)
    assert (result["sent_network"], result["sent_stick"], result["cuts"]) == (2, 2, 1)
    assert (result["volumes_lost"], result["volumes_damaged"]) == (1, 1)
    assert (result["imported"], result["quarantined"], result["found"]) == (4, 0, 1)
    assert (result["receipts"], result["purged"]) == (4, 4)
    assert result["attachments_bytes"] > RECORDING_BYTES
    passphrase = kept / "passphrase.txt"
    desk = json.loads(
        svidok("desk", "status", "--home", kept / "desk", "--passphrase-file", passphrase, "--json").stdout
    )
    assert desk["imported"] == 4
    stored = json.loads(svidok("receiver", "status", "--home", kept / "receiver", "--json").stdout)
    assert stored["volumes"] >= 1
