"""Sessions of this machine: signatures in a form are checked here, and the engine of forms knows no key."""

from __future__ import annotations

import base64
from pathlib import Path

import nacl.bindings as sodium

from collector import crypto, live_session
from collector.crypto import Secret
from schemas.xform import parse_form
from tests.helpers.xforms import xform
from tests.tui.form_kit import given, written


def signed(secret: Secret, text: str) -> str:
    """What extract-signed() takes apart: a signature and its message, in Base64."""
    return base64.b64encode(sodium.crypto_sign(text.encode(), bytes(secret))).decode()


def form_for(public: bytes) -> bytes:
    key = base64.b64encode(public).decode()
    bind = f"""<bind nodeset="/data/q" calculate="extract-signed(/data/a, '{key}')"/>"""
    return xform("<a/><q/>", bind, '<input ref="/data/a"/>')


def test_a_signed_text_is_taken_out_and_a_forged_one_is_not() -> None:
    public, secret = crypto.sign_keypair(bytes(range(32)))
    _, other = crypto.sign_keypair(bytes(32))
    session = live_session.begin(parse_form(form_for(public)), "AAAA", lambda: 1_760_000_000)
    session.set(("a",), signed(secret, "Квиток 7"))
    assert session.value(("q",)) == "Квиток 7"
    for forged in (signed(other, "Квиток 7"), signed(secret, "Квиток 7")[:-4] + "AAAA", "", "AAAA"):
        session.set(("a",), forged)
        assert session.value(("q",)) is None


def test_a_signature_of_ours_stands_for_nothing_in_a_form_and_lengths_come_first() -> None:
    public, secret = crypto.sign_keypair(bytes(range(32)))
    mark = crypto.sign(secret, "pack", b"body")
    assert not crypto.signature_holds(public, mark, b"body")
    whole = sodium.crypto_sign(b"message", bytes(secret))
    assert crypto.signature_holds(public, whole[:64], b"message")
    assert not crypto.signature_holds(public, whole[:65], whole[65:])
    assert not crypto.signature_holds(public[:31], whole[:64], b"message")
    assert not crypto.signature_holds(bytes(32), whole[:64], b"message")


def test_the_commands_for_people_who_make_forms_check_signatures_too(tmp_path: Path) -> None:
    public, secret = crypto.sign_keypair(bytes(range(32)))
    (tmp_path / "f.xml").write_bytes(form_for(public))
    answers = written(tmp_path / "a.json", {"a": signed(secret, "ja")})
    assert given(0, "form", "run", tmp_path / "f.xml", "--answers", answers)["calculated"] == {"/q": "ja"}
    key = base64.b64encode(public).decode()
    found = given(
        0, "form", "eval", "--instance", tmp_path / "f.xml", f"extract-signed('{signed(secret, 'ja')}', '{key}')"
    )
    assert [each["value"] for each in found] == ["ja"]
