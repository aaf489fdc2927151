"""Coded problems of sealed entries: cell streams, slots, manifest, signatures (docs/spec/protocol.md §5 to §7)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_KEPT = "Nothing was taken over from it. The files you have stay as they are."
_OTHER_COPY = "Read it from another stick or ask for it again. If it comes back the same, tell the office this code."
_REPORT = "Keep the files, do not answer for them with a receipt, and tell the person responsible for keys this code."
_DRAFT = "The interview is kept as it is, unsealed, in the vault."


def _damaged(code: str, what: str) -> Entry:
    return Entry(code, what, _KEPT, _OTHER_COPY)


def _suspect(code: str, what: str) -> Entry:
    return Entry(code, what, _KEPT, _REPORT)


ENTRIES: tuple[Entry, ...] = (
    # cell streams
    _suspect("E_KEY_COMMIT", "The key that was found is not the key that this data was sealed with."),
    _damaged("E_STREAM_LEN", "A sealed stream is shorter or longer than it must be ({where})."),
    _damaged("E_CELL_AUTH", "Part {cell} of a sealed stream is damaged or was altered."),
    _damaged("E_STREAM_ROOT", "A sealed stream is not the one that was signed for."),
    _suspect("E_PROOF", "A proof that something belongs to a list does not hold."),
    # slots and head
    Entry(
        "E_NOT_FOR_US",
        "This was not sealed to any of the keys that are open here.",
        "It can still be opened by those to whom it was sealed.",
        "Open the vault of the right role, or check that the mission and the epoch are the right ones.",
    ),
    _suspect("E_SLOT_FORMAT", "A key slot that is meant for us is not written as it must be."),
    _suspect("E_SLOT_CONTEXT", "A key slot that is meant for us was carried over from something else."),
    _suspect("E_MANIFEST_AUTH", "The manifest of an entry is damaged or was altered."),
    Entry(
        "E_MANIFEST_SIZE",
        "The manifest of this entry is larger than the format allows ({bytes} bytes, at most {limit}).",
        _DRAFT,
        "Divide the attachments over two interviews that continue each other.",
    ),
    Entry(
        "E_TOO_MANY_SLOTS",
        "There are more recipients than an entry has places for ({slots}, at most {limit}).",
        _DRAFT,
        "Ask the office for a mission pack with fewer recipients.",
    ),
    _suspect("E_BINDING", "The signature is good, but it was made for another entry."),
    _suspect("E_SEQ", "The number of a signature is not one that this device may use for an entry."),
    _suspect("E_MISSION", "This belongs to another mission."),
    _suspect("E_FORWARDED", "The list of recipients that was signed does not name us as we were reached."),
    _damaged("E_TRAILING", "Something follows after the end of an entry."),
    Entry(
        "E_NO_RECIPIENT",
        "The mission pack names nobody to whom the part “{compartment}” could be sealed.",
        _DRAFT,
        "Take in a newer mission pack, then seal again.",
    ),
    Entry(
        "E_OUTBOX_LOST",
        "A sealed entry is listed, but a file of it is gone or damaged ({entry}).",
        "All other entries are untouched. If it was exported before, the copies on the sticks still hold it.",
        "Look for the sticks to which it was written, and tell the office.",
    ),
    # signatures
    _suspect("E_SIG", "A signature does not hold."),
    _suspect("E_SIG_LEAF", "A signature was made with a key that this device does not have at this number."),
    _suspect("E_CERT", "The certificate of the device does not hold ({why})."),
    Entry(
        "E_CERT_NOT_MINE",
        "The certificate in the mission pack was made for another device.",
        "Nothing was taken over from the pack.",
        "Tell the office, and ask for the pack that belongs to the request of this device.",
    ),
    _suspect("E_DEVICE_REVOKED", "The device was withdrawn before it signed this ({serial})."),
    _suspect("E_EQUIVOCATION", "Two different entries carry the same number of the same device, or the same name."),
    Entry(
        "E_SIGNER_SPENT",
        "All signing numbers of this device are used up.",
        _DRAFT,
        "Make a new enrolment request and bring it to the office.",
    ),
)
