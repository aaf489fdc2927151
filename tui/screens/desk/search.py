"""Search: records in which every word occurs, newest first, while one types.

The rule: what is asked and what is found lives in this screen only and goes with it; nothing waits for a search, and
an answer to a question that has changed meanwhile is not shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from sync.desk.facet_words import Words
from sync.desk.facets import Counted, Wanted
from tui.locale import N_, _, current_language, ngettext
from tui.screens.desk.common import InnerScreen, Openable
from tui.screens.desk.facet_list import FacetList, value_words
from tui.screens.desk.office import OpenDesk
from tui.screens.desk.pages import harmless
from tui.screens.desk.reading import NAMES
from tui.screens.texts import time_text
from tui.state_words import code_text

if TYPE_CHECKING:
    from sync.desk.desk import Desk
    from sync.desk.search import Hit

PAGE = 50
WAIT = 0.15
LONGEST = 200
_MOVES = {"up": "cursor_up", "down": "cursor_down", "pageup": "page_up", "pagedown": "page_down"}


class Asking(Input):
    """The line to type in; Enter opens what the list below stands on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", N_("Open"))]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing was found, nothing can be opened."""
        return action != "submit" or bool(cast("SearchScreen", self.screen).hits)


class SearchScreen(InnerScreen):
    """One line to type in, and what was found."""

    TITLE_WORDS = N_("Search")
    HELP_WORDS: ClassVar[tuple[str, ...]] = (
        N_(
            "A record is found when every word occurs in it; the beginning of a word is enough. Words in double "
            "quotes must stand together. A record code finds its record. Without words the newest records are shown."
        ),
        N_("F5 puts the best matches first, instead of the newest. Opening a record is noted in its custody log."),
        N_(
            "Beside the results stands how many of them each mission, form, month, region and use has. Tab goes there; "
            "Enter narrows the search to a value and takes it back, F8 takes all back. Values of one kind stand "
            "beside each other, kinds together. Counts of very common words are estimates, and say so."
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "best", N_("Best first")),
        Binding("f6", "newest", N_("Newest first")),
        Binding("tab", "facets", N_("Narrow"), priority=True),
        Binding("tab", "back", N_("To the words"), priority=True),
        Binding("f8", "all", N_("Not narrowed")),
    ]

    def __init__(self, office: OpenDesk) -> None:
        super().__init__(office)
        self.words = ""
        self.ranked = False
        self.wanted = Wanted()
        self.counted: Counted | None = None
        self.forms: Words = {}
        self.hits: list[Hit] = []
        self.whole = True
        self.asked = 0
        self._answered = False
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        yield Asking(id="words", max_length=LONGEST, select_on_focus=False)
        yield Static(id="found")
        with Horizontal(id="results"):
            yield Openable(id="hits")
            yield FacetList(id="facets")

    def on_mount(self) -> None:
        """Show the newest records."""
        self.restored()
        self._ask()

    def hold(self) -> None:
        """Remember what was typed."""
        self.words = self.query_one("#words", Input).value

    def restored(self) -> None:
        """Draw what was found."""
        words = self.query_one("#words", Input)
        words.placeholder = _('Words, "words together", or a record code')
        with words.prevent(Input.Changed):
            words.value = self.words
        words.focus()
        self._show(self.hits)
        self._show_facets()
        language = current_language()
        self.ask_desk(lambda desk: desk.facet_words(language), self._speak)

    def _speak(self, forms: Words) -> None:
        """The forms' words for facets are there."""
        self.forms = forms
        self._show_facets()
        self._say()

    def _show_facets(self) -> None:
        self.query_one(FacetList).show(self.counted, self.wanted, self.forms)

    # asking

    def on_input_changed(self, event: Input.Changed) -> None:
        """Ask when the typing rests."""
        self.words = event.value
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(WAIT, self._ask)

    def _ask(self, before: int | None = None) -> None:
        self.asked += 1
        asked, words, ranked, wanted = self.asked, self.words.strip(), self.ranked, self.wanted

        def there(desk: Desk) -> list[Hit]:
            if wanted.values:
                return desk.finder.search(words, wanted, limit=PAGE, before=before, ranked=ranked)
            if words:
                return desk.search(words, limit=PAGE, before=before, ranked=ranked)
            return desk.recent(PAGE, before)

        def found(hits: list[Hit]) -> None:
            if asked == self.asked:
                self._found(hits, more=before is not None)
                if before is None:
                    # The counts come after what was found: nobody waits for them.
                    self.ask_desk(lambda desk: desk.finder.counted(words, wanted), counted)

        def counted(told: Counted) -> None:
            if asked == self.asked:
                self.counted = told
                self._show_facets()
                self._say()

        self.ask_desk(there, found)

    def _found(self, hits: list[Hit], *, more: bool) -> None:
        self._answered = True
        self.whole = len(hits) < PAGE or (self.ranked and bool(self.words.strip()))
        if more:
            self.hits += hits
            self.query_one("#hits", OptionList).add_options([self._option(hit) for hit in hits])
            self._say()
        else:
            self.hits = hits
            self._show(hits)

    def _show(self, hits: list[Hit]) -> None:
        options = self.query_one("#hits", OptionList)
        options.clear_options()
        options.add_options([self._option(hit) for hit in hits])
        options.highlighted = 0 if hits else None
        options.scroll_home(animate=False)
        self._say()

    def _say(self) -> None:
        count = len(self.hits)
        if not self._answered:
            words = ""
        elif not self.hits:
            sought = bool(self.words.strip() or self.wanted.values)
            none = _("There are no records yet. They come by the inbox: Esc.")
            words = _("Nothing was found. The beginning of a word is enough.") if sought else none
        elif self.whole:
            words = ngettext("{count} record", "{count} records", count)
        else:
            words = ngettext("{count} record, more below", "{count} records, more below", count)
        if self.counted is not None and not self.whole:
            words += ", " + _("{count} in all", count=f"{'~' if self.counted.estimated else ''}{self.counted.records}")
        order = _("best first") if self.ranked and self.words.strip() else _("newest first")
        narrowed = ", ".join(value_words(*pair, self.forms) for pair in self.wanted.values)
        self.query_one("#found", Static).update(
            Content.assemble(
                words,
                (f"  ·  {order}" if self.hits else "", "$muted"),
                (f"  ·  {narrowed}" if narrowed else "", "$accent"),
            )
        )
        self.refresh_bindings()

    def _option(self, hit: Hit) -> Option:
        parts: list[Content | tuple[str, str] | str] = [
            (code_text(hit.record), "bold"),
            "  ",
            (time_text(hit.at), "$muted"),
        ]
        if hit.compartment:
            parts += ["  ", (_(NAMES[hit.compartment]), "$primary")]
        if hit.corrected:
            parts += ["  ", (_("corrected later"), "$warning")]
        if hit.excerpt:
            parts += ["\n  ", self._marked(harmless(hit.excerpt))]
        return Option(Content.assemble(*parts))

    def _marked(self, excerpt: str) -> Content:
        """The excerpt with the words that were asked for standing out."""
        wanted = re.findall(r"[^\W_]+", self.words)
        if not wanted:
            return Content(excerpt)
        pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, wanted)) + ")", re.IGNORECASE)
        first = pattern.search(excerpt)
        before = max(self.size.width // 4, 8)
        if first is not None and first.start() > before:
            excerpt = "…" + excerpt[first.start() - before :].lstrip()
        shown = Content(excerpt)
        for found in pattern.finditer(excerpt):
            shown = shown.stylize("$accent bold", found.start(), found.end())
        return shown

    # moving and opening

    def on_key(self, event: events.Key) -> None:
        """Arrows and pages move in the list while the words are typed."""
        if event.key in _MOVES and not self.query_one(FacetList).has_focus:
            event.stop()
            getattr(self.query_one("#hits", OptionList), f"action_{_MOVES[event.key]}")()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Fetch more when the last one is reached."""
        if event.option_list.id == "hits" and not self.whole and self.hits and event.option_index == len(self.hits) - 1:
            self.whole = True
            self._ask(before=self.hits[-1].number)

    def on_input_submitted(self) -> None:
        """Enter opens the highlighted one."""
        self.action_open()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """So does a click. In the facets a value is wanted, or not any more."""
        if event.option_list.id == "hits":
            self.action_open()
            return
        pair = self.query_one(FacetList).pair(event.option_index)
        if pair is not None:
            self.wanted = self.wanted.toggled(*pair)
            self._ask()

    def action_facets(self) -> None:
        """To the facets."""
        self.add_class("-facets")
        self.query_one(FacetList).focus()

    def action_back(self) -> None:
        """Back to the words."""
        self.remove_class("-facets")
        self.query_one("#words").focus()

    def action_all(self) -> None:
        """Narrowed by nothing."""
        self.wanted = Wanted()
        self._ask()

    def action_open(self) -> None:
        """Open the record under the cursor."""
        from tui.screens.desk.record import RecordScreen

        place = self.query_one("#hits", OptionList).highlighted
        if place is not None and place < len(self.hits):
            self.app.push_screen(RecordScreen(self.office, self.hits[place].record))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The other order, when there are words."""
        if action in ("best", "newest"):
            return bool(self.words.strip()) and self.ranked == (action == "newest")
        if action == "all":
            return bool(self.wanted.values)
        if action in ("facets", "back"):
            if not self.is_mounted:
                return False
            facets = self.query_one(FacetList)
            return facets.has_focus if action == "back" else facets.offers and not facets.has_focus
        return True

    def action_best(self) -> None:
        """The best of the newest thousand first."""
        self.ranked = True
        self._ask()

    def action_newest(self) -> None:
        """The newest first."""
        self.ranked = False
        self._ask()
