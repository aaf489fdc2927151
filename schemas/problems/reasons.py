"""Reasons inside of sentences: the closed list of code words that stand for them in the facts `why`, `where`, `status`.

Rule: a fact is a word that programs can read and never changes; what a person reads for it stands here, once, so that
it can be translated where it is shown. What is no word of this list is shown as it is: a number, a name, a header.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

REASONS: Final[dict[str, str]] = {
    # the way there
    "not-listening": "nobody listens there",
    "no-network": "there is no network",
    "no-way": "there is no way to it",
    "no-answer": "no answer",
    "refused": "the network refuses it",
    "no-such-name": "its name is not known here",
    "proxy-no-way": "the proxy finds no way to it",
    "proxy-password": "it wants a name and a password",
    "proxy-nonsense": "it gives no sensible answer",
    # the line
    "hung-up": "the other end or the network hung up",
    "line-dead": "the line is dead",
    "not-secure-yet": "before the connection was secure",
    "stopped": "it was stopped here",
    # who answers
    "not-valid-yet": "its certificate is not valid yet, or the clock of this laptop is wrong",
    "expired": "its certificate has expired, or the clock of this laptop is wrong",
    "certificate": "it shows another certificate",
    "other-certificate": (
        "it shows another certificate, one of “{subject}”, issued by “{issuer}”, with the SHA-256 {sha256}"
    ),
    "old-tls": "it speaks only an old version of TLS",
    "no-tls": "no secure connection comes about",
    # what is answered
    "answered": "it says no more than that",
    "no-http": "it is no HTTP",
    "location": "it does not say where the upload goes on",
    "offset": "it does not say how much it has",
    "r1-unreadable": "it cannot be read",
    "r1-signature": "it is not signed by its key",
    "r1-other-volume": "it is for another volume",
    "r1-other-content": "it is for other content",
    # what the desk is given
    "no-list": "it is no list",
    "list-backwards": "its order runs backwards",
    "list-length": "a length that no volume has",
    "all-false": "one volume after another",
    "damaged": "damaged bytes",
    "too-short": "shorter than it lists",
    "other-volume": "another volume than it lists",
    "other-part": "another part than was asked for",
    # what lies on a stick
    "too-many-names": "more than 65,536 names are in it",
    "other-name": "it does not have the name that it was given",
    "nothing-said": "the medium does not say what it is",
    "no-file": "it is not an ordinary file",
    "return-too-large": "it is too large for a return file",
    "changed": "it changed, or its medium did not give all of it",
    # what is in it
    "too-many-unreadable": "too many bundles that it cannot read",
    "impossible-answer": "an answer that cannot be",
    "overlapping-files": "files that overlap",
    "files-beyond-end": "files beyond the end",
    "not-issued-here": "this office did not issue it",
    "not-in-force": "it was not in force at that time",
    "unnamed-stream": "a stream that no entry names",
    "return-file": "the return file",
}
_PLACES: Final = frozenset(("why", "where", "status"))


class _Facts(dict[str, str]):
    """Facts for a sentence; one that was not given shows as a question mark instead of failing."""

    def __missing__(self, key: str) -> str:
        return "?"


def _same(sentence: str) -> str:
    return sentence


def filled(sentence: str, facts: Mapping[str, str | int], say: Callable[[str], str] = _same) -> str:
    """A sentence with its facts put in; `say` translates the sentence and the reasons."""
    plain = _Facts({name: str(value) for name, value in facts.items()})
    words = _Facts(plain)
    for name in _PLACES & plain.keys():
        if plain[name] in REASONS:
            words[name] = say(REASONS[plain[name]]).format_map(plain)
    return say(sentence).format_map(words)
