"""Commands for people who make forms: check, try, test, look at, hand over. They need no home and no passphrase.

The rule: nothing is kept. Sessions live in memory as long as the command runs; only `form export` writes, and that is
the one file that it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands import common

if TYPE_CHECKING:
    from schemas.problems import Problem
    from schemas.session import Session

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_PATH)
@common.json_option
def check(file: Path, as_json: bool) -> None:
    """Name every mistake and warning of the form FILE (.xlsx, .xls, .md, .csv, or an XForm .xml).

    Also counts what is in it, and lists what each compartment receives. Exit code 1 when there is a mistake.
    """
    from collector.beside import Beside
    from schemas.form_check import check_form
    from tui.commands import form_files, form_words

    report = check_form(form_files.read_form_file(file), file.suffix, Beside(file))
    common.emit(report.as_dict(), form_words.check_lines(report), as_json=as_json)
    if report.problems:
        click.get_current_context().exit(1)


@click.command()
@click.argument("file", type=_PATH)
@click.option("--answers", type=_PATH, help="A JSON file with answers to fill in.")
@click.option("--script", type=_PATH, help="A JSON file with steps that answer and expect.")
@common.json_option
def run(file: Path, answers: Path | None, script: Path | None, as_json: bool) -> None:
    """Fill in the form FILE and show what it makes of it, or do the steps of a script.

    Exit code 1 when an answer was refused or an expectation failed; each is named.
    """
    from schemas.scripting import ScriptClock, report, run_script
    from tui.commands import form_files, form_words

    if answers is None and script is None:
        raise click.UsageError("Give --answers or --script.")
    data = common.read_json_object(answers) if answers is not None else {}
    steps = form_files.read_script(script) if script is not None else []
    clock = ScriptClock(form_files.now, steps)
    session = form_files.new_session(file, clock)
    taken = form_files.Taken((answers or script or file).absolute().parent)
    problems = _filled(session, data, taken)
    failures = run_script(session, steps, taken, clock)
    result: dict[str, Any] = {
        "ok": not problems and not failures,
        **report(session),
        "problems": [problem.as_dict() for problem in problems],
        "files": taken.ids(),
    }
    if script is not None:
        result |= {"steps": len(steps), "failures": [failure.as_dict() for failure in failures]}
    common.emit(result, form_words.run_lines(result), as_json=as_json)
    if not result["ok"]:
        click.get_current_context().exit(1)


def _filled(session: Session, data: dict[str, Any], attach: Callable[..., bytes]) -> list[Problem]:
    from schemas.answers import fill
    from tui.commands.form_files import fill_each

    return fill_each(lambda piece: fill(session, piece, attach), session.form.root, data)


class _Expressions(click.Command):
    """Takes arguments that begin with a minus as expressions: `-1 + 2` is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options first, expressions after a `--`."""
        taking = {
            name for each in self.params if isinstance(each, click.Option) and not each.is_flag for name in each.opts
        }
        options: list[str] = []
        expressions: list[str] = []
        rest = iter(args)
        for each in rest:
            name, equals, _ = each.partition("=")
            if each == "--":
                expressions.extend(rest)
            elif each == "-h" or (each.startswith("--") and name[2:3].isalpha()):
                options.append(each)
                options.extend(islice(rest, 1) if name in taking and not equals else ())
            else:
                expressions.append(each)
        return super().parse_args(ctx, [*options, "--", *expressions])


@click.command(cls=_Expressions)
@click.option("--instance", required=True, type=_PATH, help="The XML of a submission, or of an XForm with its tables.")
@click.argument("expressions", metavar="EXPR...", nargs=-1)
@click.option("--file", "listed", type=_PATH, help="More expressions, one on each line.")
@click.option("--context", metavar="PATH", help="Where relative paths start: an absolute path. [the outermost node]")
@click.option("--json", "as_json", is_flag=True, help="One JSON list on standard output.")
def evaluate(
    instance: Path, expressions: tuple[str, ...], listed: Path | None, context: str | None, as_json: bool
) -> None:
    """Say what XPath expressions give over an instance, one after the other.

    An expression that is wrong gives its problem, and the others go on.
    """
    from collector.beside import Beside
    from schemas.xpath.evaluate import evaluate as over
    from tui.commands import form_files, form_words

    wanted = [*expressions, *(form_files.read_expressions(listed) if listed is not None else ())]
    if not wanted:
        raise click.UsageError("Give an expression, or --file.")
    found = over(
        form_files.read_form_file(instance),
        wanted,
        clock=form_files.now,
        context=context,
        files=Beside(instance),
        verify=form_files.verified,
    )
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for line in form_words.value_lines(found):
            click.echo(line)


@click.command()
@click.argument("file", type=_PATH)
def preview(file: Path) -> None:
    """Take the form FILE on the interview screen. Nothing is written anywhere."""
    from tui.commands import form_files, screens

    session = form_files.new_session(file)
    screens.require_terminal()
    from collector import hygiene

    hygiene.harden()
    from tui.app import run_preview

    run_preview(session)


@click.command()
@click.argument("file", type=_PATH)
@click.option("--answers", required=True, type=_PATH, help="A JSON file with answers to fill in.")
@click.option("--odk", "out", required=True, type=_PATH, help="Where to write the submission as ODK's XML.")
@common.json_option
def export(file: Path, answers: Path, out: Path, as_json: bool) -> None:
    """Fill in the form FILE and write the submission that ODK Collect would send.

    An answer that is refused stops it, and nothing is written. Files that the answers name are listed, not copied.
    """
    from collector import files
    from schemas.answers import fill
    from schemas.instance import write_submission
    from tui.commands import form_files, form_words

    data = common.read_json_object(answers)
    session = form_files.new_session(common.existing(file))
    common.place_for(out)
    taken = form_files.Taken(answers.absolute().parent)
    fill(session, data, taken)
    session.finish()
    written = write_submission(session, taken.name)
    files.write_durably(out, written)
    result = {
        "odk": str(out),
        "bytes": len(written),
        "form": session.form.id,
        "version": session.form.version,
        "valid": not session.validity(),
        "files": {name: str(place) for name, place in taken.sources.items()},
    }
    common.emit(result, form_words.export_lines(result), as_json=as_json)
