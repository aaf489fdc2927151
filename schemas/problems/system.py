"""Coded problems of this area: the machine, its disks and the home folder."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_KEPT = "Everything that was saved before is still there, and nothing half-made was left behind."

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "E_DISK_FULL",
        "The disk has no room for what had to be written ({error}).",
        _KEPT,
        "Make room on this disk, or use another one, and do the same step again.",
    ),
    Entry(
        "E_DISK_SPACE",
        "This needs {needed} MiB, and only {free} MiB are free on the disk.",
        "Nothing was written.",
        "Make room on this disk, or use another one, and do the same step again.",
    ),
    Entry(
        "E_MEDIA_IO",
        "A disk or stick could not be read or written, or is gone ({error}).",
        _KEPT,
        "Check that it is plugged in and do the step again. If it fails again, use another disk or stick.",
    ),
    Entry(
        "E_NO_ACCESS",
        "This computer does not permit reading or writing there ({error}).",
        "Nothing was changed.",
        "Choose a folder that belongs to you, or remove the write protection of the stick, and do the step again.",
    ),
    Entry(
        "E_HOME_EXISTS",
        "There is something in this home folder already.",
        "It was not touched.",
        "Open it with its passphrase, or choose another folder with --home.",
    ),
    Entry(
        "E_HOME_MISSING",
        "There is no home in this folder yet.",
        "Nothing was changed.",
        "Create one first, or choose the right folder with --home.",
    ),
    Entry(
        "E_HOME_PROFILE",
        "This home is for the profile {found}, and this step needs the profile {wanted}.",
        "Nothing was changed.",
        "Choose the right folder with --home.",
    ),
    Entry(
        "E_HOME_BUSY",
        "Another window or command is working in this home (process {pid}).",
        "Nothing was changed, and what the other one does is safe.",
        "Close the other window, or wait until its command has ended, and do the step again.",
    ),
    Entry(
        "E_SWAP",
        "This computer may write its memory to disk without encryption ({where}).",
        "The vault itself is encrypted; what is open in memory could remain on the disk.",
        "Switch off hibernation and swap, or encrypt the whole disk; ask the person who looks after this computer.",
    ),
    Entry(
        "E_HARDEN",
        "This computer refused a protection of the program's memory ({step}).",
        "The vault itself is encrypted; after a crash, what is open in memory could remain on the disk.",
        "You can go on. Tell the person who looks after this computer about this message.",
    ),
    Entry(
        "E_INTERNAL",
        "The program made a mistake ({kind} at {where}).",
        "Everything that was saved before is still there.",
        "Try the step again. If it happens again, tell the office this line; it holds nothing of any testimony.",
    ),
    Entry(
        "E_PASSPHRASE_SHORT",
        "A passphrase of your own needs at least {least} characters.",
        "Nothing was changed.",
        "Choose a longer one: several words that do not belong together. Or let the program make one with --generate.",
    ),
    Entry(
        "E_PASSPHRASE_WEAK",
        "This passphrase is easy to guess.",
        "Nothing was changed.",
        "Choose several words that do not belong together. Or let the program make one with --generate.",
    ),
    Entry(
        "E_PASSPHRASE_TWICE",
        "The two passphrases that you typed are not the same.",
        "Nothing was changed.",
        "Type it again, slowly.",
    ),
    Entry(
        "E_PASSPHRASE_NONE",
        "No passphrase was given, and there is no terminal to ask on.",
        "Nothing was changed.",
        "Give a file that holds it with --passphrase-file.",
    ),
    Entry(
        "E_ANSWERS_FILE",
        "The file of answers is not JSON with one object ({where}).",
        "Nothing was changed.",
        "Mend the file at that place and give it again.",
    ),
    Entry(
        "E_NO_TERMINAL",
        "The screens need a terminal, and there is none here.",
        "Nothing was changed.",
        "Start it in a terminal window, or use the commands: svidok --help.",
    ),
    Entry(
        "E_TERMINAL_PLAIN",
        "This terminal cannot carry the screens.",
        "Nothing was changed.",
        "Take interviews line by line: svidok field interview --plain. The other commands are in svidok --help.",
    ),
    Entry(
        "E_FILE_MISSING",
        "There is no file called {name}.",
        "Nothing was changed.",
        "Check the name and the folder. If it lies on a stick, check that the stick is plugged in.",
    ),
    Entry(
        "E_FOLDER_MISSING",
        "There is no folder called {name} to write to.",
        "Nothing was changed.",
        "Check the name, or make the folder first. If it is a stick, check that it is plugged in.",
    ),
)
