"""Laying out what others wrote; and the desk that is closed by whoever leaves it last."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from schemas.problems import Problem
from sync.desk.importer import ImportReport
from tui.screens.desk.office import OpenDesk
from tui.screens.desk.pages import Block, harmless, lay_out
from tui.screens.desk.words import report_text

PAIRS = ("answer", "reserved")


def shown(blocks: list[Block], width: int) -> list[str]:
    return ["".join(text for text, _kind in row) for row in lay_out(blocks, width)]


def test_label_and_answer_stand_side_by_side_where_there_is_room_and_below_each_other_where_not() -> None:
    block = Block("answer", "Kharkiv", "Where?")
    assert shown([block], 80) == ["  Where?" + " " * 24 + "Kharkiv"]
    assert shown([block], 40) == ["  Where?", "    Kharkiv"]


def test_what_steers_a_terminal_or_turns_the_writing_is_taken_out() -> None:
    assert harmless("a\x1b]0;owned\x07b\u202ec\u2066d\u200be\n\x9bf") == "a]0;ownedbcde\nf"
    rows = shown([Block("answer", "x\x1b[2Jy", "l\u202eabel")], 80)
    assert "\x1b" not in "".join(rows)
    assert "\u202e" not in "".join(rows)


@given(
    st.lists(
        st.builds(
            Block,
            st.sampled_from(["head", "entry", "answer", "reserved", "text", "note", "warning"]),
            st.text(max_size=200),
            st.text(max_size=80),
            st.integers(0, 3),
        ),
        max_size=6,
    ),
    st.integers(36, 140),
)
def test_no_row_is_wider_than_the_page_and_no_visible_character_is_lost(blocks: list[Block], width: int) -> None:
    rows = shown(blocks, width)
    assert all(cell_len(row) <= width for row in rows)
    written = [text for block in blocks for text in (block.text, block.label)[: 1 + (block.kind in PAIRS)]]
    assert sorted("".join("".join(rows).split())) == sorted("".join(harmless("".join(written)).split()))


def test_the_report_says_what_was_lost_and_repaired_and_what_was_refused() -> None:
    report = ImportReport(
        bundles=2, imported=1, duplicates=3, quarantined=2, volumes=10, volumes_lost=1, volumes_damaged=1
    )
    report.refused.append({"item": "x[bold].vol", **Problem("E_DISK_SPACE", needed=7, free=3).as_dict()})
    text = report_text(report).plain
    for words in (
        "1 record imported", "3 were known already", "2 stand in quarantine", "2 bundles of 10 volumes",
        "1 lost, 1 damaged", "x[bold].vol was refused", "E_DISK_SPACE",
    ):  # fmt: skip
        assert words in text
    problem = Problem("E_DISK_SPACE", needed=7, free=3)
    assert problem.what in text
    assert problem.safe in text
    assert problem.remedy in text


class Closable:
    """Stands for a desk of which only the end matters."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_closing_waits_for_work_that_has_begun_and_lets_no_new_work_in() -> None:
    desk = Closable()
    office = OpenDesk(desk)  # type: ignore[arg-type]
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def act(_desk: object) -> None:
        begun.set()
        go_on.wait(10)
        seen.append(desk.closed)

    thread = threading.Thread(target=lambda: office.run(act))
    thread.start()
    assert begun.wait(10)
    office.close()
    office.close()
    assert desk.closed == 0
    with pytest.raises(Problem) as raised:
        office.run(lambda _desk: None)
    assert raised.value.code == "E_VAULT_CLOSED"
    go_on.set()
    thread.join(10)
    office.wait_closed()
    assert (seen, desk.closed) == ([0], 1)


def test_an_idle_desk_closes_at_once(tmp_path: Path) -> None:
    desk = Closable()
    office = OpenDesk(desk)  # type: ignore[arg-type]
    office.close()
    assert desk.closed == 1
    with pytest.raises(Problem):
        office.start_import([tmp_path])
