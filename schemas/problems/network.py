"""Coded problems of this area: sending, fetching, receivers, tokens (docs/spec/protocol.md §10).

Rule: the same sentence is read on a device in the field, at the desk and at the receiver, and must be true at each.
"""

from __future__ import annotations

from schemas.problems.catalogue import Entry

_KEPT = (
    "Nothing is lost: every sealed interview stays in the field's outbox until the office has confirmed it, and what"
    " the office has stays with the office."
)
_LATER = "Try again later: it goes on where it stopped. Sticks can be used meanwhile."
_STORED = "Nothing that was stored before has changed."


def _sending(code: str, what: str, remedy: str = _LATER) -> Entry:
    return Entry(code, what, _KEPT, remedy)


ENTRIES: tuple[Entry, ...] = (
    # the line
    _sending("E_NET_UNREACHABLE", "The receiver cannot be reached ({why})."),
    _sending("E_NET_CUT", "The connection to the receiver was cut ({why})."),
    _sending("E_NET_SLOW", "The receiver did not answer in time."),
    _sending(
        "E_NET_PROXY",
        "The proxy does not let us through ({why}).",
        "Check the address of the proxy, or whether Tor is running, and try again.",
    ),
    _sending(
        "E_PROXY_URL",
        "This is not the address of a proxy that can be used.",
        "Write it as socks5h://host:port (Tor: socks5h://127.0.0.1:9050) or http://host:port.",
    ),
    _sending(
        "E_NET_PORTAL",
        "This network answers in place of the receiver: it looks like a log-in page for guests.",
        "Log in to the network in a browser, or use another network, and try again.",
    ),
    _sending(
        "E_NET_REDIRECT",
        "Something answered with a redirection to another address. It was not followed.",
        "Use another network. If it happens everywhere, the office and whoever runs the receiver need this code.",
    ),
    _sending(
        "E_PIN",
        "Whoever answered is not the receiver of this mission: {why}.",
        "Somebody on this network may be listening. Nothing was sent. Check the clock of this computer and use another"
        " network. If it is so on every network, the receiver may have new certificates: a new mission pack from the"
        " office brings them to a device, and a new card of the receiver brings them to the office.",
    ),
    _sending(
        "E_NET_ANSWER",
        "The receiver answered with something that makes no sense here ({status}).",
        "Try again later. If it stays, the office and whoever runs the receiver need this code.",
    ),
    _sending("E_RECEIVER_BUSY", "The receiver is busy with others."),
    _sending(
        "E_RECEIVER_FULL",
        "The receiver has no room left.",
        "Whoever runs the receiver must make room. Sticks can be used meanwhile.",
    ),
    _sending("E_RECEIVER_FAULT", "Something went wrong in the receiver itself ({where})."),
    _sending(
        "E_RECEIVER_NONE", "The mission pack names no receiver.", "Use a stick, or ask the office for a new pack."
    ),
    _sending(
        "E_R1_FALSE",
        "The receiver's word that it stored a volume is not genuine ({why}).",
        "Use a stick, and tell the office this code: the receiver is broken or lies.",
    ),
    _sending(
        "E_SEND_NEVER",
        "The network is switched off on this machine, for sending and for receipts.",
        "Use a stick, or switch it on with: svidok field sending --policy asked",
    ),
    Entry(
        "E_RECEIVER_NAME",
        "No receiver of this mission is called {name}.",
        "Nothing was sent, and nothing was changed.",
        "Give one of its receivers: {known}",
    ),
    Entry(
        "E_SEND_LIMIT",
        "A limit of speed must be from 1 to {limit} KiB in a second.",
        "Nothing was changed.",
        "Give another number, or --no-limit.",
    ),
    # tokens
    _sending(
        "E_TOKEN_NONE",
        "All permissions for sending are used up.",
        "Ask the office for a new pack, and use a stick meanwhile.",
    ),
    _sending(
        "E_TOKEN_UNKNOWN",
        "The receiver does not know this permission for sending.",
        "Tell the office: the receiver needs the newest list of tokens. Use a stick meanwhile.",
    ),
    _sending("E_TOKEN_EXPIRED", "This permission for sending has expired.", "Ask the office for a new pack."),
    _sending(
        "E_TOKEN_USED",
        "The receiver says that this permission for sending was already used for another bundle.",
        "Use a stick, and ask the office for a new pack. It happens after a backup of the device was put back. If none"
        " was, tell the office this code: the receiver is broken or lies.",
    ),
    _sending(
        "E_TOKEN_QUOTA",
        "The bundle is larger than one permission for sending allows.",
        "Take these interviews to the office on a stick; sending them again changes nothing. Others can still be sent.",
    ),
    _sending(
        "E_RETURN_QUOTA",
        "The receiver holds as many receipts of this office as it may.",
        "Carry receipts on sticks meanwhile (svidok desk receipts --out). A box that nobody has filled again for 400"
        " days makes room; whoever runs the receiver needs this code.",
    ),
    # requests
    _sending("E_UPLOAD_UNKNOWN", "The receiver does not know this upload any more; it begins anew."),
    _sending(
        "E_UPLOAD_OFFSET",
        "The receiver continues at another byte than was sent.",
        "Try again later. If it stays, use a stick, and tell the office this code: the receiver is broken or lies.",
    ),
    _sending("E_UPLOAD_BUSY", "Another connection is sending the same volume."),
    _sending("E_UPLOAD_LENGTH", "More was sent than the volume has."),
    _sending("E_UPLOAD_CELL", "A part of the volume arrived damaged; it is sent again."),
    _sending(
        "E_HTTP_TUS",
        "The receiver speaks another version of the upload protocol.",
        "Bring the program up to date, here or at the receiver. Sticks can be used meanwhile.",
    ),
    _sending(
        "E_HTTP_REQUEST",
        "The receiver did not accept the request ({where}).",
        "Try again later. If it stays, the office and whoever runs the receiver need this code.",
    ),
    # the receiver's own
    Entry(
        "E_RECEIVER_CARD",
        "This is not the card of a receiver, or it is damaged.",
        _STORED,
        "Copy the card again from the receiver (`svidok receiver init` wrote it).",
    ),
    Entry(
        "E_RECEIVER_TWICE",
        "This mission already has that receiver.",
        _STORED,
        "Nothing has to be done.",
    ),
    Entry(
        "E_TOKEN_LIST",
        "This list of tokens cannot be taken in ({why}).",
        _STORED,
        "Ask the office for its newest list (`svidok desk mission tokens` writes it), and copy it again.",
    ),
    Entry(
        "E_RECEIVER_URL",
        "The address must begin with https:// and name a host: {url}",
        "Nothing was made.",
        "Give the address as devices will reach it, for example https://receiver.example:8443",
    ),
    Entry(
        "E_ROTATED",
        "The next certificate stands in this receiver's card only since {since}. A device whose mission pack was made"
        " with an older card does not know it: it could not send here any more.",
        "Nothing was changed.",
        "Give the newest card to the office (svidok receiver card), which adds it and gives every device a new pack"
        " (svidok desk mission receiver add, svidok desk enrol). Once all devices have it: svidok receiver rotate"
        " --force",
    ),
    Entry(
        "E_RECEIVER_LISTEN",
        "The receiver cannot listen on {address} ({why}).",
        _STORED,
        "Choose another address or port with --listen, or stop the program that uses it.",
    ),
    Entry(
        "E_RECEIVER_BACKEND",
        "The store or the index of the receiver does not answer ({where}).",
        "What was acknowledged is stored; unfinished uploads go on later.",
        "Whoever runs the receiver must see whether the object store and PostgreSQL run and can be reached. Then try"
        " again.",
    ),
    Entry(
        "E_STORE_URL",
        "This store or index cannot be used as it is written ({why}).",
        _STORED,
        "Write --store s3://bucket/prefix and --index postgresql://host/database; credentials come from the"
        " environment.",
    ),
    Entry(
        "E_RECEIVER_INDEX",
        "The index of this receiver cannot be opened ({why}).",
        "Nothing was changed; the volumes lie in the receiver's folder.",
        "Put back a copy of index.db, or move it away, accept the office's list of tokens again, and run:"
        " svidok receiver fsck --repair",
    ),
    Entry(
        "E_EXTRA_MISSING",
        "This command needs a part that is not installed here ({extra}).",
        "Nothing was changed.",
        "Install it with: pip install 'svidok[{extra}]'",
    ),
)
