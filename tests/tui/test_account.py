"""The editor of the free account under real keys, pastes and clicks."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult

from tui.widgets.account import Account
from tui.widgets.paragraphs import LIMIT


class Desk(App[None]):
    def __init__(self, text: str = "", *, read_only: bool = False) -> None:
        super().__init__()
        self.account = Account(text, read_only=read_only)
        self.changes = 0
        self.full = 0

    def compose(self) -> ComposeResult:
        yield self.account

    def on_mount(self) -> None:
        self.account.focus()

    def on_account_changed(self) -> None:
        self.changes += 1

    def on_account_full(self) -> None:
        self.full += 1

    @property
    def rows(self) -> list[str]:
        return [self.account.render_line(y).text.rstrip() for y in range(self.account.page)]


async def test_typing_shows_and_tells() -> None:
    app = Desk()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press(*"Було", "space", *"так", "enter", *"й", "space", "І")
        assert app.account.text == "Було так\nй І"
        assert app.rows[:2] == ["Було так", "й І"]
        await pilot.pause()
        assert app.changes == 12


async def test_keys_erase_by_character_and_word() -> None:
    app = Desk("один два три")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("backspace", "ctrl+backspace")
        assert app.account.text == "один два "
        await pilot.press("home", "delete", "ctrl+delete")
        assert app.account.text == " два "
        await pilot.press("ctrl+end", "enter", "backspace", "backspace")
        assert app.account.text == " два"


async def test_an_accent_goes_with_its_letter() -> None:
    app = Desk("за\u0301мок")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("home", "right", "right")
        assert app.account.cursor == (0, 3)
        await pilot.press("backspace")
        assert app.account.text == "змок"


async def test_wide_characters_keep_the_columns() -> None:
    app = Desk("漢字x")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(app.account, offset=(1 + 4, 0))
        assert app.account.cursor == (0, 2)
        assert app.account.render_line(0).cell_length == app.account.content_size.width


async def test_a_long_paragraph_wraps_and_the_cursor_walks_its_rows() -> None:
    app = Desk("слово " * 40)
    async with app.run_test(size=(40, 12)) as pilot:
        assert app.account.document.rows > 5
        await pilot.press("ctrl+home", "down", "down")
        assert app.account.document.row_of(app.account.cursor) == 2
        await pilot.press("end")
        row = app.account.document.row_of(app.account.cursor)
        assert row == 2
        await pilot.press("up", "home")
        assert app.account.document.column_of(app.account.cursor) == 0
        await pilot.press("pagedown")
        assert app.account.document.row_of(app.account.cursor) > 5


async def test_the_column_is_kept_over_a_short_row() -> None:
    app = Desk("довгий рядок\nк\nдовгий рядок")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("ctrl+home", *["right"] * 8, "down")
        assert app.account.cursor == (1, 1)
        await pilot.press("down")
        assert app.account.cursor == (2, 8)


async def test_selecting_cutting_and_putting_in_stay_in_the_widget() -> None:
    app = Desk("перше друге")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("ctrl+shift+left", "ctrl+x")
        assert app.account.text == "перше "
        await pilot.press("ctrl+home", "ctrl+v")
        assert app.account.text == "другеперше "
        await pilot.press("ctrl+a", "ctrl+c", "right", "ctrl+v")
        assert app.account.text == "другеперше другеперше "
        assert app.clipboard == ""
        app.account.load("інше")
        await pilot.press("ctrl+v")
        assert app.account.text == "інше"


async def test_typing_replaces_what_is_selected() -> None:
    app = Desk("абв\nгде")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("ctrl+home", "right", "shift+down", "x")
        assert app.account.text == "аxде"
        await pilot.press("ctrl+z")
        assert app.account.text == "абв\nгде"
        await pilot.press("ctrl+y")
        assert app.account.text == "аxде"


async def test_undo_takes_back_a_word_not_a_letter() -> None:
    app = Desk()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press(*"перше", "space", *"друге", "ctrl+z")
        assert app.account.text == "перше "
        await pilot.press("ctrl+z", "ctrl+z", "ctrl+z")
        assert app.account.text == ""


async def test_a_paste_is_one_step_and_is_cleaned() -> None:
    app = Desk("a")
    async with app.run_test(size=(40, 10)) as pilot:
        app.account.post_message(events.Paste("x\r\ny\x1b[2Jz\tw"))
        await pilot.pause()
        assert app.account.text == "ax\ny[2Jz    w"
        await pilot.press("ctrl+z")
        assert app.account.text == "a"


async def test_a_paste_without_room_changes_nothing() -> None:
    app = Desk("a" * (LIMIT - 2))
    async with app.run_test(size=(40, 10)) as pilot:
        app.account.post_message(events.Paste("xyz"))
        await pilot.pause()
        assert app.account.document.length == LIMIT - 2
        assert app.full == 1
        await pilot.press("x", "y", "z")
        assert app.account.text.endswith("axy")
        assert app.full == 2


async def test_clicks_and_drags_select() -> None:
    app = Desk("перший рядок\nдругий рядок")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(app.account, offset=(1 + 3, 1))
        assert app.account.cursor == (1, 3)
        await pilot.mouse_down(app.account, offset=(1, 0))
        await pilot.hover(app.account, offset=(1 + 6, 0))
        await pilot.mouse_up(app.account, offset=(1 + 6, 0))
        await pilot.press("delete")
        assert app.account.text == " рядок\nдругий рядок"


async def test_a_read_only_text_can_be_walked_and_not_changed() -> None:
    app = Desk("текст", read_only=True)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("x", "backspace", "enter", "ctrl+a", "ctrl+x", "ctrl+v", "delete", "ctrl+z")
        app.account.post_message(events.Paste("y"))
        await pilot.pause()
        assert app.account.text == "текст"


async def test_the_cursor_is_found_again_by_its_offset() -> None:
    app = Desk("абв\nгде")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("left")
        offset = app.account.offset_of_cursor
        app.account.load("абв\nгде", offset)
        assert app.account.cursor == (1, 2)


@pytest.mark.parametrize("size", [(12, 6), (40, 10), (120, 40)])
async def test_every_row_fills_the_width(size: tuple[int, int]) -> None:
    app = Desk("Того ранку 漢字 👩\u200d👧 за\u0301мок прийшли двоє. " * 30)
    async with app.run_test(size=size) as pilot:
        await pilot.press("ctrl+a")
        for top in range(0, app.account.document.rows, max(app.account.page, 1)):
            app.account.scroll_rows(top - app.account.top)
            widths = {app.account.render_line(y).cell_length for y in range(app.account.page)}
            assert widths == {app.account.content_size.width}


async def test_an_edit_draws_what_a_fresh_editor_would() -> None:
    app = Desk("слово " * 300)
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.press("ctrl+home", *["pagedown"] * 3, *"вставка", "space", "backspace", "enter", *"ще")
        fresh = Account(app.account.text)
        fresh.document.resize(app.account.document.width)
        assert fresh.document.starts == app.account.document.starts


async def test_the_cursor_and_the_first_row_come_back_as_they_were() -> None:
    app = Desk("\n".join(f"line {number}" for number in range(60)))
    async with app.run_test(size=(40, 10)) as pilot:
        app.account.stand_at(200, 18)
        await pilot.pause()
        assert app.account.offset_of_cursor == 200
        assert app.account.top == 18
        app.account.stand_at(0, 18)
        assert app.account.top == 0
        app.account.stand_at(10**9)
        assert app.account.cursor == app.account.document.end


async def test_a_row_with_a_mark_has_a_sign_at_its_edge() -> None:
    app = Desk("first\nsecond\nthird")
    async with app.run_test(size=(20, 6)) as pilot:
        app.account.show_signs([8])
        await pilot.pause()
        rows = [app.account.render_line(row).text for row in range(3)]
        assert [row.rstrip().endswith("?") for row in rows] == [False, True, False]
        app.account.load("first\nsecond")
        assert not app.account.render_line(1).text.rstrip().endswith("?")
