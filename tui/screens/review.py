"""Before the seal: what blocks, what is missing, what is wrong, each with a way to its question; then the seal.

The rule: sealing asks first and says that it cannot be undone. What stops an interview can only be sealed as
interrupted, with a reason that a person gives; the program never guesses one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from collector import contents, correction, placeholders, readback
from collector.marks import Mark
from schemas.gates import ENDING, OpenGate
from schemas.gates_names import Mention
from schemas.problems import Problem
from schemas.session_types import Issue
from schemas.xform_model import Path
from tui.locale import N_, _, ngettext
from tui.screens import review_pages
from tui.screens.base import BaseScreen
from tui.screens.interview.marks import mark_line
from tui.screens.interview.words import entry_name
from tui.state_words import code_text

if TYPE_CHECKING:
    from collector.review import Review
    from tui.screens.interview.screen import InterviewScreen

AROUND = 18
"""Characters of an answer that are shown around a name in it."""
_BLANKS = re.compile(r"\s+")

GROUPS = (
    ("blocking", "!", "$warning", N_("Must be answered before it can be sealed")),
    ("missing", "•", "$accent", N_("Not answered yet (a reserved answer is enough)")),
    ("invalid", "!", "$warning", N_("Needs a look")),
)


class ReviewScreen(BaseScreen):
    """What stands between an interview and its seal."""

    TITLE_WORDS = N_("Review and seal")
    PAGES: ClassVar[tuple[str, ...]] = review_pages.NAMES
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("Enter goes to the question. When nothing is left, F5 seals the interview to the keys of the office."),
        N_(
            "A name that stands in the account can give people away to those who may read the account alone. F6 writes "
            "P1, W1 or V1 in its place, F7 does so everywhere; in the identity section the name stays."
        ),
        N_(
            "An interview that had to be broken off can be sealed with a reason. Nothing that was said is lost by "
            "it; what was not asked is marked so."
        ),
        N_("After sealing, this computer cannot open the interview any more. Only the office can."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "jump", N_("Go to the question"), priority=True),
        Binding("left,shift+tab", "page(-1)", N_("Page before"), show=False, priority=True),
        Binding("right,tab", "page(1)", N_("Pages"), priority=True),
        Binding("ctrl+o", "read_back", N_("Read back"), priority=True),
        Binding("f5", "seal", N_("Seal")),
        Binding("f6", "placeholder", N_("Placeholder")),
        Binding("f7", "placeholders", N_("All placeholders")),
        Binding("f8", "incomplete", N_("Seal as broken off")),
        Binding("f9", "erase", N_("Erase")),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, interview_screen: InterviewScreen) -> None:
        super().__init__()
        self.under = interview_screen
        self.code = interview_screen.interview.code
        self.review: Review = interview_screen.interview.review()
        self.lines: list[Issue | OpenGate | Mention | Mark] = []
        self.page = 0
        self._reason = ""

    def title_note(self) -> str:
        """The record code."""
        return code_text(self.code)

    def body(self) -> ComposeResult:
        yield Static(id="review-pages", markup=False)
        yield Static(id="summary")
        yield OptionList(id="issues")
        yield Static("", id="empty")
        with VerticalScroll(id="review-page"):
            yield Static(id="page-words", markup=False)

    def on_mount(self) -> None:
        """Draw."""
        self.restored()

    def restored(self) -> None:
        """Draw the counts and the issues."""
        review, counts = self.review, self.review.counts
        parts = [
            (counts["answered"], ngettext("{count} answered", "{count} answered", counts["answered"])),
            (counts["reserved"], ngettext("{count} reserved answer", "{count} reserved answers", counts["reserved"])),
            (counts["open"], ngettext("{count} left open", "{count} left open", counts["open"])),
            (counts["attachments"], ngettext("{count} attachment", "{count} attachments", counts["attachments"])),
        ]
        told = Content("  ·  ").join(Content(text) for count, text in parts if count)
        self.query_one("#summary", Static).update(told)
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.clear_options()
        self.lines = []
        self._list_gates(options)
        self._list_marks(options)
        for name, sign, style, words in GROUPS:
            found: tuple[Issue, ...] = getattr(review, name)
            if not found:
                continue
            options.add_option(Option(Content.assemble((_(words), "$muted")), disabled=True))
            for issue in found:
                label = self._label(issue.path) or str(issue.path[-1])
                reason = f"  {_(issue.message)}" if issue.code != "required" else ""
                self._add(options, issue, Content.assemble((f" {sign} ", style), label, (reason, "$muted")))
        options.display = bool(self.lines)
        empty = self.query_one("#empty", Static)
        empty.display = self.review.ready or bool(self.review.ending)
        empty.update(self._ready_words() if self.review.ready else self._ending_words())
        if self.lines:
            options.focus()
            options.highlighted = min(at, options.option_count - 1)
            if options.highlighted_option is None or options.highlighted_option.id is None:
                options.action_first()
        self._show_page()

    # pages

    def action_page(self, by: int) -> None:
        """The next page, or the one before."""
        self.page = (self.page + by) % len(self.PAGES)
        self.restored()

    def on_screen_resume(self) -> None:
        """Something may have been answered on the screen above."""
        if self.is_mounted and self.shell.opened is not None and not self.under.interview.closed:
            self.review = self.under.interview.review()
            self.restored()

    def _show_page(self) -> None:
        """The list is the first page; the others are text to scroll."""
        scroll = self.query_one("#review-page", VerticalScroll)
        self.query_one("#review-pages", Static).update(review_pages.page_names(self.PAGES, self.page))
        scroll.display = self.page > 0
        if self.page:
            for name in ("#summary", "#issues", "#empty"):
                self.query_one(name).display = False
            self.query_one("#page-words", Static).update(self._page_words())
            scroll.scroll_home(animate=False)
            scroll.focus()
        else:
            self.query_one("#summary").display = True
        self.refresh_bindings()

    def _page_words(self) -> Content:
        interview = self.under.interview
        if self.page == 1:
            return review_pages.consent_page(interview)
        pack, read = self.shell.field.pack(), readback.events(interview)
        org = "" if pack is None else pack.body.org
        found = contents.parts(self.shell.field, interview)
        return review_pages.contents_page(found, org, [(what, at) for _path, what, at in read])

    def action_read_back(self) -> None:
        """Read the account back to the person."""
        from tui.screens.readback import open_readback

        open_readback(self.under)

    def _add(self, options: OptionList, what: Issue | OpenGate | Mention | Mark, line: Content) -> None:
        options.add_option(Option(line, id=f"i{len(self.lines)}"))
        self.lines.append(what)

    def _list_gates(self, options: OptionList) -> None:
        """What the answers ask to heed, in the language of the interview, before what is still to be answered."""
        language = self.under.interview.session.language
        for gate in self.review.gates:
            sign = ("!", "$warning") if gate.effect in ENDING else ("•", "$accent")
            self._add(options, gate, Content.assemble((f" {sign[0]} ", sign[1]), gate.text(language)))
        for each in placeholders.found(self.under.interview):
            self._add(options, each, self._mention_line(each))

    def _list_marks(self, options: OptionList) -> None:
        """What was to be asked later; it may stay unasked."""
        if self.review.marks:
            options.add_option(Option(Content.assemble((_("You wanted to ask later"), "$muted")), disabled=True))
        for mark in self.review.marks:
            self._add(options, mark, Content(" ") + mark_line(self.under.view, mark))

    def _label(self, path: Path) -> str:
        """The question, with the entry in which it is asked; empty when the form has it no more."""
        node, around = self.under.view.nodes.get(path), self.under.view.entry_around(path)
        if node is None:
            return ""
        return node.label if around is None else f"{entry_name(self.under.view.nodes[around])} · {node.label}"

    def _mention_line(self, each: Mention) -> Content:
        """A name with a few words around it, and what would stand in its place."""
        text = str(self.under.interview.session.value(each.path))
        before, after = text[max(0, each.start - AROUND) : each.start], text[each.end : each.end + AROUND]
        label = self._label(each.path)
        return Content.assemble(
            ("   " + each.placeholder, "bold"), ("  ← ", "$accent"), (f"…{_BLANKS.sub(' ', before)}", "$muted"),
            (each.text, "bold"), (f"{_BLANKS.sub(' ', after)}…", "$muted"), (f"  · {label}" if label else "", "$muted"),
        )  # fmt: skip

    def _ending_words(self) -> str:
        if self.review.wiping:
            return _("Nothing of this interview may be kept. F9 erases it.")
        return _("It cannot be sealed while an answer says that the interview stops or waits.")

    def _ready_words(self) -> str:
        words = _("Nothing is missing. F5 seals the interview.")
        hidden = len(self.review.hidden_files)
        if hidden:
            words += "\n" + ngettext(
                "{count} file belongs to a question that does not apply any more; it is erased at sealing.",
                "{count} files belong to questions that do not apply any more; they are erased at sealing.",
                hidden,
            )
        return words

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Sealing whole or broken off, whichever is possible."""
        if action == "seal":
            return self.review.ready
        if action == "incomplete":
            return not self.review.ready and not self.review.ending
        if action == "erase":
            return bool(self.review.wiping)
        if action == "placeholder":
            return not self.page and isinstance(self.chosen, Mention)
        if action == "placeholders":
            return not self.page and any(isinstance(each, Mention) for each in self.lines)
        if action == "jump":
            return bool(self.lines) and not self.page
        return True

    @property
    def chosen(self) -> Issue | OpenGate | Mention | Mark | None:
        """What stands under the cursor."""
        option = self.query_one(OptionList).highlighted_option if self.is_mounted else None
        return self.lines[int(option.id[1:])] if option is not None and option.id is not None else None

    def on_option_list_option_highlighted(self) -> None:
        """Other keys may be offered now."""
        self.refresh_bindings()

    def action_leave(self) -> None:
        """Back to the interview."""
        self.leave()

    def action_jump(self) -> None:
        """Go to the question under the cursor; a gate says first what it asks for."""
        chosen = self.chosen
        if chosen is None or self.shell.screen is not self:
            return
        self.leave()
        if isinstance(chosen, OpenGate):
            self.under.speak_up([chosen])
        elif isinstance(chosen, Mark):
            self.under.go_to_mark(chosen)
        else:
            self.under.go(chosen.path)

    def action_placeholder(self) -> None:
        """A placeholder in place of the name under the cursor."""
        if isinstance(self.chosen, Mention):
            self._replace([self.chosen])

    def action_placeholders(self) -> None:
        """Placeholders in place of all names."""
        self._replace(None)

    def _replace(self, mentions: list[Mention] | None) -> None:
        self.under.write_placeholders(mentions)
        self.review = self.under.interview.review()
        self.restored()

    def action_erase(self) -> None:
        """Nothing may be kept: ask, then erase."""
        wiping = self.review.wiping
        self.leave()
        self.under.speak_up(wiping, leaving=True)

    def on_option_list_option_selected(self) -> None:
        """Enter or a click goes there."""
        self.action_jump()

    def action_seal(self) -> None:
        """Ask, then seal."""
        self._ask(None)

    def action_incomplete(self) -> None:
        """Ask for the reason, then seal what there is."""
        from tui.screens.dialogs import AskLine

        self.app.push_screen(
            AskLine(
                _("Why was the interview broken off?"),
                _("The office sees this reason. Please write no names."),
                self._likely_reason(),
            ),
            lambda reason: self._ask(reason) if reason else None,
        )

    def _likely_reason(self) -> str:
        """What was typed before "Not yet"; a correction rarely asks everything again."""
        if self._reason:
            return self._reason
        link = correction.link_of(self.under.interview)
        return "" if link is None else _("Correction: only what is to be corrected was asked.")

    def _ask(self, incomplete: str | None) -> None:
        from tui.screens.dialogs import Confirm

        self._reason = incomplete or ""
        self.app.push_screen(
            Confirm(
                _("Seal the interview {code}?", code=code_text(self.code)),
                _("It is encrypted to the office and signed. This computer cannot open or change it after that."),
                _("Seal it"),
                _("Not yet"),
            ),
            lambda yes: self._seal(incomplete) if yes else None,
        )

    def _seal(self, incomplete: str | None) -> None:
        from tui.screens.dialogs import Busy
        from tui.screens.interviews import InterviewsScreen
        from tui.screens.problem import show_problem
        from tui.screens.seal_card import SealCard

        field = self.shell.field
        self.under.interview.close()
        busy = Busy(_("Sealing the interview"))
        self.app.push_screen(busy)

        def sealed() -> None:
            self.shell.network.soon()
            busy.dismiss(None)
            self.shell.show_first()
            self.app.push_screen(SealCard(self.code))

        def failed(problem: Problem) -> None:
            busy.dismiss(None)
            self.shell.show_first()
            first = self.shell.screen
            if isinstance(first, InterviewsScreen):
                first.open_code(self.code)
            show_problem(self.app, problem)

        self.work(lambda: field.seal(self.code, incomplete), lambda _entry: sealed(), failed=failed)
