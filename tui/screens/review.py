"""Before the seal: what blocks, what is missing, what is wrong, each with a way to its question; then the seal.

The rule: sealing asks first and says that it cannot be undone. What stops an interview can only be sealed as
interrupted, with a reason that a person gives; the program never guesses one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from schemas.gates import ENDING
from schemas.problems import Problem
from schemas.session_types import Issue
from tui.locale import N_, _, ngettext
from tui.screens.base import BaseScreen
from tui.screens.texts import code_text

if TYPE_CHECKING:
    from collector.review import Review
    from tui.screens.interview.screen import InterviewScreen

GROUPS = (
    ("blocking", "!", "$warning", N_("Must be answered before it can be sealed")),
    ("missing", "•", "$accent", N_("Not answered yet (a reserved answer is enough)")),
    ("invalid", "!", "$warning", N_("Needs a look")),
)


class ReviewScreen(BaseScreen):
    """What stands between an interview and its seal."""

    TITLE_WORDS = N_("Review and seal")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_("Enter goes to the question. When nothing is left, F5 seals the interview to the keys of the office."),
        N_(
            "An interview that had to be broken off can be sealed with a reason. Nothing that was said is lost by "
            "it; what was not asked is marked so."
        ),
        N_("After sealing, this computer cannot open the interview any more. Only the office can."),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "jump", N_("Go to the question")),
        Binding("f5", "seal", N_("Seal")),
        Binding("f8", "incomplete", N_("Seal as broken off")),
        Binding("escape", "leave", N_("Back")),
    ]

    def __init__(self, interview_screen: InterviewScreen) -> None:
        super().__init__()
        self.under = interview_screen
        self.code = interview_screen.interview.code
        self.review: Review = interview_screen.interview.review()
        self.issues: list[Issue] = []

    def title_note(self) -> str:
        """The record code."""
        return code_text(self.code)

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        yield OptionList(id="issues")
        yield Static("", id="empty")

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
        options.clear_options()
        self.issues = []
        self._list_gates(options)
        for name, sign, style, words in GROUPS:
            found: tuple[Issue, ...] = getattr(review, name)
            if not found:
                continue
            options.add_option(Option(Content.assemble((_(words), "$muted")), disabled=True))
            for issue in found:
                node = self.under.view.nodes.get(issue.path)
                label = node.label if node is not None else str(issue.path[-1])
                reason = f"  {issue.message}" if issue.code != "required" else ""
                options.add_option(
                    Option(Content.assemble((f" {sign} ", style), label, (reason, "$muted")), id=f"i{len(self.issues)}")
                )
                self.issues.append(issue)
        options.display = bool(self.issues)
        empty = self.query_one("#empty", Static)
        empty.display = self.review.ready
        empty.update(self._ready_words())
        if self.issues:
            options.focus()
            options.action_first()
        self.refresh_bindings()

    def _list_gates(self, options: OptionList) -> None:
        """What the answers ask to heed, in the language of the interview, before what is still to be answered."""
        language = self.under.interview.session.language
        for gate in self.review.gates:
            if gate.paths:
                text = gate.text(language)
                sign = ("!", "$warning") if gate.effect in ENDING else ("•", "$accent")
                line = Content.assemble((f" {sign[0]} ", sign[1]), text)
                options.add_option(Option(line, id=f"i{len(self.issues)}"))
                self.issues.append(Issue(gate.paths[0], "constraint", text, "constraint"))

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
            return not self.review.ready
        if action == "jump":
            return bool(self.issues)
        return True

    def action_leave(self) -> None:
        """Back to the interview."""
        self.app.pop_screen()

    def action_jump(self) -> None:
        """Go to the question under the cursor."""
        option = self.query_one(OptionList).highlighted_option
        if option is not None and option.id is not None:
            path = self.issues[int(option.id[1:])].path
            self.app.pop_screen()
            self.under.go(path)

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
            ),
            lambda reason: self._ask(reason) if reason else None,
        )

    def _ask(self, incomplete: str | None) -> None:
        from tui.screens.dialogs import Confirm

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

        field = self.shell.field
        self.under.interview.close()
        busy = Busy(_("Sealing the interview"))
        self.app.push_screen(busy)

        def sealed() -> None:
            self.shell.network.soon()
            busy.dismiss(None)
            self.shell.show_first()

        def failed(problem: Problem) -> None:
            busy.dismiss(None)
            self.shell.show_first()
            first = self.shell.screen
            if isinstance(first, InterviewsScreen):
                first.open_code(self.code)
            show_problem(self.app, problem)

        self.work(lambda: field.seal(self.code, incomplete), lambda _entry: sealed(), failed=failed)
