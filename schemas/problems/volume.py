"""Coded problems of this area: bundles, volumes, sticks, intake and return files (docs/spec/protocol.md §9, §12)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_OTHERS = "The other files are judged each by itself; what is whole there stays usable."
_PARITY = "As long as enough other volumes of the bundle are whole, nothing is lost."
_HELD = "Nothing was taken over. The field keeps every interview until the office has confirmed it."
_OUTBOX = "Every sealed interview is still in the outbox, and other sticks are not touched by this."
_AGAIN = "Copy this file again from where it came, or bring the other volumes of the bundle."


def _volume(code: str, what: str) -> Entry:
    return Entry(code, what, _PARITY, _AGAIN)


def _bundle(code: str, what: str) -> Entry:
    return Entry(code, what, _HELD, "Keep the sticks, and tell the person responsible for keys this code.")


def _receipt(code: str, what: str) -> Entry:
    return Entry(
        code,
        what,
        "Nothing was deleted. The interview stays in the outbox.",
        "Keep the file, and tell the office this code.",
    )


ENTRIES: tuple[Entry, ...] = (
    # one volume
    _volume("E_VOL_MAGIC", "This file is not a volume."),
    _volume("E_VOL_SIZE", "This volume has been cut off or has grown: it does not have one of the three lengths."),
    _volume("E_VOL_FORMAT", "The header of this volume claims something that cannot be."),
    _volume("E_VOL_SIG", "The header of this volume is damaged or was altered: its signature does not hold."),
    _volume("E_VOL_LEAVES", "Both lists of checksums in this volume are damaged, and some of its content too."),
    # a set of volumes
    _bundle("E_VOL_MIX", "Volumes that do not belong together carry the key of one bundle."),
    _bundle("E_VOL_ROOT", "The content of this bundle is not what was signed for: its parts contradict each other."),
    _bundle("E_INDEX", "The table of contents of this bundle does not fit its content ({where})."),
    Entry(
        "E_VOL_MISSING",
        "Bundle {bundle} cannot be put together yet. Still needed: {missing} (how many × of which volumes; in brackets"
        " the parts that are damaged in too many of them).",
        "What is there is kept, and nothing that was sealed is lost as long as the other volumes exist.",
        "Bring the missing volumes, or ask the field to export once more; nothing else has to be repeated.",
    ),
    Entry(
        "E_MEDIA",
        "{item} is not read: {why}.",
        _OTHERS,
        "Put volumes as ordinary files, under the names they were given, straight into the folder.",
    ),
    Entry(
        "E_BUNDLE_SIZE",
        "One interview with its attachments is larger than a bundle can be ({size} MiB, at most {limit} MiB).",
        _OUTBOX,
        "Ask the office: it can raise the number of volumes of a bundle.",
    ),
    Entry(
        "E_EXPORT_SHAPE",
        "{k} volumes of each set cannot suffice when {n} are written.",
        "Nothing was written.",
        "Give a -k that is not larger than -n; both are from 1 to 8, and what is not given is the mission's.",
    ),
    # sticks
    Entry(
        "E_STICK_FOLDER",
        "{folder} is not a folder that can be used.",
        "Nothing was written there.",
        "Check that the stick is plugged in and mounted, and name the folder again.",
    ),
    Entry(
        "E_STICK_SPACE",
        "This needs {needed} MiB on {folder}, and only {free} MiB are free; {trash} MiB lie in its trash.",
        "Nothing was written there. " + _OUTBOX,
        "Empty the trash of the stick (the hidden folder .Trash holds deleted files), or take a larger stick.",
    ),
    Entry(
        "E_STICK_FULL",
        "{folder} became full while it was being written.",
        "No half-written file is left there that could pass for a whole one. " + _OUTBOX,
        "Make room on the stick or take another one, and do the step again.",
    ),
    Entry(
        "E_STICK_GONE",
        "{folder} was pulled out, or has a fault ({error}).",
        "What was not completed there does not count. " + _OUTBOX,
        "Plug the stick in again or take another one, and do the step again.",
    ),
    Entry(
        "E_STICK_NO_ACCESS",
        "{folder} cannot be written ({error}).",
        "Nothing there was changed. " + _OUTBOX,
        "Remove the write protection of the stick, or choose another one, and do the step again.",
    ),
    Entry(
        "E_STICK_VERIFY",
        "{folder} gave back something else than what was written ({file}).",
        "The bad file was removed there. " + _OUTBOX,
        "Do not trust this stick any longer: take another one, and do the step again.",
    ),
    Entry(
        "E_STICK_INCOMPLETE",
        "The sticks together do not hold enough to read the bundle: {missing}.",
        "Nothing is marked as exported. " + _OUTBOX,
        "Solve what is reported for each stick, and do the step again.",
    ),
    # intake
    Entry(
        "E_INTAKE",
        "The part of the program that reads foreign sticks stopped ({why}).",
        _HELD,
        "Import again. If it stops at the same file again, leave that file out and keep it.",
    ),
    Entry(
        "E_QUOTA",
        "This bundle needs {needed} MiB of work space, and {free} MiB are allowed.",
        _HELD,
        "Make room on the disk of the office, and import again.",
    ),
    # return files
    _receipt("E_RECEIPT_SIG", "A receipt is not signed by those who may sign receipts."),
    _receipt("E_RECEIPT_CORE", "A receipt names an interview of this device, but not the one that was sealed."),
    _receipt("E_RECEIPT_UNKNOWN", "A receipt names an interview that this device does not know."),
)
