"""Volumes and a second, independent implementation: each opens what the other made."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from sync.volume import InMemory, check
from tests.conftest import shared_path
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
