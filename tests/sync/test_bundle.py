"""A bundle from files to sticks and back: layout, placement, loss, rot, lies."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from collector import crypto, merkle
from collector.cells import CELL, CHUNK
from schemas.records.bundle import BundleIndex
from schemas.structure import encode
from sync.decode import Decoder, VolumeSet, transport_key
from sync.payload import (
    Item,
    read_index,
)
from sync.volume import LENGTHS, NAME, InMemory, Lead, lead_length, read_lead
from tests.conftest import shared_path
from tests.helpers.expect import refused
from tests.sync.sticks import (
    RETN,
    decode,
    entry,
    folders,
    intake_keys,
    spoil,
    volume_files,
    write_bundle,
)
from tests.sync.volumes import CELLS, Made, assemble, make_bundle

LEAD = lead_length(CELLS)


def content(groups: list[tuple[Item, ...]]) -> dict[bytes, bytes]:
    return {item.name: item.path.read_bytes() for group in groups for item in group}


# ---- to sticks and back ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "n", "sticks"), [(1, 1, 1), (2, 3, 1), (3, 5, 3), (3, 5, 5), (8, 8, 2), (1, 8, 8)])
def test_what_was_sealed_comes_back(tmp_path: Path, k: int, n: int, sticks: int) -> None:
    groups = [entry(tmp_path / "source", 1), entry(tmp_path / "source", 2, 4, streams=[17, 40])]
    to = folders(tmp_path, sticks)
    export = write_bundle(groups, to, k, n)
    assert export.written.missing == ""
    assert len(export.written.whole) == n * export.written.layout.stripes
    decoded = decode(to, tmp_path / "out")
    assert decoded.files == content(groups)
    assert (decoded.lost, decoded.damaged) == (0, 0)


def test_a_large_bundle_has_large_volumes(tmp_path: Path) -> None:
    """More than 2,048 cells: class 1, volumes of 16 MiB, and memory that does not grow with them."""
    group = entry(tmp_path / "source", 1, streams=[1])
    os.truncate(group[1].path, 2100 * CELL)
    large = (group[0], dataclasses.replace(group[1], size=2100 * CELL))
    to = folders(tmp_path, 1)
    export = write_bundle([large], to, 1, 1)
    assert (export.written.layout.cells, export.written.layout.stripes) == (256, 10)
    assert {path.stat().st_size for path in volume_files(to)} == {16_809_984}
    spoil(volume_files(to)[0], 5, 9000)
    decoded = decode(to, tmp_path / "out")
    assert decoded.files[large[0].name] == large[0].path.read_bytes()
    assert decoded.files[large[1].name][:CELL] == large[1].path.read_bytes()[:CELL]
    assert not any(decoded.files[large[1].name][CELL::4096])


def test_volumes_are_dealt_in_turn(tmp_path: Path) -> None:
    to = folders(tmp_path, 3)
    export = write_bundle([entry(tmp_path / "source", 1, streams=[200])], to)
    assert export.written.layout.stripes > 1
    for number, folder in enumerate(to):
        places = {tuple(map(int, path.stem.split("-")[1:])) for path in folder.glob("*.vol")}
        assert {index % 3 for _, index in places} == {number}
        assert {stripe for stripe, _ in places} == set(range(export.written.layout.stripes))


def test_attack_46_nothing_in_the_clear(tmp_path: Path) -> None:
    """Three lengths, fixed times, no id of an entry, stream, return box, recipient or slot in any byte."""
    lengths: set[int] = set()
    for number, (cells, streams) in enumerate([(3, []), (5, [1]), (3, [60, 1]), (40, [3, 4, 5]), (3, [400])]):
        to = folders(tmp_path / str(number), 2)
        groups = [entry(tmp_path / "source", number + 1, cells, streams)]
        export = write_bundle(groups, to, 2, 3)
        secrets = [item.name for group in groups for item in group] + [RETN, intake_keys()[0].rid]
        secrets += [item.digest for group in groups for item in group]
        for path in volume_files(to):
            assert NAME.fullmatch(path.name)
            assert os.stat(path).st_mtime == 315_532_800
            lengths.add(path.stat().st_size)
            data = path.read_bytes()
            assert not any(secret in data for secret in secrets)
        assert export.written.missing == ""
    assert lengths <= set(LENGTHS)


def test_attack_21_lost_sticks(tmp_path: Path) -> None:
    groups = [entry(tmp_path / "source", 1, streams=[50])]
    to = folders(tmp_path, 5)
    write_bundle(groups, to)
    for lost in ((0, 1), (0, 4), (3, 4), (1, 2)):
        kept = [folder for number, folder in enumerate(to) if number not in lost]
        decoded = decode(kept, tmp_path / "out")
        assert decoded.files == content(groups)
        assert decoded.lost == 2 * len(list(to[0].glob("*.vol")))
    with pytest.raises(Exception, match="E_VOL_MISSING") as caught:
        decode([to[0], to[3]], tmp_path / "out")
    assert "Still needed: 1 × 0-1, 0-2, 0-4" in str(caught.value)


def test_attack_21_rot_on_every_stick_in_different_rows(tmp_path: Path) -> None:
    groups = [entry(tmp_path / "source", 1, streams=[30])]
    to = folders(tmp_path, 3)
    write_bundle(groups, to, 2, 3)
    for row, path in enumerate(path for folder in to for path in folder.glob("*-0-*.vol")):
        spoil(path, LEAD + row * CELL + 100, LEAD + (row + 5) * CELL)
    decoded = decode(to, tmp_path / "out")
    assert decoded.files == content(groups)
    assert (decoded.lost, decoded.damaged) == (0, 3)


def test_attack_21_rot_in_the_same_row_is_named(tmp_path: Path) -> None:
    to = folders(tmp_path, 1)
    write_bundle([entry(tmp_path / "source", 1)], to, 2, 3)
    for path in volume_files(to)[:2]:
        spoil(path, LEAD + 4 * CELL, LEAD + 5 * CELL)
    with pytest.raises(Exception, match="E_VOL_MISSING") as caught:
        decode(to, tmp_path / "out")
    assert "Still needed: 1 × 0-* (4–5) (" in str(caught.value)


def test_a_second_copy_of_a_volume_heals_the_first(tmp_path: Path) -> None:
    groups = [entry(tmp_path / "source", 1)]
    to = folders(tmp_path, 2)
    write_bundle(groups, to[:1], 2, 2)
    for path in volume_files(to[:1]):
        (to[1] / path.name).write_bytes(path.read_bytes())
    for number, path in enumerate(volume_files(to)):
        spoil(path, LEAD + number * CELL)
    decoded = decode(to, tmp_path / "out")
    assert decoded.files == content(groups)
    assert decoded.damaged == 4


def test_attack_65_damaged_leaf_lists_do_not_stop_the_decoder(tmp_path: Path) -> None:
    groups = [entry(tmp_path / "source", 1)]
    to = folders(tmp_path, 1)
    write_bundle(groups, to, 2, 2)
    for path in volume_files(to):
        spoil(path, 8192 + 3, path.stat().st_size - LEAD + 8192 + 64)
    decoded = decode(to, tmp_path / "out")
    assert decoded.files == content(groups)
    assert decoded.damaged == 2


# ---- what a hostile maker can do ------------------------------------------------------------------------------------


def volume_set(made: Made, places: list[tuple[int, int]]) -> VolumeSet:
    leads: list[tuple[InMemory, Lead]] = [
        (file, read_lead(file)) for file in (InMemory(made.files[place]) for place in places)
    ]
    volumes = VolumeSet(leads[0][1].header)
    for file, lead in leads:
        volumes.add(file, lead)
    return volumes


def run(volumes: VolumeSet, target: Path) -> bytes:
    fd = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        volumes.check_budget(1 << 40)
        with transport_key(volumes.header, intake_keys()) as key:
            Decoder(volumes, key, fd).run()
    finally:
        os.close(fd)
    return target.read_bytes()


def payload_of(index: BundleIndex, *files: bytes) -> bytes:
    body = encode(index)
    block = len(body).to_bytes(4, "big") + body
    return block.ljust(-(-len(block) // 4096) * 4096, b"\0") + b"".join(files)


def test_attack_17_cells_between_bundles(tmp_path: Path) -> None:
    """A cell of another bundle under a good leaf list of a hostile maker: the outer seal does not open it."""
    made, other = make_bundle(b"one" * 1000, 1, 1), make_bundle(b"two" * 1000, 1, 1)
    cells = [other.files[0, 0][LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
    leaves = [merkle.leaf(cell) for cell in cells]
    root = merkle.root([merkle.root(leaves)])
    header = dataclasses.replace(made.headers[0, 0], shard_root=merkle.root(leaves), bundle_root=root)
    made.files[0, 0] = assemble(header, made.secret, leaves, cells)
    with refused("E_CELL_AUTH"):
        run(volume_set(made, [(0, 0)]), tmp_path / "out")


def test_attack_19_volumes_of_two_exports_do_not_mix() -> None:
    made, other = make_bundle(b"x", 2, 3), make_bundle(b"x", 2, 3)
    volumes = volume_set(made, [(0, 0)])
    with refused("E_VOL_MIX"):
        volumes.add(InMemory(other.files[0, 1]))


def test_attack_19_headers_of_one_key_that_differ() -> None:
    made = make_bundle(b"x", 2, 3)
    header = dataclasses.replace(made.headers[0, 1], kc=bytes(32))
    data = made.files[0, 1]
    cells = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
    hostile = assemble(header, made.secret, [merkle.leaf(cell) for cell in cells], cells)
    volumes = volume_set(made, [(0, 0)])
    with refused("E_VOL_MIX"):
        volumes.add(InMemory(hostile))


def test_attack_63_bundle_that_claims_more_than_is_there(tmp_path: Path) -> None:
    made = make_bundle(b"x", 1, 1)
    header = dataclasses.replace(made.headers[0, 0], k=8, n=8, stripes=256)
    data = made.files[0, 0]
    cells = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
    bomb = assemble(header, made.secret, [merkle.leaf(cell) for cell in cells], cells)
    volumes = VolumeSet(header)
    volumes.add(InMemory(bomb))
    with refused("E_VOL_MISSING"):
        volumes.check_budget(1 << 50)
    # What is complete, but more than there is room for, is refused as well.
    with refused("E_QUOTA"):
        volume_set(made, [(0, 0)]).check_budget(CELLS * CHUNK - 1)
    volume_set(made, [(0, 0)]).check_budget(CELLS * CHUNK)


def test_attack_64_a_random_bundle_root(tmp_path: Path) -> None:
    made = make_bundle(b"payload", 2, 3)
    for place, header in made.headers.items():
        data = made.files[place]
        cells = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
        hostile = dataclasses.replace(header, bundle_root=b"\x01" * 32)
        made.files[place] = assemble(hostile, made.secret, [merkle.leaf(cell) for cell in cells], cells)
    with refused("E_VOL_ROOT"):
        run(volume_set(made, [(0, 0), (0, 1), (0, 2)]), tmp_path / "out")


def test_attack_64_volumes_that_decode_differently(tmp_path: Path) -> None:
    """Parity of another text under the same key: whichever volumes are read, only one content fits the signed root."""
    made = make_bundle(b"what was agreed", 2, 3)
    other = make_bundle(b"what is slipped in", 2, 3)
    cells = [other.files[0, 2][LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
    leaves = [merkle.leaf(cell) for cell in cells]
    header = dataclasses.replace(made.headers[0, 2], shard_root=merkle.root(leaves))
    roots = [made.headers[0, 0].shard_root, made.headers[0, 1].shard_root, header.shard_root]
    for place in ((0, 0), (0, 1)):
        data = made.files[place]
        own = [data[LEAD + row * CELL : LEAD + (row + 1) * CELL] for row in range(CELLS)]
        signed = dataclasses.replace(made.headers[place], bundle_root=merkle.root(roots))
        made.files[place] = assemble(signed, made.secret, [merkle.leaf(cell) for cell in own], own)
    hostile = dataclasses.replace(header, bundle_root=merkle.root(roots))
    made.files[0, 2] = assemble(hostile, made.secret, leaves, cells)
    with refused("E_VOL_ROOT"):
        run(volume_set(made, [(0, 0), (0, 1)]), tmp_path / "out")
    with refused("E_VOL_ROOT"):
        run(volume_set(made, [(0, 0), (0, 1), (0, 2)]), tmp_path / "out")
    with refused("E_VOL_ROOT", "E_CELL_AUTH"):
        run(volume_set(made, [(0, 1), (0, 2)]), tmp_path / "out")


def test_not_for_us(tmp_path: Path) -> None:
    from collector.crypto import Secret
    from collector.slots import RecipientKeys

    stranger = RecipientKeys.from_seed(Secret(b"S" * 32)).public
    with refused("E_NOT_FOR_US"):
        run(volume_set(make_bundle(b"x", 1, 1, intake=stranger), [(0, 0)]), tmp_path / "out")


# ---- the index ------------------------------------------------------------------------------------------------------


def index_of(*files: tuple[int, bytes, int, bytes]) -> BundleIndex:
    return BundleIndex(files=files, retn=RETN)


def check_index(tmp_path: Path, payload: bytes) -> None:
    path = tmp_path / "payload"
    path.write_bytes(payload.ljust(CELLS * CHUNK, b"\0"))
    fd = os.open(path, os.O_RDONLY)
    try:
        read_index(fd, CELLS * CHUNK)
    finally:
        os.close(fd)


GOOD = os.urandom(CELL)
HASH = crypto.sha256(GOOD)
A, B = b"a" * 16, b"b" * 16


def test_a_good_index_is_read(tmp_path: Path) -> None:
    check_index(tmp_path, payload_of(index_of((0, A, CELL, HASH), (1, B, CELL, bytes(32))), GOOD, GOOD))


@pytest.mark.parametrize(
    "payload",
    [
        payload_of(index_of((0, A, CELL, bytes(32))), GOOD),  # another hash
        payload_of(index_of((0, A, CELL, HASH), (0, A, CELL, HASH)), GOOD, GOOD),  # one name twice
        payload_of(index_of((0, A, CELL, HASH), (1, A, CELL, HASH)), GOOD, GOOD),  # one name twice, as entry and stream
        payload_of(index_of((0, A, CELL, HASH), (1, B, 1 << 42, HASH)), GOOD),  # more than the payload
        payload_of(index_of((0, A, CELL, HASH), (1, B, 0, HASH)), GOOD),  # nothing
        payload_of(index_of((0, A, CELL - 1, HASH)), GOOD),  # no whole cells
        payload_of(index_of((1, A, CELL, HASH)), GOOD),  # no entry
        payload_of(index_of((0, A, CELL, HASH)), GOOD, b"more"),  # something after the last file
        b"\xff\xff\xff\xff" + bytes(100),  # a length that cannot be
        b"\x00\x00\x00\x00",  # no index
        b"\x00\x00\x00\x05" + b"\x81\xa1v\x01\x00",  # trailing byte
        b"\x00\x00\x00\x04" + b"\x81\xa1v\xff" + bytes(10) + b"x",  # something in the padding
    ],
    ids=range(12),  # the content is random: ids made of it would differ between processes
)
def test_attack_22_index_lies(tmp_path: Path, payload: bytes) -> None:
    with refused("E_INDEX"):
        check_index(tmp_path, payload)


def test_attack_22_negative_size_is_no_index(tmp_path: Path) -> None:
    from schemas import canonical

    plain = {"v": 1, "files": [[0, A, -CELL, HASH]], "retn": RETN}
    body = canonical.dump(plain, canonical.WIRE)
    with refused("E_INDEX"):
        check_index(tmp_path, len(body).to_bytes(4, "big") + body)


# ---- the other implementation ---------------------------------------------------------------------------------------


def test_the_sample_bundle_decodes_to_the_sample_entry(tmp_path: Path) -> None:
    files = [InMemory(shared_path("design", "vectors", f"sample-0-{i}.vol").read_bytes()) for i in range(3)]
    sample = shared_path("design", "vectors", "sample.entry").read_bytes()
    for pair in ((0, 1), (0, 2), (1, 2)):
        volumes = VolumeSet(read_lead(files[pair[0]]).header)
        for number in pair:
            volumes.add(files[number])
        data = run(volumes, tmp_path / "out")
        assert data[: len(sample)] == sample
        assert not any(data[len(sample) :])
