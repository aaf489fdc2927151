"""Coded problems of the desk: missions, enrolment, import, records (docs/spec/protocol.md §8, §12)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_NOTHING = "Nothing was changed."
_KEPT = "The sealed entry is kept as it came, in quarantine; the others were not affected."

ENTRIES = (
    Entry(
        "E_NO_MISSION",
        "This desk has no mission with that name yet.",
        _NOTHING,
        "Found one with: svidok desk mission new --name NAME.",
    ),
    Entry(
        "E_MISSION_EXISTS",
        "A mission called {name} exists already.",
        _NOTHING,
        "Choose another name, or go on with the mission that exists.",
    ),
    Entry(
        "E_MISSION_WHICH",
        "This desk has several missions: {names}.",
        _NOTHING,
        "Say which one with --mission NAME.",
    ),
    Entry(
        "E_FORM_TWICE",
        "The same form in the same version was given twice.",
        _NOTHING,
        "Give each form once, or change its version.",
    ),
    Entry(
        "E_FORM_LAST",
        "A mission has at least one form.",
        _NOTHING,
        "Add another form first, with: svidok desk mission form add FORM.",
    ),
    Entry(
        "E_MISSION_FORM",
        "The packs of this mission name no form {form}.",
        _NOTHING,
        "Look which forms they name, with: svidok desk mission form list.",
    ),
    Entry(
        "E_FORMS_MANY",
        "The forms of a mission are at most {limit}, and at most {mib} MiB together.",
        _NOTHING,
        "Take one out that is not used any more, with: svidok desk mission form remove ID. Or found another mission.",
    ),
    Entry(
        "E_MISSION_LABEL",
        "The words about who opens a part must be from 1 to {limit} bytes long, on one line.",
        _NOTHING,
        "Give shorter words, such as “protection officer”, and no name of a person.",
    ),
    Entry(
        "E_MISSION_TOKENS",
        "The packs of a mission bring 1 to {limit} tokens each.",
        _NOTHING,
        "Give another number. A device that has used up its tokens gets new ones with: svidok desk enrol --new-tokens.",
    ),
    Entry(
        "E_DEVICE_ENROLLED",
        "This device belongs to another mission of this desk already.",
        _NOTHING,
        "Let the documenter make a new home for the second mission and send its request.",
    ),
    Entry(
        "E_REQUEST_FINGERPRINT",
        "The fingerprint that you gave is not the one of this request.",
        "The device was not enrolled.",
        "Ask the documenter to read the fingerprint again from their screen. If it differs once more, somebody may have"
        " changed the file: ask for a new one by another way.",
    ),
    Entry(
        "E_KEY_NOT_HELD",
        "This desk does not hold the key {name}.",
        _NOTHING,
        "Do this at the desk that holds it.",
    ),
    Entry(
        "E_ATTACHMENT_HASH",
        "An attachment does not have the content that was sealed.",
        _KEPT,
        "Ask the documenter to export the interview again; if the code comes back, the field machine needs a look.",
    ),
    Entry(
        "E_FORM_NOT_ISSUED",
        "The interview was made with a form that this desk never issued.",
        _KEPT,
        "Find out from which desk the device has its form, and import there.",
    ),
    Entry(
        "E_RECORD_UNKNOWN",
        "There is no record with the code {code} in this archive.",
        _NOTHING,
        "Check the code, and whether the record still stands in quarantine.",
    ),
    Entry(
        "E_EXPORT_RECIPIENT",
        "Nobody of that name receives records.",
        _NOTHING,
        "Name one of: {known}.",
    ),
    Entry(
        "E_EXPORT_REFUSED",
        "The record {code} was left out: the person did not consent that “{recipient}” has it ({gates}).",
        "Nothing of it is in the tables.",
        "Heed it. Only a new consent of the person, in a new record, changes it.",
    ),
    Entry(
        "E_EXPORT_UNREAD",
        "The record {code} was left out: its consent cannot be read at this desk.",
        "Nothing of it is in the tables.",
        "Export it at the desk that holds the key of the process compartment.",
    ),
    Entry(
        "E_EXPORT_PARTLY",
        "Of the record {code} this was left out for “{recipient}”: {parts} ({gates}).",
        "The rest of the record is in the tables.",
        "Heed it. Items that nobody has reviewed stay out until a new record reviews them.",
    ),
    Entry(
        "E_EXPORT_ASK",
        "Of the record {code} this was left out for “{recipient}”: {parts}. The person is to be asked "
        "each time ({gates}).",
        "The rest of the record is in the tables.",
        "Ask the person before their name is given to anybody, and note the answer in a new record.",
    ),
    Entry(
        "E_ATTACHMENT_UNKNOWN",
        "The record has no attachment called {name}.",
        _NOTHING,
        "Look up its attachments with: svidok desk show CODE.",
    ),
    Entry(
        "E_ATTACHMENT_WHICH",
        "Several attachments of the record are called {name}.",
        _NOTHING,
        "Name one by its stream id instead: {ids}.",
    ),
    Entry(
        "E_ATTACHMENT_EXISTS",
        "The file {name} exists already.",
        "It was not overwritten.",
        "Choose another name for the copy.",
    ),
    Entry(
        "E_CODE_TWICE",
        "Another device has sent a record with the same record code.",
        "Both records are kept; the one that came first answers to the code, each of them to its entry id.",
        "Compare the two: record codes are drawn at random, so that chance does not do this.",
    ),
    Entry(
        "E_ENTRY_NEWER",
        "The interview was sealed by a newer version of this program ({version}).",
        _KEPT,
        "Bring the program of this desk up to date and import again.",
    ),
    Entry(
        "E_STRANGERS_FULL",
        "In this bundle no enrolled device signed anything, and the room for such bundles is full.",
        "It was not kept. Records and quarantine were not affected.",
        "If a device is not enrolled yet, enrol it and import again. Otherwise find out who makes these bundles.",
    ),
    Entry(
        "E_ARCHIVE_AHEAD",
        "The desk's vault is older than its archive: the archive holds {count} documents that the vault does not know.",
        "Nothing was removed.",
        "Put back a newer copy of the vault if there is one. Otherwise import the sticks of that time again.",
    ),
    Entry(
        "E_ARCHIVE_BEHIND",
        "{count} imported documents are missing from the archive.",
        "The sealed originals lie in the archive's store. Records that are there can be read.",
        "Put back a newer copy of the archive, or import the sticks of that time again.",
    ),
    Entry(
        "E_REQUEST_OTHER",
        "This device was enrolled with another request than this one.",
        _NOTHING,
        "Ask the documenter for the request file that the device shows now, by another way than this one came.",
    ),
    Entry(
        "E_MISSION_NAME",
        "The name of a mission has 1 to {limit} bytes and no control characters.",
        _NOTHING,
        "Choose another name.",
    ),
    Entry(
        "E_RECEIVERS_NONE",
        "No mission of this desk names a receiver.",
        _NOTHING,
        "Add one with: svidok desk mission receiver add CARD. Sticks work without.",
    ),
    Entry(
        "E_RECEIVERS_MANY",
        "A mission names at most {limit} receivers.",
        _NOTHING,
        "Found another mission for the next one.",
    ),
    Entry(
        "E_RECEIVERS_FULL",
        "A desk works with at most {limit} receivers.",
        _NOTHING,
        "Take one out that is not in use any more: svidok desk mission receiver remove WHICH, and then forget WHICH.",
    ),
    Entry(
        "E_RECEIVER_WHICH",
        "This desk has several receivers, or none like this: {names}.",
        _NOTHING,
        "Say which one with --only and the first digits of its fingerprint.",
    ),
    Entry(
        "E_RECEIVER_HOLDS",
        "Something may still lie at {url} or come there. Volumes not fetched: {volumes}. Volumes not acknowledged:"
        " {imported}. Return boxes that it lacks: {boxes}. Devices whose newest pack names it: {devices}.",
        "It is still known here: it is fetched from, and gets receipts. Devices keep every interview until the desk has"
        " confirmed it.",
        "Enrol these devices again for their new packs, fetch, import and send the receipts. When nothing comes any"
        " more: svidok desk mission receiver forget WHICH (at once, with --force).",
    ),
    Entry(
        "E_DESK_UNKNOWN",
        "The receiver does not know this desk.",
        _NOTHING,
        "Write the newest list (svidok desk mission tokens --out T), and let the receiver take it in: svidok receiver"
        " accept T.",
    ),
    Entry(
        "E_FETCH_LIST",
        "The receiver's list of volumes makes no sense ({why}).",
        "What was fetched before is kept.",
        "Look after the receiver: it is broken, or somebody else answers for it.",
    ),
    Entry(
        "E_FETCH_FALSE",
        "The receiver gave something else than the volume that it lists: {why}.",
        "It was not kept. The devices keep every interview until the desk has confirmed it.",
        "Fetch again later. If it stays, ask for the same volumes by stick, and look after the receiver.",
    ),
    Entry(
        "E_FETCH_GONE",
        "The receiver lists a volume and does not have it any more.",
        "The devices keep every interview until the desk has confirmed it.",
        "Fetch again later. If it stays, ask for the same interviews by stick, and look after the receiver.",
    ),
    Entry(
        "E_CLOCK",
        "The clock of the device was far from the time that can be proved.",
        "The interview is sealed and imported; only its claimed time is in doubt.",
        "Compare the claimed time with the interval shown in the record, and ask the documenter to set the clock.",
    ),
    Entry(
        "E_FACET",
        "A search cannot be narrowed by {given}.",
        _NOTHING,
        "Write NAME=VALUE, with one of the names {names}.",
    ),
    Entry(
        "E_ITEM_UNKNOWN",
        "No item in quarantine is called {which}.",
        _NOTHING,
        "Look which there are, with: svidok desk quarantine list.",
    ),
    Entry(
        "E_ITEM_WHICH",
        "Several items in quarantine are called {which}.",
        _NOTHING,
        "Give the number of the one that you mean: {numbers}.",
    ),
    Entry(
        "E_ITEM_RULE",
        "This cannot be accepted by a decision ({code}): no proof stands behind it, or another one speaks against it.",
        "The item stays in quarantine as it came, sealed.",
        "Take away its cause and try again, write it out for an expert, or put it aside with a reason.",
    ),
    Entry(
        "E_ITEM_REASON",
        "A decision needs a written reason of {least} to {most} characters.",
        _NOTHING,
        "Write in a sentence why, without names of persons.",
    ),
    Entry(
        "E_ITEM_CELLS",
        "The sealed content of this item is not kept at this desk.",
        "The device that made it keeps it until the desk has confirmed it.",
        "Import the sticks again from which it came, or fetch again.",
    ),
    Entry(
        "E_REJECTED",
        "A person put this entry aside ({code}).",
        _KEPT,
        "Read the reason in the quarantine. To take the decision back, try the item again there.",
    ),
)
