"""What the desk's screens look like, in every language, at 80x24 and at 120x40.

Whatever keys and chance make differ from run to run (fingerprints, ids) is replaced by plain data; all else is real.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from schemas.problems import Problem
from sync.desk.desk import Desk
from sync.desk.fetch_report import FetchReport, ReceiverReport
from sync.desk.importer import ImportReport
from sync.desk.receivers import Receiver
from sync.desk.returning import ReceiverReturns, ReturnReport
from tests.helpers.mission import NOW
from tests.tui import pictures
from tests.tui.conftest import until
from tests.tui.desk.conftest import PICTURES, at, desk_shell, office_of, open_desk, rest
from tests.tui.network import CARD
from tests.tui.pictures import Step, both_sizes, every_language, picture_of
from tui import locale
from tui.screens.desk import enrol, reading, record
from tui.screens.desk.cards import Card
from tui.screens.desk.enrol import EnrolScreen, Request, Written
from tui.screens.desk.fetch_choice import FetchChoice, Given
from tui.screens.desk.fetching import NetworkJob
from tui.screens.desk.founding import FoundingScreen
from tui.screens.desk.inbox import InboxScreen
from tui.screens.desk.missions import MissionsScreen
from tui.screens.desk.office import ImportJob
from tui.screens.desk.quarantine import QuarantineScreen
from tui.screens.desk.record import RecordScreen
from tui.screens.desk.search import SearchScreen
from tui.widgets.volumes import VolumeLine

FINGERPRINT = "63678 15445 79073 47043 91242 28702 29207 04135"
REQUESTED = "09798 22769 12924 91318 53631 57016 28607 57781"


def put_aside() -> list[dict[str, object]]:
    """Items as `Desk.quarantine` gives them."""
    problems = [Problem("E_DEVICE_REVOKED", serial="5a5a5a5a"), Problem("E_STREAM_ROOT"), Problem("E_NOT_FOR_US")]
    return [
        {
            "eid": f"{place}f" * 16,
            "record": "" if place == 2 else f"KKKKKKKKKK4{place}",
            "device": None if place == 2 else "5a" * 16,
            "sequence": None if place == 2 else 17 - place,
            "at": NOW - 3600 * place,
            "bundle": "7Q4K-22MD",
            "bytes": 262_144 << place,
            **problem.as_dict(),
        }
        for place, problem in enumerate(problems)
    ]


def steady_record(desk: Desk, code: str) -> reading.OpenedRecord:
    """The real record, its random ids replaced."""
    found = reading.open_record(desk, code)
    attachments = [
        {**item, "sid": f"{place:032x}"}
        for place, item in enumerate(found.facts["attachments"])  # type: ignore[arg-type, var-annotated]
    ]
    facts = {**found.facts, "eid": "c0de" * 8, "device": "5a" * 16, "attachments": attachments}
    return dataclasses.replace(found, facts=facts)


@pytest.fixture(autouse=True)
def plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fingerprints and ids that do not change."""
    monkeypatch.setattr(Desk, "fingerprint", FINGERPRINT)
    monkeypatch.setattr(Desk, "quarantine", lambda _desk: put_aside())
    monkeypatch.setattr(record, "open_record", steady_record)
    monkeypatch.setattr(enrol, "read_request", lambda path: Request(path.name, b"", REQUESTED))


# the steps


async def inbox(pilot: Pilot[Any]) -> None:
    screen = await open_desk(pilot)
    screen.folders = {Path("/media/blue"): 10, Path("/media/red"): 9, Path("/media/white"): 0}
    screen.restored()


async def importing(pilot: Pilot[Any]) -> None:
    screen = await open_desk(pilot)
    job = office_of(pilot.app).job = ImportJob([])
    job.reading, job.opening = (96 << 20, 96 << 20), (320, 1_200)
    screen.restored()
    screen.watch_import()


