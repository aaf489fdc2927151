"""Coded problems of this area: the vault, its database, its key ring, its custody log and its attachments."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_UNCHANGED = "Nothing was changed."
_SOURCE = "The file itself was not changed, and nothing of it was kept in the vault."
_SEALED = "What was already sealed and carried away is not touched by this."

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "E_UNLOCK",
        "The vault did not open with this passphrase and key file.",
        _UNCHANGED,
        "Check the layout of the keyboard and the key file, then try again. There is no limit of attempts.",
    ),
    Entry(
        "E_KDF_PARAMS",
        "The head of the vault asks for a cost of unlocking that is out of bounds.",
        "Nothing was computed and nothing was changed.",
        "The head is damaged or was altered: restore the file vault.hdr from a backup, and tell the office.",
    ),
    Entry(
        "E_KDF_MEMORY",
        "This computer cannot give the {mib} MiB of memory that unlocking needs.",
        _UNCHANGED,
        "Close other programs and try again.",
    ),
    Entry(
        "E_KEYSLOTS_FULL",
        "The vault has no free place for one more way to unlock it.",
        _UNCHANGED,
        "Remove one that is no longer needed, then add the new one.",
    ),
    Entry(
        "E_SELFTEST",
        "The cryptography on this computer gave a wrong answer ({primitive}).",
        "No vault was opened and nothing was written.",
        "Install the program afresh. If it happens again, do not use this computer for testimony.",
    ),
    Entry(
        "E_HDR_ROLLBACK",
        "The file with the passphrases of this vault is not the one that was written last.",
        "The vault is open and its content is whole; but an old passphrase may have been put back.",
        "Change the passphrase now, and tell the office that somebody may have had this computer.",
    ),
    Entry(
        "E_HDR_LOST",
        "The file that the passphrase opens is missing from this home, or is not whole.",
        "Sealed interviews in this home stay sealed; the office can still read the ones that it gets.",
        "If there is a backup of the home folder, put the file vault/vault.hdr back from it; else ask the office.",
    ),
    Entry(
        "E_KEYSLOT_KEPT",
        "Without this passphrase nobody could open the vault.",
        _UNCHANGED,
        "Set another passphrase first.",
    ),
    Entry(
        "E_DB_CORRUPT",
        "The database of this home is damaged, or it does not belong to it.",
        _SEALED,
        "Do not write anything more. Make a copy of the whole home folder, and ask the office for help.",
    ),
    Entry(
        "E_DB_NEWER",
        "A newer version of this program has worked in this home ({name}).",
        _UNCHANGED,
        "Use the newer version.",
    ),
    Entry(
        "E_DB_BUSY",
        "Another window or command is writing to this home at this moment.",
        "Nothing was changed by this step.",
        "Wait a moment and do the step again.",
    ),
    Entry(
        "E_DB_DENIED",
        "A step that could take data out of the encrypted database was refused.",
        _UNCHANGED,
        "This is a fault in the program, or in something that changed it. Tell the office this code.",
    ),
    Entry(
        "E_DB_RULE",
        "The program tried to store something that its own rules do not allow ({error}).",
        "It was not stored; what was there before is unchanged.",
        "This is a fault in the program. Close it, open it again, and tell the office this code.",
    ),
    Entry(
        "E_READ_ONLY",
        "This home is open for reading only.",
        _UNCHANGED,
        "Open it for writing when no other window or command works in it.",
    ),
    Entry(
        "E_FROZEN",
        "Something that must never change was about to be changed ({where}).",
        "It was not changed.",
        "This is a fault in the program, or in something that changed it. Tell the office this code.",
    ),
    Entry(
        "E_RING_LOST",
        "The key that opens the drafts of this vault is missing or damaged.",
        "Sealed interviews are safe and can be carried away as before; open drafts cannot be read.",
        "Do not write anything more. Make a copy of the whole home folder, and ask the office for help.",
    ),
    Entry(
        "E_RING_REMAINS",
        "An old key could not be overwritten ({error}).",
        "Everything is stored as it should be; until it is overwritten, deleted drafts could be read from an old copy.",
        "Close the program and open it again: it overwrites the old key then.",
    ),
    Entry(
        "E_KEY_LOST",
        "The key of something in this vault is missing or damaged.",
        "Everything else in the vault is safe.",
        "Make a copy of the whole home folder, and ask the office for help.",
    ),
    Entry(
        "E_LOG_FORK",
        "The custody log of this home is not in order: something in it was changed, cut off or put back ({where}).",
        "Interviews that the office has confirmed are not touched by this.",
        "Write down what happened with this computer, and tell the office before you go on.",
    ),
    Entry(
        "E_VAULT_CLOSED",
        "This vault is locked.",
        "Everything in it is safe.",
        "Unlock it with the passphrase.",
    ),
    Entry(
        "E_ATTACH_KIND",
        "This is no ordinary file; a folder, a device or a pipe cannot be attached.",
        _SOURCE,
        "Choose a single file.",
    ),
    Entry(
        "E_ATTACH_EMPTY",
        "This file is empty.",
        _SOURCE,
        "Check that the recording or photograph was saved, and choose it again.",
    ),
    Entry(
        "E_ATTACH_UNREADABLE",
        "This file cannot be read ({error}).",
        _SOURCE,
        "Check that its card or stick is plugged in and that you may read the file; then choose it again.",
    ),
    Entry(
        "E_ATTACH_CHANGED",
        "This file changed while it was being read.",
        _SOURCE,
        "Wait until the recording or copying has ended, and attach it again.",
    ),
    Entry(
        "E_ATTACH_TOO_LARGE",
        "This file has {size} MiB; {limit} MiB are still possible in this interview.",
        _SOURCE,
        "Cut the recording into parts, and attach the next part to a second interview that continues this one.",
    ),
    Entry(
        "E_ATTACH_UNKNOWN",
        "This vault has no such attachment.",
        _UNCHANGED,
        "Look at the list of attachments of the interview, and choose one of them.",
    ),
)
