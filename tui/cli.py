"""The command `svidok`: its tree, its exit codes, and the one seam where a problem becomes words.

Help and completion load nothing but this module: each command's code is imported when it is called, so that `svidok
--help` stays quick. Exit codes: 0 done, 1 a problem with its code, 2 wrong usage.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click

_OF_THE_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What writing to standard output can meet that is no mistake of the program."""
_HELP = ["-h", "--help"]
_CONTEXT = {"help_option_names": _HELP, "max_content_width": 100}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; their short help stands here."""

    def __init__(self, name: str, commands: dict[str, tuple[str, str]], help: str, default: str | None = None) -> None:
        super().__init__(name, help=help, context_settings=_CONTEXT)
        self._places = commands
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without the name of a command, the one that the group stands for."""
        named = bool(args) and (not args[0].startswith("-") or args[0] in _HELP)
        return super().parse_args(ctx, args if named or self._default is None else [self._default, *args])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, attribute = place[0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place[1]) for name, place in self._places.items()])


mission = LazyGroup(
    "mission",
    {
        "new": ("tui.commands.desk:mission_new", "Found a mission with its forms and its own keys."),
        "list": ("tui.commands.desk:mission_list", "Name the missions of this desk."),
        "change": ("tui.commands.desk_missions:change", "Change how many tokens the packs of a mission bring."),
        "form": ("tui.cli:mission_form", "Forms that the packs of a mission name."),
        "receiver": ("tui.cli:mission_receiver", "Receivers that the packs of a mission name."),
        "tokens": ("tui.commands.desk_network:tokens", "Write the list of tokens for receivers."),
    },
    "Missions of the desk.",
)

mission_form = LazyGroup(
    "form",
    {
        "add": (
            "tui.commands.desk_missions:form_add",
            "Let the packs of a mission name a form, or a new version of it.",
        ),
        "list": ("tui.commands.desk_missions:form_list", "Name the forms of a mission."),
        "remove": ("tui.commands.desk_missions:form_remove", "Take a form out of a mission's packs."),
    },
    "Forms that the packs of a mission name.",
)

mission_receiver = LazyGroup(
    "receiver",
    {
        "add": ("tui.commands.desk_network:receiver_add", "Let the packs of a mission name a receiver."),
        "list": ("tui.commands.desk_network:receiver_list", "Name the receivers of the missions."),
        "remove": ("tui.commands.desk_network:receiver_remove", "Take a receiver out of a mission's packs."),
        "forget": ("tui.commands.desk_network:receiver_forget", "Ask a receiver that was taken out no more."),
    },
    "Receivers that the packs of a mission name.",
)

quarantine = LazyGroup(
    "quarantine",
    {
        "list": ("tui.commands.desk_quarantine:list_", "Show what was not imported, why, and what can be done."),
        "show": ("tui.commands.desk_quarantine:show", "Show one item with its custody."),
        "retry": ("tui.commands.desk_quarantine:retry", "Import an item once more."),
        "release": ("tui.commands.desk_quarantine:release", "Accept an item where the rules leave it to a person."),
        "reject": ("tui.commands.desk_quarantine:reject", "Put an item aside; it stays sealed."),
        "export": ("tui.commands.desk_quarantine:export", "Write an item, sealed, for an expert."),
    },
    "What was not imported, and what a person decides about it.",
    default="list",
)

desk = LazyGroup(
    "desk",
    {
        "init": ("tui.commands.desk:init", "Found a desk: keys, root document, empty archives."),
        "mission": ("tui.cli:mission", "Found and name missions."),
        "enrol": ("tui.commands.desk:enrol", "Certify a device and make its mission pack."),
        "fetch": ("tui.commands.desk_network:fetch", "Fetch new volumes from receivers."),
        "import": ("tui.commands.desk:import_", "Import what was fetched, and the volumes of some folders."),
        "quarantine": ("tui.cli:quarantine", "Show what was not imported, and decide about it."),
        "search": ("tui.commands.reading:search", "Find records by their words."),
        "show": ("tui.commands.reading:show", "Read one record."),
        "attachment": ("tui.commands.reading:attachment", "Write one attachment to a file."),
        "export": ("tui.commands.reading:export", "Write all records as CSV tables."),
        "receipts": ("tui.commands.desk_network:receipts", "Write or send receipts for the field machines."),
        "status": ("tui.commands.desk:status", "Count records, quarantine, missions."),
    },
    "The central office: open, verify, import, search, hand over.",
)

field = LazyGroup(
    "field",
    {
        "init": ("tui.commands.field:init", "Make the vault of a field machine."),
        "request": ("tui.commands.field:request", "Write the enrolment request for the office."),
        "enrol": ("tui.commands.field:enrol", "Accept the mission pack from the office."),
        "practice": (
            "tui.commands.practice:practice",
            "Learn the keys with an invented witness; nothing of it is kept.",
        ),
        "list": ("tui.commands.interviews:list_", "List the interviews with their state."),
        "new": ("tui.commands.field:new", "Begin an interview from a file of answers."),
        "interview": ("tui.commands.field:interview", "Take an interview on the screen."),
        "correct": ("tui.commands.correction:correct", "Begin the correction of a sealed interview."),
        "attach": ("tui.commands.field:attach", "Add files to an interview."),
        "detach": ("tui.commands.field:detach", "Take a file out of an interview again."),
        "review": ("tui.commands.gates:review", "Show what stands between an interview and its seal."),
        "placeholders": ("tui.commands.gates:replace", "Write placeholders for names in an account."),
        "withdraw": ("tui.commands.gates:withdraw", "Erase a draft for good."),
        "seal": ("tui.commands.field:seal", "Seal interviews to the office."),
        "panic": ("tui.commands.panic:panic", "Seal every draft as it is, without a question, and lock."),
        "status": ("tui.commands.field:status", "Show what is here and what still has to leave."),
        "export": ("tui.commands.field:export", "Write sealed interviews to sticks (folders)."),
        "send": ("tui.commands.sending:send", "Send sealed interviews to the receiver."),
        "sending": ("tui.commands.sending:sending", "Show or change when and how this machine sends."),
        "receipts": ("tui.commands.sending:receipts", "Take the office's receipts from a folder or the receiver."),
        "purge": ("tui.commands.field:purge", "Remove sealed interviews that the office has."),
    },
    "The documenter's machine: interview, seal, carry.",
)

