"""Gates at the command line: the same words and effects as on the screens, and no word of an answer."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.mission import PASSPHRASE
from tests.receiver_kit import svidok
from tui.demo_interviews import interviews

C = "c_consent"


class Machine:
    """A field machine and the commands on it."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE, "utf-8")

    def run(self, *words: object, fails: bool = False) -> Any:
        done = svidok("field", *words, "--home", self.home, "--passphrase-file", self.passphrase, "--json", check=False)
        assert done.returncode == (1 if fails else 0), done.stdout + done.stderr
        found = json.loads(done.stdout)
        return found["problem"]["code"] if fails else found

    def answers(self, **sections: dict[str, Any]) -> Path:
        """The first invented interview, changed."""
        told: dict[str, Any] = copy.deepcopy(next(iter(interviews(1))).answers)
        told["d_account"].pop("narrative_audio", None)
        told["r_items"] = {"at": []}
        for name, changes in sections.items():
            told[name] |= changes
        place = self.folder / "answers.json"
        place.write_text(json.dumps(told), "utf-8")
        return place


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    return Machine(home, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {C: {"consent_store": "no"}},
        {C: {"consent_interview": "later"}},
        {"b_safety": {"risk_level": "unacceptable"}},
        {"u_closing": {"consent_reconfirm": "withdrawn"}},
    ],
)
def test_answers_that_say_nothing_is_kept_leave_nothing(machine: Machine, changes: Any) -> None:
    assert machine.run("new", "--answers", machine.answers(**changes), fails=True) == "E_GATE_WIPE"
    assert machine.run("status")["interviews"] == {}


def test_a_stopped_interview_is_neither_sealed_nor_lost_until_it_is_withdrawn(machine: Machine) -> None:
    made = machine.run("new", "--answers", machine.answers(b_safety={"privacy_ok": "no"}))
    (gate,) = made["gates"]
    assert (gate["gate"], gate["effect"]) == ("G1", "stop")
    assert all(gate[each] for each in ("text", "why", "offer", "kept", "source"))
    review = machine.run("review", made["code"])
    assert (review["ready"], review["nothing_kept"], review["gates"]) == (False, False, made["gates"])
    assert machine.run("seal", made["code"], fails=True) == "E_SEAL_GATE"
    assert machine.run("seal", made["code"], "--incomplete", "had to go", fails=True) == "E_SEAL_GATE"
    assert machine.run("withdraw", made["code"], fails=True) == "E_WITHDRAW_UNSURE"
    assert machine.run("withdraw", made["code"], "--yes")["withdrawn"] is True
    assert machine.run("review", made["code"], fails=True) == "E_INTERVIEW_UNKNOWN"


def test_the_same_interview_beside_it_has_no_gate_and_is_sealed(machine: Machine) -> None:
    made = machine.run("new", "--answers", machine.answers(b_safety={"privacy_ok": "yes"}))
    assert [gate["effect"] for gate in made["gates"] if gate["effect"] not in ("withhold", "warn")] == []
    assert machine.run("seal", made["code"])["sealed"][0]["code"] == made["code"]
    assert machine.run("withdraw", made["code"], "--yes", fails=True) == "E_INTERVIEW_SEALED"


def test_names_give_way_to_placeholders_and_no_command_prints_them(machine: Machine) -> None:
    account = "Тоді прийшов Остап Вигаданенко. Потім Остапа забрали."
    told = machine.answers(
        d_account={"narrative_text": account}, t_identity={"id_mode": "full", "id_full_name": "Вигаданенко Остап"}
    )
    code = machine.run("new", "--answers", told)["code"]
    found = machine.run("review", code)
    assert {each["placeholder"] for each in found["mentions"]} == {"V1"}
    assert {each["question"] for each in found["mentions"]} == {"d_account/narrative_text"}
    assert "Остап" not in json.dumps(found, ensure_ascii=False)
    done = machine.run("placeholders", code)
    assert len(done["replaced"]) == 3
    assert "Остап" not in json.dumps(done, ensure_ascii=False)
    assert machine.run("review", code)["mentions"] == []
    assert machine.run("placeholders", code)["replaced"] == []
    assert "G17" not in {gate["gate"] for gate in machine.run("review", code)["gates"]}
