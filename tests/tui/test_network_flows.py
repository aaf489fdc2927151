"""The network way through the screens, with a real receiver in a process of its own: send, cut, pause, stop, lock;
fetch, import, receipts there and back; what stands in the way of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList

from collector import files
from collector.field import Field
from schemas.forms import shipped_forms
from sync.desk import mission
from sync.desk.desk import Desk
from sync.settings import SendSettings
from sync.volume import LENGTHS
from tests.helpers.mission import PASSPHRASE, SMALL, SetClock
from tests.receiver_kit import Receiver, running_receiver, svidok
from tests.tui.conftest import seen, shell_of, unlock, until
from tests.tui.desk.conftest import at, at_desk, open_desk, rest
from tests.tui.network import sealed
from tui.screens import sending
from tui.screens.desk.fetching import NetworkJob
from tui.screens.desk.inbox import InboxScreen
from tui.screens.desk.missions import MissionsScreen
from tui.screens.dialogs import Choose, Confirm
from tui.screens.interviews import InterviewsScreen
from tui.screens.sending import Network, SendJob
from tui.screens.sending_settings import SendingSettings
from tui.screens.transfer import TransferScreen

ONE = min(LENGTHS)
"""Bytes of the smallest volume: that of a few texts."""


@dataclass
class Site:
    """A receiver that runs, a desk whose mission names it, a field computer with two sealed interviews."""

    receiver: Receiver
    desk: Path
    field: Path
    codes: list[str]

    def fresh(self, folder: Path) -> Site:
        """The same receiver, copies of the homes."""
        return Site(
            self.receiver,
            Path(shutil.copytree(self.desk, folder / "desk")),
            Path(shutil.copytree(self.field, folder / "field")),
            self.codes,
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Made once: every test works on copies of the homes, all with the same receiver."""
    base = tmp_path_factory.mktemp("site")
    files.make_private_dir(base / "files")
    with running_receiver(base, start=False) as receiver:
        with Desk.create(base / "desk", PASSPHRASE, organisation="Office", params=SMALL, clock=SetClock()) as desk:
            forms = [mission.checked(form.xform) for form in shipped_forms()]
            desk.mission_new("Demonstration", forms, cards=[receiver.card_path.read_bytes()])
            field = Field.create(base / "field", PASSPHRASE, params=SMALL, leaves=16, clock=SetClock())
            request, fingerprint = field.request()
            field.accept_pack(desk.enrol(request, fingerprint).pack, desk.fingerprint)
            codes = sealed(field, base / "files", 2)
            field.close()
            (base / "tokens").write_bytes(desk.tokens_write().data)
        receiver.accept(base / "tokens")
        receiver.start()
        yield Site(receiver, base / "desk", base / "field", codes)


@pytest.fixture
def site(made: Site, tmp_path: Path) -> Site:
    """The receiver runs, whatever the test before did with it."""
    if not made.receiver.running:
        made.receiver.start()
    return made.fresh(tmp_path)


@pytest.fixture(autouse=True)
def no_sticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.transfer.mounted_sticks", list)
    monkeypatch.setattr("tui.screens.desk.inbox.mounted_sticks", list)


async def at_transfer(pilot: Pilot[Any]) -> TransferScreen:
    await unlock(pilot)
    await pilot.press("f6")
    screen = pilot.app.screen
    assert isinstance(screen, TransferScreen)
    return screen


async def sent(pilot: Pilot[Any], job: SendJob) -> None:
    """Wait until a run has ended and the screen has seen it."""
    for _turn in range(60):
        if job.ended.is_set():
            break
        await pilot.pause(0.5)
    assert job.ended.is_set()
    screen = pilot.app.screen
    if isinstance(screen, TransferScreen):
        screen.watch_run()
    await pilot.pause()


def states(shell: Any) -> list[str]:
    return sorted(row.state for row in shell.field.interviews())


async def begin_sending(pilot: Pilot[Any], screen: TransferScreen) -> SendJob:
    """Press the key that sends, and wait until the run is shown."""
    before = screen.network.job
    await pilot.press("f6")
    await until(pilot, lambda: screen.network.job is not before and screen.face == "network")
    assert screen.network.job is not None
    return screen.network.job


