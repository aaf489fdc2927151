"""One record: its parts at the left, the part that is read at the right.

The rule: opening it is noted in the custody log, and so is every copy of an attachment; nothing of it stands in the
title, a message or a file unless a person asked for that file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from schemas.problems import Problem
from tui.locale import N_, _, current_language
from tui.screens.desk.about import all_parts
from tui.screens.desk.common import InnerScreen
from tui.screens.desk.office import OpenDesk
from tui.screens.desk.pages import Block, Pages, harmless
from tui.screens.desk.reading import OpenedRecord, Part, open_record
from tui.state_words import code_text

if TYPE_CHECKING:
    from collector.preview import Preview
    from sync.desk.desk import Desk


class PartList(OptionList):
    """The parts; Enter and → lead into the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", N_("Read")),
        Binding("right", "select", N_("Read")),
    ]


class PartPages(Pages):
    """The text; ← leads back to the parts."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("left", "screen.parts", N_("Parts"))]


class RecordScreen(InnerScreen):
    """Read a record."""

    TITLE_WORDS = N_("Record")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "The answers stand by compartment, with the questions of the form in your language. What was said is "
            "shown as it was said. Reserved answers and what stays sealed are named as such."
        ),
        N_("That you opened this record is noted in its custody log, and so is every copy of an attachment."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "copy", N_("Write a copy")),
        Binding("f6", "check", N_("Check")),
    ]

    def __init__(self, office: OpenDesk, code: str) -> None:
        super().__init__(office)
        self.code = code
        self.record: OpenedRecord | None = None
        self.parts: list[Part] = []
        self.chosen = 0
        self.checked: dict[str, str] = {}

    def title_text(self) -> str:
        """The record code; never anything of its content."""
        return _("Record {code}", code=code_text(self.code))

    def body(self) -> ComposeResult:
        with Horizontal(id="record"):
            yield PartList(id="parts")
            with Vertical(id="reader"):
                yield Static(id="part-title")
                yield PartPages(id="pages")

    def on_mount(self) -> None:
        """Open the record."""
        self.ask_desk(lambda desk: open_record(desk, self.code), self._opened, failed=self._failed)

    def _opened(self, record: OpenedRecord) -> None:
        self.record = record
        self._make_parts()

    def _failed(self, problem: Problem) -> None:
        self.leave()
        self.shell.problem(problem)

    def restored(self) -> None:
        """Make the parts again, in the language in use."""
        self._make_parts()

    def _make_parts(self) -> None:
        record, language = self.record, current_language()
        if record is not None:
            self.work(lambda: all_parts(record, language), self._show_parts)

    def _show_parts(self, parts: list[Part]) -> None:
        self.parts = parts = [self._with_check(part) for part in parts]
        options = self.query_one("#parts", OptionList)
        options.clear_options()
        heading = ""
        for place, part in enumerate(parts):
            if part.heading != heading:
                heading = part.heading
                options.add_option(Option(Content.assemble((heading.upper(), "$primary")), disabled=True))
            options.add_option(Option(Content(f"  {harmless(part.title)}" if heading else part.title), id=str(place)))
        options.highlighted = options.get_option_index(str(min(self.chosen, len(parts) - 1)))
        (self.query_one(Pages) if self.has_class("-reading") else options).focus()

    # reading

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the part under the cursor."""
        if event.option.id is not None:
            self.chosen = int(event.option.id)
            part = self.parts[self.chosen]
            self.query_one("#part-title", Static).update(Content(harmless(part.title)))
            self.query_one(Pages).show(part.blocks)
            self.refresh_bindings()

    def on_option_list_option_selected(self) -> None:
        """Enter goes to the text, to scroll it."""
        self.set_class(True, "-reading")
        self.query_one(Pages).focus()

    def action_parts(self) -> None:
        """Back to the list of parts."""
        self.set_class(False, "-reading")
        self.query_one("#parts").focus()

    def on_descendant_focus(self) -> None:
        """Other keys may be offered now."""
        self.refresh_bindings()

    def action_leave(self) -> None:
        """To the parts in a narrow window, else back."""
        if self.has_class("-narrow") and self.has_class("-reading"):
            self.action_parts()
        else:
            self.leave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A copy only of an attachment."""
        if action in ("copy", "check"):
            return bool(self.parts) and bool(self.parts[self.chosen].sid)
        return True

    # checks and copies of attachments

    def _with_check(self, part: Part) -> Part:
        """An attachment's part with what its check found."""
        if part.sid not in self.checked:
            return part
        said = self.checked[part.sid]
        found = [Block("head", _("Checked: every byte is whole")), *([Block("text", said)] if said else [])]
        return replace(part, blocks=(*part.blocks, *found))

    def action_check(self) -> None:
        """Decrypt every byte of the attachment, keep nothing, and say what it is."""
        from tui.screens.dialogs import Busy
        from tui.screens.interview.file_words import preview_words

        sid, busy = self.parts[self.chosen].sid, Busy(_("Opening and checking the attachment"))
        self.app.push_screen(busy)

        def done(found: Preview) -> None:
            busy.dismiss()
            self.checked[sid] = preview_words(found)
            self._make_parts()

        def failed(problem: Problem) -> None:
            busy.dismiss()
            self.shell.problem(problem)

        self.ask_desk(lambda desk: desk.attachment_check(self.code, sid), done, failed=failed)

    def action_copy(self) -> None:
        """Ask where to, warn, and write the attachment to a file."""
        from tui.screens.desk.copying import AskTarget

        part = self.parts[self.chosen]
        self.app.push_screen(
            AskTarget(
                _("Write a copy of the attachment?"),
                _(
                    "The copy is plain: whoever gets hold of it can open it. Write it to an encrypted disk, and "
                    "destroy it when it is no longer needed. The copy is noted in the custody log."
                ),
                f"{self.code}-{part.sid[:8]}{Path(part.title).suffix if part.title.isprintable() else ''}",
            ),
            lambda target: self._copy(part.sid, Path(target)) if target else None,
        )

    def _copy(self, sid: str, target: Path) -> None:
        from tui.screens.dialogs import Busy

        busy = Busy(_("Opening and checking the attachment"))
        self.app.push_screen(busy)

        def there(desk: Desk) -> OpenedRecord | None:
            from sync.desk.record import custody

            desk.attachment(self.code, sid, target)
            if self.record is None:
                return None
            events = custody(desk.vault, bytes.fromhex(str(self.record.facts["eid"])))
            return replace(self.record, facts={**self.record.facts, "custody": events})

        def done(record: OpenedRecord | None) -> None:
            busy.dismiss()
            self.record = record
            self.notify(_("The copy was written and checked."), markup=False)
            self._make_parts()

        def failed(problem: Problem) -> None:
            busy.dismiss()
            self.shell.problem(problem)

        self.ask_desk(there, done, failed=failed)
