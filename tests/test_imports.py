"""What is imported where, proven twice: in the graph of the source, and in a fresh interpreter at run time.

`lint-imports` keeps the arrows and the doors (pyproject.toml); here stands what it cannot say: that no door is painted
on, that nothing undeclared comes in, and what really is loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from functools import cache

import grimp
import pytest
from packaging.requirements import Requirement

from tests.conftest import REPO

PACKAGES = ("schemas", "collector", "sync", "tui")
PYPROJECT = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
IMPORT_NAMES = {"pynacl": "nacl"}
EXTRAS_BRING = {"psycopg[pool]": "psycopg_pool"}
CIPHERS = {"nacl", "cryptography"}
SCREENS = {"textual", "rich"}
FORM_COMPILER = {"pyxform", "openpyxl"}
PROTECTED = [item for item in PYPROJECT["tool"]["importlinter"]["contracts"] if item["type"] == "protected"]


@cache
def graph() -> grimp.ImportGraph:
    """Who imports whom in the four packages, foreign libraries included."""
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def foreign() -> set[str]:
    """Top-level names of everything imported that is neither ours nor Python's."""
    names = {module.partition(".")[0] for module in graph().modules}
    return names - set(PACKAGES) - sys.stdlib_module_names


def import_names(requirements: list[str]) -> set[str]:
    """The names under which required packages are imported."""
    asked = [Requirement(item) for item in requirements]
    brought = {EXTRAS_BRING.get(f"{item.name}[{extra}]") for item in asked for extra in item.extras}
    names = {IMPORT_NAMES.get(item.name.lower(), item.name.lower()) for item in asked}
    return names | {name for name in brought if name}


def loaded_by(code: str) -> set[str]:
    """Top-level and own dotted names in sys.modules after `code` ran in a fresh interpreter."""
    program = f"import json, sys\n{code}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("COV_", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPO, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    return modules | {name.partition(".")[0] for name in modules}


def test_nothing_foreign_is_imported_that_pyproject_does_not_declare():
    extras = PYPROJECT["project"]["optional-dependencies"]
    wanted = (item for extra in ("desk", "receiver", "cloud") for item in extras[extra])
    optional = [item for item in wanted if not item.startswith("svidok")]
    declared = import_names(PYPROJECT["project"]["dependencies"] + optional)
    assert foreign() <= declared


def test_every_dependency_of_the_field_is_used():
    assert import_names(PYPROJECT["project"]["dependencies"]) <= foreign()


@pytest.mark.parametrize("contract", PROTECTED, ids=lambda contract: contract["name"])
def test_every_door_is_a_real_one(contract):
    for library in contract["protected_modules"]:
        assert graph().find_modules_that_directly_import(library), f"nobody imports {library}"


def test_the_field_loads_no_screen_no_form_compiler_and_nothing_above_it():
    assert not loaded_by("import collector.field") & (SCREENS | FORM_COMPILER | {"click", "sync", "tui"})


def test_the_courier_loads_no_opener_no_vault_and_no_screen():
    forbidden = SCREENS | FORM_COMPILER | {"sqlcipher3", "sync.desk", "sync.desk.opening", "collector.vault", "tui"}
    assert not loaded_by("import sync.courier") & forbidden


def test_a_receiver_on_one_host_needs_no_database_server_and_no_object_store():
    assert not loaded_by("import sync.receiver.app, sync.receiver.local") & {"psycopg", "psycopg_pool", "obstore"}


def test_a_receiver_loads_nothing_that_could_open_an_entry():
    openers = {"cellstream", "database", "envelope", "head", "keyslots", "slots", "vault"}
    forbidden = {f"collector.{name}" for name in openers} | {"sqlcipher3", "tui"} | SCREENS | FORM_COMPILER
    loaded = loaded_by("import sync.receiver.app, sync.receiver.serve, sync.receiver.local")
    assert {"starlette", "uvicorn", "collector.crypto"} <= loaded
    assert not loaded & (forbidden | {"sync.bundle", "sync.decode", "sync.desk", "sync.outbox"})


def test_the_desk_loads_no_screen():
    assert not loaded_by("import sync.desk.desk") & (SCREENS | {"click", "tui"})


def test_help_loads_neither_screens_nor_ciphers_nor_forms():
    run = "from tui.cli import main\nsys.argv = ['svidok', '--help']\ntry:\n    main()\nexcept SystemExit as end:\n"
    loaded = loaded_by(run + "    assert not end.code, end.code")
    assert "click" in loaded
    assert not loaded & (SCREENS | CIPHERS | FORM_COMPILER | {"sqlcipher3", "msgpack", "elementpath"})
