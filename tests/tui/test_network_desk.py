"""The network way at the desk, with a real receiver: fetch, import, receipts there and back; cards and tokens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from sync.desk.desk import Desk
from sync.desk.fetch_report import FetchReport
from tests.helpers.mission import PASSPHRASE, SetClock
from tests.receiver_kit import svidok
from tests.tui.conftest import seen, shell_of, unlock, until
from tests.tui.desk.conftest import at, at_desk, open_desk, rest
from tests.tui.site import Site, at_transfer, begin_sending, made, no_sticks, sent, site, states
from tui.screens.desk.fetch_choice import FetchChoice
from tui.screens.desk.fetching import NetworkJob
from tui.screens.desk.inbox import InboxScreen
from tui.screens.desk.missions import MissionsScreen
from tui.screens.dialogs import Choose, Confirm

__all__ = ["made", "no_sticks", "site"]


async def test_fetch_import_receipts_and_back(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        await sent(pilot, await begin_sending(pilot, screen))
    async with at_desk(site.desk) as (office, pilot):
        inbox = await open_desk(pilot)
        assert site.receiver.url in seen(office)
        await pilot.press("ctrl+r")
        await done_at_desk(pilot, inbox)
        words = seen(office)
        assert "volume fetched" in words or "volumes fetched" in words
        assert "F5 imports what was fetched." in words
        await pilot.press("f5")
        await done_at_desk(pilot, inbox)
        for code in site.codes:
            assert inbox.office.run(lambda desk, code=code: desk.record(code))
        await pilot.press("f7")
        assert isinstance(office.screen, Choose)
        await pilot.press("enter")
        await done_at_desk(pilot, inbox)
        assert "receipts sent" in seen(office)
        await pilot.press("ctrl+r")
        await done_at_desk(pilot, inbox)
        assert "Nothing new lies at the receiver." in seen(office)
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f7")
        assert "without the office's receipt" in " ".join(seen(shell).split())
        await pilot.press("f6")
        await until(pilot, lambda: shell.screen.report is not None)
        assert seen(shell).count("the office has it") == 2
        assert states(shell) == ["imported", "imported"]


async def test_one_receiver_everything_again_and_by_a_proxy_that_is_kept(site: Site, tmp_path: Path) -> None:
    card = tmp_path / "second.card"
    svidok("receiver", "init", "--home", tmp_path / "second", "--url", "https://127.0.0.1:1", "--out", card)
    with Desk.open(site.desk, PASSPHRASE, clock=SetClock()) as desk:
        desk.receiver_add(card.read_bytes())
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        await sent(pilot, await begin_sending(pilot, screen))
    async with at_desk(site.desk, size=(120, 40)) as (office, pilot):
        inbox = await open_desk(pilot)

        async def ask() -> FetchChoice:
            await pilot.press("ctrl+o")
            return await at(pilot, FetchChoice)

        async def fetch() -> FetchReport:
            before = inbox.office.network
            await pilot.press("enter")
            await until(pilot, lambda: inbox.office.network is not before)
            await done_at_desk(pilot, inbox)
            job = inbox.office.network
            assert job is not None
            assert job.fetched is not None
            return job.fetched

        await ask()
        await pilot.press("down", "space", "tab", "tab", "tab")  # the first receiver, what is new, no proxy
        report = await fetch()
        assert [part.url for part in report.receivers] == [site.receiver.url]
        assert report.fetched >= 1
        await pilot.press("f5")
        await done_at_desk(pilot, inbox)

        dialog = await ask()
        dialog.query_one("#proxy", Input).value = "socks5://127.0.0.1:1"
        await pilot.press("down", "space", "tab", "down", "enter", "tab", "tab", "enter")
        assert "socks5h://host:port" in seen(office)  # it says what is wrong, and nothing was done
        dialog.query_one("#proxy", Input).value = ""
        await pilot.press("tab")
        assert (await fetch()).fetched == report.fetched  # imported already, and fetched again

        dialog = await ask()
        dialog.query_one("#proxy", Input).value = "socks5h://127.0.0.1:1"
        await pilot.press("tab", "tab", "tab")
        report = await fetch()
        assert [part.problem and part.problem.code for part in report.receivers] == ["E_NET_PROXY", "E_NET_PROXY"]
        await until(pilot, lambda: "Proxy socks5h://127.0.0.1:1" in " ".join(seen(office).split()))
        await pilot.press("ctrl+r")  # what was kept holds for this one too
        await done_at_desk(pilot, inbox)
        assert "E_NET_PROXY" in seen(office)
        await ask()
        await pilot.press("escape")
        assert office.screen is inbox


async def done_at_desk(pilot: Pilot[Any], inbox: InboxScreen) -> None:
    """Wait until what goes on at the desk has ended and the inbox has seen it."""
    for _turn in range(60):
        if not inbox.busy:
            break
        await pilot.pause(0.5)
    assert not inbox.busy
    inbox.watch_import()
    await rest(pilot)


async def test_a_receiver_that_is_away_is_named_at_the_desk(site: Site) -> None:
    site.receiver.stop()
    async with at_desk(site.desk) as (office, pilot):
        inbox = await open_desk(pilot)
        await pilot.press("ctrl+r")
        await done_at_desk(pilot, inbox)
        assert "E_NET_UNREACHABLE" in seen(office)


async def test_a_stopped_run_says_that_nothing_is_lost_and_the_next_one_brings_everything(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        await sent(pilot, await begin_sending(pilot, screen))
    async with at_desk(site.desk) as (office, pilot):
        inbox = await open_desk(pilot)
        stopped = inbox.office.network = NetworkJob("fetch")
        inbox.office.last = "network"
        stopped.stop()
        await asyncio.to_thread(inbox.office.run, stopped.run)
        inbox.watch_import()
        await rest(pilot)
        assert stopped.state == "stopped"
        assert "Stopped. What is here stays here" in seen(office)
        await pilot.press("ctrl+r")
        await done_at_desk(pilot, inbox)
        assert "F5 imports what was fetched." in seen(office)


async def test_a_receiver_is_added_when_its_digits_were_compared_and_needs_the_token_list(
    site: Site, tmp_path: Path
) -> None:
    card = tmp_path / "second.card"
    svidok("receiver", "init", "--home", tmp_path / "second", "--url", "https://second.example", "--out", card)
    async with at_desk(site.desk, size=(100, 40)) as (office, pilot):
        await open_desk(pilot)
        await pilot.press("f9")
        screen = await at(pilot, MissionsScreen)
        await until(pilot, lambda: bool(screen.receivers))
        assert site.receiver.url in seen(office)
        for keys in (("enter",), ("right", "enter")):
            await pilot.press("f6")
            office.screen.query_one("#path", Input).value = str(card)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(office.screen, Confirm))
            assert "https://second.example" in seen(office)
            await pilot.press(*keys)
            await until(pilot, lambda: office.screen is screen)
            await rest(pilot)
        await until(pilot, lambda: len(screen.receivers) == 2)
        await pilot.press("f7")
        office.screen.query_one("#path", Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "svidok-tokens").exists() and "svidok receiver accept" in seen(office))
    svidok("receiver", "accept", tmp_path / "svidok-tokens", "--home", tmp_path / "second")
