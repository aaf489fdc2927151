"""An office and its field machines in a temporary folder, over the same calls that commands and screens make."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from collector import filling
from collector.field import Field
from collector.keyslots import KdfParams
from collector.packs import FormSource
from schemas.forms import shipped_forms
from sync import outbox
from sync.desk import mission
from sync.desk.desk import Desk
from tui.demo_interviews import BASE_COUNT, interviews

T = TypeVar("T")
PASSPHRASE = "six invented words that open it"  # noqa: S105  # of homes that live as long as one run
KDF = KdfParams(65_536, 1)
"""The smallest passphrase work that a vault accepts: unlocking is not what is measured here."""


@contextmanager
def temporary(prefix: str) -> Iterator[Path]:
    """A folder on the disk that TMPDIR names, or the system's; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"svidok-{prefix}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def found(
    folder: Path, fields: int = 1, *, receiver: bytes | None = None, forms: Sequence[FormSource] = ()
) -> list[Path]:
    """A desk in `folder`/desk with one mission, and enrolled field machines, whose homes are returned.

    `receiver`: a card that the mission's packs name; then the desk's list of tokens lies in `folder`/tokens.
    `forms`: instead of the shipped ones.
    """
    homes = [folder / f"field-{place}" for place in range(fields)]
    with Desk.create(folder / "desk", PASSPHRASE, params=KDF) as desk:
        made = desk.mission_new("Benchmark", list(forms) or [mission.checked(form.xform) for form in shipped_forms()])
        if receiver is not None:
            desk.receiver_add(receiver)
        for home in homes:
            with Field.create(home, PASSPHRASE, params=KDF) as field:
                request, spoken = field.request()
                field.accept_pack(desk.enrol(request, spoken).pack, made.fingerprint)
        if receiver is not None:
            (folder / "tokens").write_bytes(desk.tokens_write().data)
    return homes


def apart(work: Callable[..., T], *arguments: object) -> T:
    """The result of `work` in a process of its own, so that what a field machine sets for its process stays there."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        return other.submit(work, *arguments).result()


def text_entries(home: Path, first: int, count: int) -> None:
    """Fill in and seal `count` invented interviews without files, from the variation of number `first` on."""
    with Field.open(home, PASSPHRASE) as field:
        for told in islice(interviews(BASE_COUNT + first + count), BASE_COUNT + first, None):
            field.seal(filling.begin_filled(field, told.answers, folder=home))


def draft(home: Path) -> None:
    """One invented interview that is not sealed."""
    with Field.open(home, PASSPHRASE) as field:
        told = next(islice(interviews(BASE_COUNT + 1), BASE_COUNT, None))
        filling.begin_filled(field, told.answers, folder=home)


def exported(home: Path, sticks: list[Path]) -> None:
    """Export everything of a field machine: two of the volumes of each stripe suffice."""
    with Field.open(home, PASSPHRASE) as field:
        outbox.export(field, sticks, k=2, n=len(sticks))


def in_processes(module: str, arguments: list[list[str]]) -> None:
    """Run `python -m MODULE …` once for each list of arguments, all at the same time. Raises CalledProcessError."""
    running = [subprocess.Popen([sys.executable, "-m", module, *each], env=dict(os.environ)) for each in arguments]
    for process in running:
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, module)
