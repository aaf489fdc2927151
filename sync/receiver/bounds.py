"""What one worker of a receiver gives to strangers and to senders at most (docs/spec/protocol.md §10.3).

Rule: everything that a peer can make grow has a bound here, and whoever meets it is answered or cut; what had arrived
until then stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync.receiver.boxes import BOX_ROOM, BoxRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bytes, seconds and counts, for each worker."""

    # connections
    connections: int = 512
    """Open at once; one that waits idle makes room for a new one, else the new one is closed."""
    handshake: float = 10.0
    """Seconds for TLS."""
    head_seconds: float = 10.0
    """Seconds for a whole head, and for the first byte of a connection."""
    keep_alive: int = 20
    """Seconds that a connection may wait between two requests."""
    head_bytes: int = 8192
    headers: int = 48
    # bodies
    idle: float = 60.0
    """Seconds without a byte of a body, or without room for a byte of an answer, until a connection is cut."""
    rate: int = 64
    """Bytes a second that a body brings on average over `rate_window`; the slowest lines of the field bring more."""
    rate_window: float = 60.0
    linger: int = 8 << 20
    """Bytes of a body that are read and dropped after it was answered, so that the peer can hear the answer."""
    linger_seconds: float = 5.0
    # uploads
    uploads: int = 256
    """PATCH and POST with a body, in work at once; one more is 503."""
    buffered: int = 8 << 20
    """Bytes that arrived and wait for their check, of all uploads together; beyond its share, a peer has to wait."""
    flush_bytes: int = 256 << 20
    flush_seconds: float = 5.0
    """A long body is made durable this often, at its end, and when it is cut: a crash of the receiver costs its sender
    five seconds of the line, however quick that is.
    """
    remembered: int = 64
    """Checks of uploads kept for the next request, up to 140 KiB each."""
    # the desk
    reads: int = 16
    """Volumes and return boxes being read at once, and return boxes being filled."""
    boxes: BoxRoom = BOX_ROOM
    """Return boxes of one office, whichever worker filled them."""
    box_reserve: int = 8 << 20
    """Bytes of the disk that return boxes leave free, so that acknowledgements still find room."""
    page: int = 1000
    # upkeep
    patience: float = 10.0
    """Seconds that a request waits for another one to let go of the same upload."""
    sweep: float = 600.0
    """Seconds between two searches for what has expired."""
    stop: float = 20.0
    """Seconds until a stop is no longer graceful."""
