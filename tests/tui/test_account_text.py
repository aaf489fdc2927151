"""Wrapping, clusters and edits of the free account, against the plain meaning of each."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.cells import cells_between, clusters, is_plain
from tui.widgets.paragraphs import Paragraphs, clean
from tui.widgets.wrapping import rewrap, wrap

WORDS = st.text(alphabet="аbї' -ґ—\u0301\u200d漢👩é", max_size=120)


@given(WORDS, st.integers(1, 12))
def test_rows_hold_the_text_and_fit(text: str, width: int) -> None:
    starts = wrap(text, width)
    assert starts == sorted(set(starts))
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        cells = cells_between(text, start, end)
        one_cluster = len(list(clusters(text, start, end))) == 1
        assert cells <= width or (cells == width + 1 and text[end - 1] == " ") or one_cluster


@given(WORDS, st.integers(1, 12), st.data())
def test_mended_rows_are_the_rows_of_the_new_text(text: str, width: int, data: st.DataObject) -> None:
    old = wrap(text, width)
    at = data.draw(st.integers(0, len(text)))
    removed = data.draw(st.integers(0, len(text) - at))
    added = data.draw(WORDS)
    new = text[:at] + added + text[at + removed :]
    assert rewrap(new, width, old, at, removed, len(added)) == wrap(new, width)


@given(st.text(alphabet="абвгґіїєщ’ʼ' -—«»№1a"))
def test_plain_text_is_one_cell_for_each_character(text: str) -> None:
    assert is_plain(text)
    assert sum(cells for _start, _end, cells in clusters(text, 0, len(text))) == len(text)


def test_accents_wide_characters_and_joined_ones_have_their_widths() -> None:
    stressed = unicodedata.normalize("NFD", "за́мок")
    assert cells_between(stressed, 0, len(stressed)) == 5
    assert cells_between("漢字", 0, 2) == 4
    assert len(list(clusters("а\u0301б", 0, 3))) == 2
    assert len(list(clusters("👩\u200d👧", 0, 3))) == 1


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30), WORDS | st.just("\n") | st.just("а\n\nб")), max_size=12)
)
def test_edits_give_the_text_and_all_of_them_can_be_undone(edits: list[tuple[int, int, str]]) -> None:
    document = Paragraphs("Перший абзац.\n\nДругий, довший абзац про те, що було.", width=9)
    history = [document.text]
    for place, length, text in edits:
        whole = document.text
        first = place % (len(whole) + 1)
        last = min(first + length, len(whole))
        document.replace(_position(whole, first), _position(whole, last), text, (0, 0))
        history.append(whole[:first] + text + whole[last:])
        assert document.text == history[-1]
        assert document.length == len(history[-1])
        assert document.starts == [wrap(line, 9) for line in document.lines]
    for expected in reversed(history[:-1]):
        assert document.undo() is not None
        assert document.text == expected
    assert document.undo() is None
    for expected in history[1:]:
        assert document.redo() is not None
        assert document.text == expected


def _position(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1)


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_place_on_the_screen_is_a_place_in_the_text(row: int, column: int) -> None:
    document = Paragraphs("Коротко\n\n" + "Довгий абзац, який не вміщується в один рядок. " * 3, width=17)
    position = document.at(row, column)
    if row < document.rows:
        assert document.row_of(position) == row
        assert document.column_of(position) <= column
    else:
        assert position == document.end


def test_text_from_outside_is_cleaned_and_nothing_else_is_changed() -> None:
    assert clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert clean("a\tb\x1b[31mc\x00\x9b\ud800") == "a    b[31mc"
    assert clean("за\u0301мок «ї» ’ 👩\u200d👧") == "за\u0301мок «ї» ’ 👩\u200d👧"


def test_typing_joins_to_one_step_and_an_edit_elsewhere_begins_another() -> None:
    document = Paragraphs("")
    place = document.replace((0, 0), (0, 0), "т", (0, 0))
    place = document.replace(place, place, "а", place, joins=True)
    document.replace((0, 0), (0, 0), "!", place, joins=True)
    assert document.text == "!та"
    document.undo()
    assert document.text == "та"
    document.undo()
    assert document.text == ""
