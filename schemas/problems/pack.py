"""Coded problems of mission packs, return files and the keys that they carry (docs/spec/protocol.md §8)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_OLD_STANDS = "The mission pack in force was not changed. Interviews and sealing go on with it."
_TELL = "Keep the file, do not use it, and tell the office this code."


def _refused(code: str, what: str, remedy: str = _TELL) -> Entry:
    return Entry(code, what, _OLD_STANDS, remedy)


ENTRIES: tuple[Entry, ...] = (
    _refused("E_PACK_SIG", "Not enough of the people who may sign this have signed it."),
    _refused("E_PACK_AUTH", "This file is damaged or was altered.", "Ask for the file again."),
    _refused("E_PACK_ROLLBACK", "This mission pack is older than the one in force ({version})."),
    _refused("E_PACK_FORK", "This mission pack does not follow the one in force."),
    _refused("E_PACK_EQUIVOCATION", "Two different mission packs carry the same version ({version})."),
    Entry(
        "E_PACK_EXPIRED",
        "The mission pack has expired ({date}).",
        "Interviews and sealing go on.",
        "Ask the office for a new mission pack when you can reach it.",
    ),
    Entry(
        "E_PACK_UNKNOWN",
        "An entry was sealed under a mission pack that this desk did not issue.",
        "The entry stands in quarantine, whole.",
        "Find out which pack the device had, then decide about the entry.",
    ),
    _refused("E_RECIPIENT_KEY", "A public key to which something should be sealed is not a usable key."),
    # the device's side of enrolment
    _refused(
        "E_FINGERPRINT",
        "The fingerprint that was typed is not that of the office which signed this mission pack.",
        "Compare all eight groups by voice or in person once more. If they differ, do not use the file: it may come "
        "from somebody else.",
    ),
    _refused(
        "E_ROOT_OTHER",
        "This mission pack comes from another office than the one that this device is enrolled with.",
        "Do not use the file. Another office means enrolling again, with a new home folder.",
    ),
    _refused("E_PACK_FORM", "A form in the mission pack is not the one that was signed ({form})."),
    _refused(
        "E_PACK_TABLES",
        "The form {form}, version {version}, comes with other tables than before.",
        "Ask the office to give the form a new version with its new tables, and to make the pack again.",
    ),
    _refused("E_PACK_RECIPIENTS", "The list of recipients in the mission pack cannot be used ({where})."),
    Entry(
        "E_NOT_ENROLLED",
        "This device has no mission pack yet.",
        "Nothing was changed.",
        "Bring the enrolment request to the office and take in the mission pack that it answers with.",
    ),
    Entry(
        "E_APP_OLD",
        "The mission asks for a newer version of this program ({needed}; this is {version}).",
        "Interviews and sealing go on.",
        "Install the newer version when you can.",
    ),
    Entry(
        "E_LEAVES_LOW",
        "This device has {left} signing numbers left.",
        "Interviews and sealing go on; when none is left, the device begins a new series by itself.",
        "Make a new enrolment request and bring it to the office.",
    ),
    Entry(
        "E_UNCERTIFIED",
        "The office has not certified the present series of signing numbers of this device yet.",
        "Interviews and sealing go on. The office keeps these entries aside until it has certified the series.",
        "Bring the enrolment request of this device to the office.",
    ),
    Entry(
        "E_FINGERPRINT_NONE",
        "The first mission pack needs the office's root fingerprint, and none was given.",
        "The pack was not taken in, and nothing was changed.",
        "Let the office read its root fingerprint aloud, and give it with --fingerprint.",
    ),
)
