"""Sending through the screens to a real receiver: send, cut, pause, stop, lock, and what stands in the way of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Button, Input, OptionList

from sync.settings import SendSettings
from sync.volume import LENGTHS
from tests.receiver_kit import running_receiver
from tests.tui.conftest import seen, shell_of, unlock, until
from tests.tui.site import Site, at_transfer, begin_sending, made, no_sticks, sent, site, states
from tui.screens import sending
from tui.screens.interviews import InterviewsScreen
from tui.screens.sending import Network
from tui.screens.sending_settings import SendingSettings
from tui.screens.transfer import TransferScreen

__all__ = ["made", "no_sticks", "site"]

ONE = min(LENGTHS)
"""Bytes of the smallest volume: that of a few texts."""


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
        assert "2 wait for a receipt" in words
        assert "travel again" not in words
        assert "Stored is not yet imported: nothing is deleted." in words
        assert "There are no receipts for this computer." in words
        assert states(shell) == ["stored", "stored"]
        assert screen.check_action("send", ()) is False
        assert screen.check_action("again", ()) is True
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(shell.screen, InterviewsScreen))
        assert "at the receiver since" in seen(shell)


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


async def test_the_key_that_leads_here_does_not_send_when_it_is_pressed_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.transfer.READING_SECONDS", 3600.0)
    shell = shell_of(site.field)
    async with shell.run_test(size=(80, 24)) as pilot:
        await unlock(pilot)
        await pilot.press("f6", "f6", "f6")
        screen = shell.screen
        assert isinstance(screen, TransferScreen)
        await pilot.pause()
        assert screen.network.job is None
        monkeypatch.setattr("tui.screens.transfer.READING_SECONDS", 0.0)
        screen._painted()
        await pilot.press("f6")
        await until(pilot, lambda: screen.network.job is not None)


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
        await pilot.press("escape", "f7")
        await pilot.pause()
        assert "F5 takes in the receipts from a stick." in seen(shell)
        assert "F6" not in seen(shell)


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
