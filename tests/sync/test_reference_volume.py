"""Volumes and a second, independent implementation: each opens what the other made."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sync.volume import InMemory, check
from tests.conftest import shared_path
from tests.sync.sticks import decode, entry, folders, volume_files, write_bundle
from tests.sync.volumes import INTAKE_SEED, make_bundle


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    path = shared_path("design", "reference", "sealed.py")
    spec = importlib.util.spec_from_file_location("reference_sealed", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module


def test_sample_volumes_are_whole() -> None:
    headers = []
    for index in range(3):
        verdict = check(InMemory(shared_path("design", "vectors", f"sample-0-{index}.vol").read_bytes()))
        assert verdict.whole
        assert verdict.header.place == (0, index)
        headers.append(verdict.header)
    assert all(headers[0].same_bundle(header) for header in headers)
    assert (headers[0].k, headers[0].n, headers[0].stripes, headers[0].cells) == (2, 3, 1, 16)


def test_the_reference_opens_ours(reference: ModuleType) -> None:
    payload = b"a sealed entry" * 30_000
    made = make_bundle(payload, 3, 5)
    files = [made.files[0, index] for index in (1, 3, 4)]
    assert reference.bundle_unpack(files, [reference.Recipient(INTAKE_SEED)])[: len(payload)] == payload


def test_the_reference_opens_what_lies_on_our_sticks(reference: ModuleType, tmp_path: Path) -> None:
    (group,) = [entry(tmp_path / "source", 1, streams=[60])]
    to = folders(tmp_path, 3)
    write_bundle([group], to)
    files = [path.read_bytes() for path in volume_files(to[1:])]
    payload = reference.bundle_unpack(files, [reference.Recipient(INTAKE_SEED)])
    start = -(-(4 + int.from_bytes(payload[:4], "big")) // 4096) * 4096
    for item in group:
        assert payload[start : start + item.size] == item.path.read_bytes()
        start += item.size
    assert not any(payload[start:])


def test_we_open_what_the_reference_makes(reference: ModuleType, tmp_path: Path) -> None:
    """Its own words for the index, its own bundle, dealt over sticks of ours."""
    (group,) = [entry(tmp_path / "source", 1, streams=[20])]
    files = [[item.kind, item.name, item.size, item.digest] for item in group]
    index = reference.cmp_dump({"v": 1, "files": files, "retn": b"R" * 16})
    block = (len(index).to_bytes(4, "big") + index).ljust(4096, b"\0")
    payload = block + b"".join(item.path.read_bytes() for item in group)
    _, _, volumes = reference.bundle_pack(payload, 2, 4, [reference.Recipient(INTAKE_SEED)])
    to = folders(tmp_path, 2)
    for (stripe, index_), data in volumes.items():
        if index_ != 1:
            (to[index_ % 2] / f"{'a' * 16}-{stripe}-{index_}.vol").write_bytes(data)
    decoded = decode(to, tmp_path / "out")
    assert decoded.files == {item.name: item.path.read_bytes() for item in group}
    assert decoded.lost == 1