async def test_one_key_sends_and_what_is_stored_is_not_called_arrived(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        assert site.receiver.address in seen(shell)
        job = await begin_sending(pilot, screen)
        await sent(pilot, job)
        words = seen(shell)
        assert job.problem is None
        assert "✓ Everything is with the receiver." in words
        assert "Stored is not yet imported: nothing is deleted." in words
        assert "There are no receipts for this computer." in words
        assert states(shell) == ["stored", "stored"]
        assert screen.check_action("send", ()) is False
        assert screen.check_action("again", ()) is True
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        assert "with a receiver · no receipt yet" in seen(shell)


async def test_a_cut_is_shown_waited_out_and_nothing_is_lost(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        screen.network.keep(SendSettings(limit=256))
        job = await begin_sending(pilot, screen)
        await until(pilot, lambda: job.view().done > ONE // 4)
        site.receiver.kill()
        await until(pilot, lambda: any(line.state == "retry" for line in job.view().lines))
        screen.watch_run()
        await pilot.pause()
        assert "trying again" in seen(shell)
        assert "E_NET_" in seen(shell)
        assert shell.network.sign.startswith("↑ ")
        site.receiver.start()
        await sent(pilot, job)
        assert job.sent is not None
        assert job.sent.ok
        assert job.sent.sent < 2 * ONE
        assert "✓ Everything is with the receiver." in seen(shell)


async def test_pause_resume_stop_and_the_rest_later(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        screen.network.keep(SendSettings(limit=256))
        job = await begin_sending(pilot, screen)
        await until(pilot, lambda: job.view().done > ONE // 8)
        await pilot.press("f6")
        assert job.state == "paused"
        assert "Paused. F6 goes on." in seen(shell)
        await pilot.press("f6")
        assert job.state == "running"
        await pilot.press("f8")
        await sent(pilot, job)
        assert job.state == "stopped"
        assert "Stopped. What was sent stays sent" in seen(shell)
        assert states(shell) == ["sealed", "sealed"]
        screen.network.keep(SendSettings())
        again = await begin_sending(pilot, screen)
        await sent(pilot, again)
        assert again.sent is not None
        assert again.sent.ok
        assert states(shell) == ["stored", "stored"]


async def test_sending_goes_on_below_an_interview_and_after_a_lock(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        screen.network.keep(SendSettings(limit=256))
        job = await begin_sending(pilot, screen)
        await until(pilot, lambda: job.view().done > ONE // 8)
        await pilot.press("escape", "f3")
        shell.look_at_network()
        await pilot.pause()
        assert "↑" in seen(shell).splitlines()[0]
        await pilot.press("f4")
        await sent(pilot, job)
        assert shell.opened is None
        assert job.state == "stopped"
        await unlock(pilot)
        after = shell.network.job
        assert after is not None
        assert after is not job
        await sent(pilot, after)
        assert after.sent is not None
        assert after.sent.ok


async def test_whenever_connected_tries_by_itself_after_sealing_and_shows_no_window(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        shell.look_at_network()
        assert shell.network.job is None
        shell.network.keep(SendSettings("connected"))
        shell.network.soon()
        shell.look_at_network()
        job = shell.network.job
        assert job is not None
        assert not job.asked
        await sent(pilot, job)
        assert isinstance(shell.screen, InterviewsScreen)
        assert states(shell) == ["stored", "stored"]
        shell.network.soon()
        shell.look_at_network()
        assert shell.network.job is job


async def test_nobody_there_by_itself_is_a_small_sign_and_no_window(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.receiver.stop()
    monkeypatch.setattr(sending, "SHORT", 1.0)
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        network: Network = shell.network
        network.keep(SendSettings("connected"))
        shell.look_at_network()
        assert network.job is not None
        await sent(pilot, network.job)
        shell.look_at_network()
        await pilot.pause()
        assert isinstance(shell.screen, InterviewsScreen)
        assert seen(shell).splitlines()[0].endswith("↑ !")
        assert states(shell) == ["sealed", "sealed"]
        await pilot.press("f6")
        await pilot.pause()
        assert "E_NET_UNREACHABLE" in seen(shell)


async def test_never_means_never_and_says_why(site: Site) -> None:
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        screen = await at_transfer(pilot)
        await pilot.press("f9")
        dialog = shell.screen
        assert isinstance(dialog, SendingSettings)
        dialog.query_one("#policy", OptionList).highlighted = 2
        await pilot.press("enter")
        dialog.query_one("#proxy", Input).value = "socks4://127.0.0.1:1"
        dialog.query_one("#yes", Button).press()
        await until(pilot, lambda: "socks5h://host:port" in seen(shell))
        dialog.query_one("#proxy", Input).value = ""
        dialog.query_one("#limit", Input).value = "64"
        dialog.query_one("#yes", Button).press()
        await until(pilot, lambda: shell.screen is screen)
        assert screen.network.settings == SendSettings("never", None, 64)
        assert "F6 is off" in seen(shell)
        await pilot.press("f6")
        await pilot.pause()
        assert screen.network.job is None


async def test_somebody_else_in_the_receivers_place_is_named(site: Site, tmp_path: Path) -> None:
    """attack: another receiver listens at the same address, with a certificate of its own."""
    site.receiver.stop()
    with running_receiver(tmp_path, start=False) as other:
        other.port, other.address = site.receiver.port, site.receiver.address
        other.start()
        shell = shell_of(site.field)
        async with shell.run_test(size=(80, 24)) as pilot:
            screen = await at_transfer(pilot)
            job = await begin_sending(pilot, screen)
            await sent(pilot, job)
            words = seen(shell)
            assert job.problem is not None
            assert job.problem.code == "E_PIN"
            assert "! Somebody else answers in the receiver's place." in words
            assert "E_PIN" in words
            assert "F5 Use sticks" in words
            assert states(shell) == ["sealed", "sealed"]


@contextlib.contextmanager
def log_in_page(port: int) -> Iterator[None]:
    """What a hotel puts in the place of every address: a page, whatever was said."""
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
    with socket.create_server(("127.0.0.1", port)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    caller, _address = server.accept()
                    with caller:
                        caller.recv(4096)
                        caller.sendall(page)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join()


async def test_a_log_in_page_for_guests_is_named(site: Site) -> None:
    site.receiver.stop()
    with log_in_page(site.receiver.port):
        shell = shell_of(site.field)
        async with shell.run_test(size=(80, 24)) as pilot:
            screen = await at_transfer(pilot)
            await sent(pilot, await begin_sending(pilot, screen))
            words = seen(shell)
            assert "! A log-in page for guests stands in the way." in words
            assert "Log in to the network in a browser" in words
            assert "E_NET_PORTAL" in words
            assert states(shell) == ["sealed", "sealed"]


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
            await rest(pilot)
        await until(pilot, lambda: len(screen.receivers) == 2)
        await pilot.press("f7")
        office.screen.query_one("#path", Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "svidok-tokens").exists() and "svidok receiver accept" in seen(office))
    svidok("receiver", "accept", tmp_path / "svidok-tokens", "--home", tmp_path / "second")
