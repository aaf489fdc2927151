"""Coded problems of interviews and of sealing them (docs/spec/protocol.md §6.5, §13)."""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_KEPT = "Everything that was entered is kept, encrypted, in the vault."
_AS_BEFORE = "The interview is as it was before."

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "E_INTERVIEW_UNKNOWN",
        "There is no interview with the record code {code} on this device.",
        "Nothing was changed.",
        "Look into the list of interviews for the right code.",
    ),
    Entry(
        "E_INTERVIEW_SEALED",
        "The interview {code} is sealed: this device cannot open it any more.",
        "The sealed entry is kept until the office confirms that it has it.",
        "Take what must be corrected down in a new interview that refers to this code.",
    ),
    Entry(
        "E_CORRECT_DRAFT",
        "The interview {code} is not sealed yet.",
        _KEPT,
        "Open it and change what is wrong there: until it is sealed everything in it can be corrected.",
    ),
    Entry(
        "E_INTERVIEW_CLOSED",
        "This interview was closed on this screen.",
        _KEPT,
        "Open it again from the list of interviews.",
    ),
    Entry(
        "E_INTERVIEW_FROZEN",
        "This interview is being sealed and takes no answers now.",
        _KEPT,
        "Wait until the seal is done. If sealing fails, the interview can be changed again.",
    ),
    Entry(
        "E_FORM_UNKNOWN",
        "The mission pack in force has no form “{form}”.",
        "Nothing was changed.",
        "Choose one of the forms that the status shows, or ask the office for a mission pack with this form.",
    ),
    Entry(
        "E_ANSWER_LONG",
        "This answer is too long to be kept in one piece ({bytes} bytes, at most {limit}).",
        _AS_BEFORE,
        "Divide it over two questions, or attach it as a file.",
    ),
    # review and sealing
    Entry(
        "E_SEAL_PENDING",
        "Text that was typed at the question {question} is not an answer yet.",
        _KEPT,
        "Open the interview at this question and confirm the text or clear it, then seal.",
    ),
    Entry(
        "E_SEAL_GATE",
        "Answers say that this interview stops, waits, or that nothing of it is kept ({gates}).",
        _KEPT,
        "Read in the review what each of them asks for. Withdraw the interview, or correct an answer that was wrong.",
    ),
    Entry(
        "E_GATE_WIPE",
        "The answers say that nothing of this interview is kept ({gates}).",
        "Nothing of it is on this machine: what was begun was erased.",
        "Heed it: erase the file of answers too. If an answer was wrong, correct the file and begin again.",
    ),
    Entry(
        "E_WITHDRAW_UNSURE",
        "Erasing the interview {code} was not confirmed.",
        _KEPT,
        "Confirm it on the terminal, or give --yes.",
    ),
    Entry(
        "E_SEAL_BLOCKED",
        "Questions that decide whether the interview may go on are not answered: {questions}. Also open: {missing}.",
        _KEPT,
        "Answer them, then seal again. An interrupted interview can be sealed as incomplete, with the reason.",
    ),
    Entry(
        "E_SEAL_INCOMPLETE",
        "{count} questions still need an answer or a correction: {questions}.",
        _KEPT,
        "Answer them (“does not know”, “prefers not to answer” and “not asked” are answers too), or seal the interview "
        "as incomplete with the reason.",
    ),
    Entry(
        "E_SEAL_CONSENT",
        "Consent was not asked for yet: {questions}.",
        _KEPT,
        "Ask for consent and enter the answer. If nobody can be asked any more, withdraw the interview.",
    ),
    Entry(
        "E_SEAL_REASON",
        "The reason why an interview is sealed as incomplete must be from 1 to {limit} bytes long.",
        _KEPT,
        "Give a short reason, without names.",
    ),
    Entry(
        "E_DOCUMENT_SIZE",
        "The answers of the part “{compartment}” are larger than an entry can hold.",
        _KEPT,
        "Divide the account over two interviews that continue each other.",
    ),
    # attachments of an interview
    Entry(
        "E_ATTACH_QUESTION",
        "The question “{question}” does not take a file now.",
        _AS_BEFORE,
        "Attach the file to a question for files, or to the interview as a whole.",
    ),
    Entry(
        "E_ATTACH_PRESENT",
        "The question “{question}” has a file already.",
        _AS_BEFORE,
        "Remove the file that is there first, or attach the new one to the interview as a whole.",
    ),
    Entry(
        "E_ATTACH_MANY",
        "An interview holds at most {limit} files.",
        _AS_BEFORE,
        "Begin a second interview that continues this one, and attach the file there.",
    ),
    Entry(
        "E_ATTACH_LOST",
        "{count} files of interviews are gone from the vault, or were cut short there.",
        "All answers and all other files are kept.",
        "Attach the files again if they are still elsewhere, and remove the lost ones from the interview.",
    ),
    Entry(
        "E_ATTACH_RUNNING",
        "A recording of this interview is still running.",
        _KEPT,
        "Stop the recording, then seal.",
    ),
    Entry(
        "E_NOTE_LONG",
        "This note has {count} characters; a note to an answer has at most {limit}.",
        "The note that was there before, and the answer, are as they were.",
        "Shorten it. What the person said belongs into the answer or the account.",
    ),
    # the file that an attachment was taken from (collector.sources)
    Entry(
        "E_SOURCE_READ_ONLY",
        "The file cannot be deleted: its stick or card lets nothing be written, or the folder belongs to someone else.",
        "The sealed copy is whole, and the file is where it was.",
        "Take the stick or card along, or delete the file on the device that made it.",
    ),
    Entry(
        "E_SOURCE_LINK",
        "The file is a link, or has more than one name, so that overwriting it would touch something else.",
        "The sealed copy is whole, and nothing was overwritten.",
        "Look for the file itself and delete it by hand.",
    ),
    Entry(
        "E_SOURCE_CHANGED",
        "The file is not the one any more that was taken over.",
        "The sealed copy holds what was there before; nothing was overwritten.",
        "Look at the file. If what it has now belongs to the interview too, attach it again.",
    ),
    # answers (schemas.session, schemas.answers)
    Entry(
        "E_ANSWER_PATH",
        "The form has no place {question} in this interview.",
        _AS_BEFORE,
        "Correct the name, or add the entry that it belongs to.",
    ),
    Entry(
        "E_ANSWER_TYPE",
        "The question {question} takes {wanted}.",
        _AS_BEFORE,
        "Enter the answer in that form.",
    ),
    Entry(
        "E_ANSWER_CHOICE",
        "The question {question} does not offer this choice.",
        _AS_BEFORE,
        "Choose one of the choices that the question shows.",
    ),
    Entry(
        "E_ANSWER_RESERVED",
        "The question {question} takes no “does not know”, “prefers not to answer” or “not asked”.",
        _AS_BEFORE,
        "Choose one of the answers that the question shows.",
    ),
    Entry(
        "E_ANSWER_READONLY",
        "{question} is filled in by the program and cannot be answered.",
        _AS_BEFORE,
        "Answer the questions that it depends on.",
    ),
)
