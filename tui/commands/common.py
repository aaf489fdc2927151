"""What all commands share: homes, passphrases, output for people and for scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from schemas.problems import Problem

F = TypeVar("F", bound=Callable[..., Any])
_LIMIT = 4096

home_option = click.option("--home", type=click.Path(path_type=Path), help="The home folder (or SVIDOK_HOME).")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from this file (or /dev/fd/N)."
)


def options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several click options as one decorator, in this order."""

    def apply(function: F) -> F:
        for decorate in reversed(decorators):
            function = decorate(function)
        return function

    return apply


vault_options = options(home_option, passphrase_option, json_option)


def default_home() -> Path:
    """SVIDOK_HOME, or the folder that the system gives to programs of this user."""
    chosen = os.environ.get("SVIDOK_HOME")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("svidok", appauthor=False))


def home_of(home: Path | None) -> Path:
    """The home that this command works in: its own option, the one before the command, SVIDOK_HOME, or the default."""
    outer = click.get_current_context().find_root().obj
    return home or (outer if isinstance(outer, Path) else None) or default_home()


def read_passphrase(file: Path | None, words: str = "Passphrase") -> str:
    """The passphrase from a file, or asked for in these words. Raises E_PASSPHRASE_NONE, E_NO_ACCESS."""
    if file is not None:
        return _from_file(file)
    if not sys.stdin.isatty():
        raise Problem("E_PASSPHRASE_NONE")
    return str(click.prompt(words, hide_input=True, err=True))


def new_passphrase(file: Path | None, *, generate: bool = False) -> str:
    """A passphrase for a new vault: made by the program, from a file, or typed twice. Raises E_PASSPHRASE_*."""
    from collector import passphrase

    if generate:
        made = passphrase.generate()
        click.echo(f"Your passphrase (write it down now, it is shown once):\n\n    {made}\n", err=True)
        if file is not None:
            _write_new(file, made)
        return made
    if file is None and not sys.stdin.isatty():
        raise Problem("E_PASSPHRASE_NONE")
    chosen = _from_file(file) if file is not None else str(click.prompt("New passphrase", hide_input=True, err=True))
    passphrase.check(chosen)
    if file is None and click.prompt("The same once more", hide_input=True, err=True) != chosen:
        raise Problem("E_PASSPHRASE_TWICE")
    return chosen


def _from_file(file: Path) -> str:
    from collector import files

    with files.mapped_os_errors(), existing(file).open("rb") as source:
        data = source.read(_LIMIT)
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Problem("E_FORMAT", where="passphrase") from None
    if not text:
        raise Problem("E_PASSPHRASE_NONE")
    return text


def _write_new(file: Path, text: str) -> None:
    from collector import files

    if file.exists():
        raise Problem("E_ATTACHMENT_EXISTS", name=files.shown_name(file.name))
    files.write_durably(file, f"{text}\n".encode())


def existing(file: Path) -> Path:
    """The file that a person named. Raises E_FILE_MISSING."""
    from collector import files

    if not os.path.lexists(file):
        raise Problem("E_FILE_MISSING", name=files.shown_name(file.name))
    return file


def place_for(file: Path) -> Path:
    """A file that is to be written: its folder must be there. Raises E_FOLDER_MISSING."""
    from collector import files

    if not file.absolute().parent.is_dir():
        raise Problem("E_FOLDER_MISSING", name=files.shown_name(file.absolute().parent.name))
    return file


def read_json_object(file: Path) -> dict[str, Any]:
    """A JSON file with one object. Raises E_ANSWERS_FILE, E_NO_ACCESS."""
    from collector import files

    data = files.read_limited(existing(file), 64 << 20)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise Problem("E_ANSWERS_FILE", where=f"line {line}") from None
    if not isinstance(found, dict):
        raise Problem("E_ANSWERS_FILE", where="not an object")
    return found


def emit(result: Mapping[str, object], lines: Iterable[str], *, as_json: bool) -> None:
    """One JSON object for scripts, or lines for people."""
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2, default=str))
    else:
        for line in lines:
            click.echo(line)


def show_problem(problem: Problem, *, as_json: bool) -> None:
    """A problem in its three sentences: JSON on standard output for scripts, lines on standard error for people."""
    from tui.locale import problem_sentences

    use_language_of_system()
    if as_json:
        click.echo(json.dumps({"problem": problem.as_dict()}, ensure_ascii=False, indent=2))
    what, safe, remedy = problem_sentences(problem)
    click.echo(f"{what}\n{safe}\n{remedy}\n[{problem.code}]", err=True)


def use_language_of_system() -> None:
    """Speak the language of the system where the screens do, English elsewhere."""
    from tui import locale

    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    locale.set_language(wanted[:2].lower())


def warn(problems: Iterable[Problem]) -> None:
    """Problems that stop nothing, on standard error."""
    for problem in problems:
        click.echo(f"! {problem.what} {problem.remedy} [{problem.code}]", err=True)


@contextmanager
def progress(label: str, *, as_json: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on the terminal; nothing in scripts."""
    if as_json or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:
        shown = 0

        def step(done: int, total: int) -> None:
            nonlocal shown
            place = done * 1000 // max(total, 1)
            bar.update(place - shown)
            shown = place

        yield step


def counted(number: int, noun: str, many: str | None = None) -> str:
    """A number of things, named in the singular: 1 volume, 2 volumes. `many`: the plural where -s does not make it."""
    return f"{number} {noun}" if number == 1 else f"{number} {many or noun + 's'}"


def size_text(count: int) -> str:
    """Bytes for people: 1.5 MiB."""
    value = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return counted(count, "byte") if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return str(count)
