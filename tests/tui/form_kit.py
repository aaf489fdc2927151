"""A small form and the ways to ask commands about it, for tests of `svidok form`."""

# ruff: noqa: E501  # sheets are wider than code
from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.receiver_kit import svidok

CASE = """
| survey |
| | type          | name  | label::English (en)      | label::Ukrainian (uk) | relevant   | constraint | constraint_message::English (en) | constraint_message::Ukrainian (uk) | required | calculation | bind::svidok:compartment | bind::svidok:start |
| | text          | name  | What is your name?       | Як вас звати?         |            |            |            |  | yes |               | identity  | |
| | integer       | age   | How old are you?         | Скільки вам років?    |            | . < 120    | Too old.   | Забагато. | |          | | |
| | begin_group   | work  | Work                     | Робота                | ${age} > 17 |           |            |  |     |               | process | |
| | select_one yn | paid  | Is it paid?              | Чи платять?           |            |            |            |  |     |               | | |
| | image         | photo | A picture                | Світлина              |            |            |            |  |     |               | | |
| | end_group     |       |                          |                       |            |            |            |  |     |               | | |
| | begin_repeat  | kids  | Children                 | Діти                  |            |            |            |  |     |               | | 0 |
| | text          | kid   | A child of ${name}       | Дитина: ${name}       |            |            |            |  |     |               | identity | |
| | end_repeat    |       |                          |                       |            |            |            |  |     |               | | |
| | calculate     | many  |                          |                       |            |            |            |  |     | count(${kids}) | | |
| choices |
| | list_name | name | label::English (en) | label::Ukrainian (uk) |
| | yn        | yes  | Yes                 | Так                   |
| | yn        | no   | No                  | Ні                    |
| settings |
| | form_title | form_id | version | namespaces                 | default_language |
| | A case     | case    | 7       | svidok="urn:svidok:form:1" | English (en)     |
"""
ANSWERS = {"name": "Olena", "age": 30, "paid": "yes", "kids": [{"kid": "Ada"}, {"kid": "Ivo"}]}


def written(path: Path, content: object) -> Path:
    """A file with this text, or with this as JSON."""
    path.write_text(dedent(content) if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def given(code: int, *arguments: object) -> Any:
    """The JSON that a command prints; it must end with this exit code."""
    done = svidok(*arguments, "--json", check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


def refusal(*arguments: object) -> str:
    """The code of the problem with which a command ends."""
    found = given(1, *arguments)["problem"]
    assert all(found[sentence] for sentence in ("what", "safe", "do"))
    return str(found["code"])
