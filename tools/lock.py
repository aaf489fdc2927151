"""Writes requirements.lock and says whether it is fresh.

The lock pins every package with its hashes for all supported Pythons and systems, and names no host and no path. Its
first line carries a hash of what pyproject.toml asks for, so that `--check` needs no network: a changed requirement
without a new lock is a failure.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REPO = Path(__file__).resolve().parent.parent
LOCK = REPO / "requirements.lock"
HEAD = "# Made by `make lock`; what pyproject.toml asks for has the hash "
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)( ; [^\\]+)?( \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def requirements() -> list[str]:
    """Every requirement of the project, of its extras and of its build, as pyproject.toml writes it."""
    data = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
    project = data["project"]
    extras = [item for group in project["optional-dependencies"].values() for item in group]
    return sorted([*project["dependencies"], *extras, *data["build-system"]["requires"]])


def digest() -> str:
    """The hash that stands in the first line of the lock: over the requirements and the oldest Python."""
    data = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
    asked = json.dumps([data["project"]["requires-python"], requirements()])
    return hashlib.sha256(asked.encode()).hexdigest()


def faults(text: str) -> list[str]:
    """What is wrong with a lock's text, in sentences; nothing when it is fresh, complete and names no host or path."""
    first, *lines = text.splitlines()
    found = [] if first == HEAD + digest() else ["requirements.lock is older than pyproject.toml: run `make lock`"]
    pinned: dict[str, Version] = {}
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        pin = PIN.match(line)
        if pin:
            pinned[canonicalize_name(pin[1])] = Version(pin[2])
            if not HASH.match(following):
                found.append(f"{pin[1]} stands without a hash")
        elif not HASH.match(line):
            found.append(f"requirements.lock has a line that is neither a package nor a hash: {line}")
    for item in map(Requirement, requirements()):
        name = canonicalize_name(item.name)
        if name != "svidok" and (name not in pinned or pinned[name] not in item.specifier):
            found.append(f"requirements.lock has no {item}: run `make lock`")
    return found


def write() -> None:
    """Resolves anew and writes the lock. Needs the package index that this machine's own settings name."""
    command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--all-extras", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    command[0] = str(Path(sys.executable).with_name("uv"))
    done = subprocess.run([*command, "--upgrade", "--quiet"], cwd=REPO, check=True, capture_output=True, text=True)
    LOCK.write_text(f"{HEAD}{digest()}\n{done.stdout}", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="say whether the lock is fresh; needs no network")
    if not parser.parse_args().check:
        write()
    found = faults(LOCK.read_text("utf-8"))
    print("\n".join(found) if found else "requirements.lock is fresh")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