courier = LazyGroup(
    "courier",
    {
        "take": ("tui.commands.courier:take", "Copy volumes to a stick and prove the copy."),
        "check": ("tui.commands.courier:check", "Check volumes without any secret."),
        "deliver": ("tui.commands.courier:deliver", "Copy volumes from a stick and prove the copy."),
    },
    "Carry sealed bundles; needs no passphrase.",
)


receiver = LazyGroup(
    "receiver",
    {
        "init": ("tui.commands.receiver:init", "Make a receiver: certificates, receipt key, card."),
        "accept": ("tui.commands.receiver:accept", "Accept an office's list of tokens."),
        "serve": ("tui.commands.receiver_serve:serve", "Take in volumes until it is stopped."),
        "status": ("tui.commands.receiver:status", "Show what is stored, what waits, and how it fares."),
        "fsck": ("tui.commands.receiver:fsck", "Compare index and store, and mend."),
        "copy": ("tui.commands.receiver_copy:copy", "Move everything to an object store and PostgreSQL."),
        "rotate": ("tui.commands.receiver:rotate", "Take the next certificate into use."),
        "card": ("tui.commands.receiver:card", "Write the card for the office once more."),
    },
    "A server that stores sealed volumes for an office; needs no passphrase.",
)

form = LazyGroup(
    "form",
    {
        "check": ("tui.commands.form:check", "Name mistakes and warnings with sheet and row."),
        "run": ("tui.commands.form:run", "Fill a form in, or do the steps of a script."),
        "eval": ("tui.commands.form:evaluate", "Say what expressions give over an instance."),
        "preview": ("tui.commands.form:preview", "Look at a form on the interview screen."),
        "export": ("tui.commands.form:export", "Write a submission as ODK's XML."),
    },
    "For people who make forms; needs no home and no passphrase.",
)


class _Main(LazyGroup):
    """Without a command: the screens of this home's profile."""

    def __init__(self) -> None:
        super().__init__(
            "svidok",
            {
                "demo": ("tui.commands.demo:demo", "The whole way on this machine with invented testimony."),
                "field": ("tui.cli:field", "The documenter's machine."),
                "courier": ("tui.cli:courier", "Carry sealed bundles."),
                "desk": ("tui.cli:desk", "The central office."),
                "receiver": ("tui.cli:receiver", "A server that stores sealed volumes."),
                "form": ("tui.cli:form", "Check, try and test forms."),
                "passphrase": ("tui.commands.passphrase:passphrase", "Change the passphrase of a home."),
            },
            "Takes testimony in the field, seals it, carries it, and keeps it provable."
            " Without a command it opens the screens of the home folder.",
        )
        self.invoke_without_command = True
        self.no_args_is_help = False
        self.params = [
            click.Option(["--home"], type=click.Path(path_type=Path), help="The home folder (or SVIDOK_HOME)."),
            click.Option(["--version"], is_flag=True, help="Show the version."),
        ]
        self.callback = _open_screens


def _open_screens(home: Path | None, version: bool) -> None:
    context = click.get_current_context()
    if version:
        from collector import about

        click.echo(f"svidok {about.version()}")
        context.exit(0)
    if context.invoked_subcommand is not None:
        context.obj = home
        return
    from tui.commands.common import default_home
    from tui.commands.screens import open_screens

    open_screens(home or default_home())


main_group = _Main()


def main() -> NoReturn:
    """The entry point: runs a command; every problem ends here in words, never in a traceback."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    code = _run()
    if "obstore" in sys.modules:
        from sync.receiver.leaving import leave

        leave(code)
    sys.exit(code)


def _open_what_is_closed() -> None:
    """A stream that was closed before the start is there and empty: no file opened later takes its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            stream = os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8")
            setattr(sys, name, stream)


def _let_go_of_output() -> None:
    """What found no room would be written once more when Python ends, and change the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _run() -> int:
    try:
        result = main_group.main(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        click.echo("", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:  # the last seam: whatever it is, a person gets a coded problem
        from schemas.problems import Problem
        from tui.commands.common import show_problem

        if isinstance(error, OSError) and error.errno in _OF_THE_OUTPUT:
            from collector.files import problem_of

            problem = problem_of(error)
            _let_go_of_output()
        else:
            problem = error if isinstance(error, Problem) else Problem("E_INTERNAL", **_place(error))
        show_problem(problem, as_json="--json" in sys.argv)
        return 1


def _place(error: Exception) -> dict[str, str]:
    """Kind and place of a mistake of the program, without any of its data."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno}" if last else "?"
    return {"kind": type(error).__name__, "where": where}