async def imported(pilot: Pilot[Any]) -> None:
    screen = await open_desk(pilot)
    job = office_of(pilot.app).job = ImportJob([])
    job.report = ImportReport(
        bundles=3, imported=128, duplicates=12, quarantined=2, volumes=45, volumes_lost=2, volumes_damaged=1,
        attachments=64, attachment_bytes=780 << 20,
    )  # fmt: skip
    job.report.refused.append(
        {
            "item": "7Q4K-22MD",
            **Problem("E_VOL_MISSING", bundle="7Q4K-22MD", missing="1 × 0-1, 0-2; 2 × 1-0, 1-1, 1-4").as_dict(),
        }
    )
    job.state = "done"
    screen.restored()


def volumes() -> tuple[VolumeLine, ...]:
    """Some that are here, two that come, many that wait."""
    size = 16 << 20
    here = [VolumeLine("92789 81323 44884 88789", place, 0, size, size, "here") for place in range(9)]
    coming = VolumeLine("92789 81323 44884 88789", 9, 0, size * 2 // 5, size, "coming")
    return (
        *here,
        coming,
        *(VolumeLine("10358 62271 90412 33516", place, 0, 0, size, "waiting") for place in range(30)),
    )


async def choosing(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    second = dataclasses.replace(CARD, url="https://second.example")
    found = [Receiver(CARD, FINGERPRINT, ("Demonstration",)), Receiver(second, REQUESTED, ("Demonstration",))]
    await pilot.app.push_screen(FetchChoice(Given(found, "socks5h://127.0.0.1:9050")))


async def chosen(pilot: Pilot[Any]) -> None:
    await choosing(pilot)
    await pilot.press("down", "space", "tab", "down", "space", "tab")
    pilot.app.screen.query_one("#proxy", Input).value = "socks4://127.0.0.1"
    await pilot.press("tab", "enter")


async def fetching(pilot: Pilot[Any]) -> None:
    screen = await open_desk(pilot)
    office = office_of(pilot.app)
    office.last, office.network = "network", NetworkJob("fetch")
    office.network.lines, office.network.done, office.network.total = volumes(), 160 << 20, 640 << 20
    office.network._speed = 512 * 1024.0
    screen.restored()
    screen.watch_import()


async def fetched(pilot: Pilot[Any]) -> None:
    screen = await open_desk(pilot)
    office = office_of(pilot.app)
    office.last, office.network = "network", NetworkJob("fetch")
    good = ReceiverReport("https://receiver.example:8443", FINGERPRINT, 40, 39, 624 << 20)
    why = Problem("E_VOL_SIG")
    good.refused.append({"item": "7Q4K-22MD-9-0.vol", **why.as_dict()})
    bad = ReceiverReport("https://second.example", REQUESTED, problem=Problem("E_PIN", why="certificate"))
    office.network.fetched, office.network.state = FetchReport([good, bad]), "done"
    assert screen.seen is not None
    await rest(pilot)
    screen.seen = dataclasses.replace(
        screen.seen,
        receivers=(good.url, bad.url),
        here=39,
        here_bytes=624 << 20,
        boxes=3,
        list_needed=True,
        proxy="socks5h://127.0.0.1:9050",
    )
    screen._look = lambda: None  # type: ignore[method-assign]
    screen.restored()


async def returned(pilot: Pilot[Any]) -> None:
    screen = await open_desk(pilot)
    office = office_of(pilot.app)
    office.last, office.network = "network", NetworkJob("return")
    done = ReceiverReturns("https://receiver.example:8443", FINGERPRINT, files=4, receipts=128, acknowledged=39)
    office.network.returned, office.network.state = ReturnReport([done]), "done"
    screen.restored()


async def quarantine(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    await pilot.press("f6")
    await at(pilot, QuarantineScreen)


async def newest(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    await pilot.press("f3")
    screen = await at(pilot, SearchScreen)
    await until(pilot, lambda: bool(screen.hits) and screen.counted is not None and bool(screen.forms))


async def found(pilot: Pilot[Any]) -> None:
    await newest(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, SearchScreen)
    screen.query_one(Input).value = "хата"
    await until(pilot, lambda: bool(screen.hits) and bool(screen.hits[0].excerpt))


async def opened(pilot: Pilot[Any], key: str = "about") -> None:
    await open_desk(pilot)
    pilot.app.push_screen(RecordScreen(office_of(pilot.app), PICTURES))
    screen = await at(pilot, RecordScreen)
    await until(pilot, lambda: bool(screen.parts))
    place = next(place for place, part in enumerate(screen.parts) if part.key.startswith(key))
    options = screen.query_one("#parts", OptionList)
    options.highlighted = options.get_option_index(str(place))
    await until(pilot, lambda: screen.chosen == place)


async def account(pilot: Pilot[Any]) -> None:
    await opened(pilot, "narrative:")


async def events(pilot: Pilot[Any]) -> None:
    await opened(pilot, "narrative/h_event")
    await pilot.press("enter", "pagedown")


async def consent(pilot: Pilot[Any]) -> None:
    await opened(pilot, "consent")


async def ledger(pilot: Pilot[Any]) -> None:
    await opened(pilot, "consent")
    await pilot.press("enter", "end")


async def heed(pilot: Pilot[Any]) -> None:
    await opened(pilot, "heed")


async def attachment(pilot: Pilot[Any]) -> None:
    await opened(pilot, "attachment:")


async def copying(pilot: Pilot[Any]) -> None:
    await opened(pilot, "attachment:")
    await pilot.press("f5")


async def missions(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    await pilot.press("f9")
    screen = await at(pilot, MissionsScreen)
    await until(pilot, lambda: bool(screen.fingerprint))


async def founding(pilot: Pilot[Any]) -> None:
    await missions(pilot)
    await pilot.press("f3")


async def receivers(pilot: Pilot[Any]) -> None:
    await missions(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, MissionsScreen)
    former = dataclasses.replace(CARD, url="https://former.example")
    screen.receivers = [
        Receiver(CARD, REQUESTED, ("Demonstration",)),
        Receiver(former, FINGERPRINT, (), left=("Demonstration",)),
    ]
    screen.list_needed = True
    screen.restored()


async def card(pilot: Pilot[Any]) -> None:
    await founding(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, FoundingScreen)
    screen.cards = [Card(b"", CARD.url, REQUESTED)]
    screen._compare(Card(b"", CARD.url, REQUESTED))


async def token_list(pilot: Pilot[Any]) -> None:
    await receivers(pilot)
    await pilot.press("f7")


async def comparing(pilot: Pilot[Any]) -> None:
    await missions(pilot)
    await pilot.press("f5")
    screen = await at(pilot, EnrolScreen)
    screen._have_request(Request("field-07.req", b"", REQUESTED))
    await until(pilot, lambda: bool(screen.query("#no")))


async def enrolled(pilot: Pilot[Any]) -> None:
    await comparing(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, EnrolScreen)
    screen._written(Written("/media/blue/svidok-5a5a5a5a.pack", FINGERPRINT, again=False))
    await until(pilot, lambda: bool(screen.query("#done")))


async def exporting(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    await pilot.press("f8")


async def help_text(pilot: Pilot[Any]) -> None:
    await open_desk(pilot)
    await pilot.press("f1")


STEPS: list[Step] = [
    inbox, importing, imported, choosing, chosen, fetching, fetched, returned, quarantine,
    newest, found, opened, account, events, consent, ledger, heed, attachment, copying,
    missions, founding, receivers, card, token_list, comparing, enrolled, exporting, help_text,
]  # fmt: skip


def still(step: Step) -> Step:
    """The step, then a moment for what it began; nothing looks for folders meanwhile."""

    async def run(pilot: Pilot[Any]) -> None:
        await step(pilot)
        await rest(pilot)
        for screen in pilot.app.screen_stack:
            if isinstance(screen, InboxScreen) and screen._watching is not None:
                screen._watching.pause()

    return pictures.still(run)


pytestmark = pytest.mark.usefixtures("plain_pictures")


@every_language
@both_sizes
@picture_of(STEPS)
def test_screen(snap_compare: Any, full: Path, step: Step, size: tuple[int, int], language: str) -> None:
    locale.set_language(language)
    assert snap_compare(desk_shell(full), terminal_size=size, run_before=still(step))


@picture_of([inbox, found, account, quarantine])
def test_screen_of_forty_columns(snap_compare: Any, full: Path, step: Step) -> None:
    assert snap_compare(desk_shell(full), terminal_size=(40, 10), run_before=still(step))
