"""The frozen files of the full schemas open for ever: by the desk's opener, and by a second reading of the protocol."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from collector import cellstream, crypto, envelope, packs, signed
from collector.cells import CELL, StreamInfo
from collector.crypto import Secret
from collector.slots import RecipientKeys, RecipientPublic
from schemas import structure
from schemas.problems import Problem
from schemas.records.mission import Certificate, PackBody, PackContent
from schemas.xform import parse_form
from sync.desk.opening import OpenedEntry, Trust, open_entry
from tests.conftest import shared_path
from tests.helpers.mission import Office
from tests.vectors.full.write import ATTACHMENT, HERE, SEED

ENTRIES = ("one", "two")


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def office() -> Office:
    return Office(seed=SEED)


def trust(office: Office, vectors: dict[str, Any]) -> Trust:
    role = office.root.roles.mission
    request = packs.read_request((HERE / "request.enrol").read_bytes())
    serial = office.certificate((HERE / "request.enrol").read_bytes()).serial
    assert request.fs_n == 16
    return Trust(
        mission=bytes.fromhex(vectors["mission"]),
        signers=packs.trusted(office.root, role),
        threshold=role.threshold,
        revoked={},
        packs={(serial, pack["version"]): bytes.fromhex(pack["hash"]) for pack in vectors["packs"]},
    )


def opened(name: str, office: Office, vectors: dict[str, Any], *who: str) -> OpenedEntry:
    data = (HERE / f"{name}.entry").read_bytes()
    keys = [key for holder, key in office.recipient_keys().items() if not who or holder in who]
    return open_entry(lambda at, size: data[at : at + size], len(data), keys, trust(office, vectors))


def plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", ENTRIES)
def test_the_desk_opens_what_was_frozen(name: str, office: Office, vectors: dict[str, Any]) -> None:
    entry, expected = opened(name, office, vectors), vectors[name]
    assert entry.core_hash.hex() == expected["core_hash"]
    assert (entry.core.code, entry.core.seq, entry.core.prev.hex()) == (
        expected["code"],
        expected["seq"],
        expected["prev"],
    )
    assert {str(comp): key.hex() for comp, key in entry.keys.items()} == expected["kc_keys"]
    for comp, document in entry.documents.items():
        found = [[[plain(step) for step in path], plain(value), *rest] for path, value, *rest in document.answers]
        assert found == expected["answers"][str(comp)]
    assert sorted(entry.documents) == [0, 1, 2]


def test_entries_are_chained_by_hash_and_log(office: Office, vectors: dict[str, Any]) -> None:
    from collector import merkle

    one, two = (opened(name, office, vectors).core for name in ENTRIES)
    assert two.prev.hex() == vectors["one"]["core_hash"]
    merkle.check_consistency(one.log[0], two.log[0], one.log[1], two.log[1], two.log[2])


def test_two_officers_for_the_identity_of_the_second(office: Office, vectors: dict[str, Any]) -> None:
    assert opened("two", office, vectors, "analyst", "officer").sealed == (1,)
    assert opened("two", office, vectors, "analyst", "officer", "second").sealed == ()
    assert opened("one", office, vectors, "analyst", "officer").sealed == ()
    with pytest.raises(Problem, match="E_NOT_FOR_US"):
        opened("one", office, vectors, "second")


def test_attachment_opens_under_the_key_of_its_document(
    office: Office, vectors: dict[str, Any], tmp_path: Path
) -> None:
    ((stream, key),) = opened("two", office, vectors).attachments
    cells = (HERE / "two.cells").read_bytes()
    info = StreamInfo(key.sid, key.len_, stream.cells, stream.commit, stream.root)
    assert cellstream.open_bytes(key.sk, cells, info) == ATTACHMENT
    assert key.sha256 == crypto.sha256(ATTACHMENT)
    assert vectors["two"]["attachments"][0]["sk"] == key.sk.hex()


def test_request_and_pack(office: Office, vectors: dict[str, Any]) -> None:
    request = (HERE / "request.enrol").read_bytes()
    assert crypto.fingerprint(request) == vectors["request_fingerprint"]
    assert office.fingerprint == vectors["root_fingerprint"]
    asked = packs.read_request(request)
    keys = RecipientKeys.from_seed(Secret(bytes.fromhex(vectors["return_seed"])))
    tree = packs.Tree(1, asked.fs_root, asked.fs_n, RecipientPublic(asked.pkN, asked.pkX))
    data = (HERE / "mission.pack").read_bytes()
    verified = packs.verify(data, [keys], packs.Expected(trees=(tree,), fingerprint=vectors["root_fingerprint"]))
    assert verified.hash.hex() == vectors["packs"][0]["hash"]
    assert parse_form(verified.forms[0].xml).id == "small"
    content = structure.decode(PackContent, envelope.open(envelope.PACK_MAGIC, data, [keys]).content)
    role = office.root.roles.mission
    body = signed.open_object("pack", content.pack, packs.trusted(office.root, role), role.threshold)
    assert structure.decode(PackBody, body) == verified.body


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    path = shared_path("design", "reference", "sealed.py")
    spec = importlib.util.spec_from_file_location("reference_sealed", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ENTRIES)
def test_a_second_reading_of_the_protocol_opens_them(
    name: str, reference: ModuleType, office: Office, vectors: dict[str, Any]
) -> None:
    data = (HERE / f"{name}.entry").read_bytes()
    if name == "two":
        data += (HERE / "two.cells").read_bytes()  # it reads attachments behind the documents, in the manifest's order
    cells = [data[at : at + CELL] for at in range(CELL, len(data), CELL)]
    core = opened(name, office, vectors).core
    certificate = structure.decode(Certificate, reference.cmp_load(core.cert)["body"])
    seeds = (office.ANALYST, office.OFFICER, office.SECOND, office.COORDINATOR)
    read_core, documents = reference.entry_open(
        data[:CELL],
        cells,
        [reference.Recipient(seed) for seed in seeds],
        certificate.fs_root,
        certificate.fs_n,
        {"mission": office.mission},
    )
    assert read_core["code"] == vectors[name]["code"]
    assert sorted(documents) == [0, 1, 2]
    for comp, document in documents.items():
        answers = reference.cmp_load(document)["answers"]
        assert len(answers) == len(vectors[name]["answers"][str(comp)])


def test_a_second_reading_of_the_protocol_opens_the_attachment(
    reference: ModuleType, office: Office, vectors: dict[str, Any]
) -> None:
    ((stream, key),) = opened("two", office, vectors).attachments
    data = (HERE / "two.cells").read_bytes()
    cells = [data[at : at + CELL] for at in range(0, len(data), CELL)]
    assert reference.cs_open(key.sk, key.sid, cells, key.len_, stream.commit) == ATTACHMENT
    assert reference.mth([reference.leaf(cell) for cell in cells]) == stream.root
