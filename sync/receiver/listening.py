"""The door: a listening socket that lets in so many connections and forgets who they are.

Rule: from here on nothing in the process can learn the address of a peer, so nothing can write it down.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

NOBODY = ("", 0)


class Guest(socket.socket):
    """A connection that counts itself out when it closes, and does not say where it comes from."""

    left: Callable[[], None] | None = None

    def getpeername(self) -> tuple[str, int]:
        """Never an address."""
        return NOBODY

    def close(self) -> None:
        """Closes, and makes room once."""
        left, self.left = self.left, None
        super().close()
        if left is not None:
            left()


class Door(socket.socket):
    """A listening socket. `make_room` is asked for a place when there is none; it says whether there will be one."""

    most = 0
    inside = 0
    turned_away = 0
    make_room: Callable[[], bool] | None = None

    @classmethod
    def over(cls, listening: socket.socket, most: int, make_room: Callable[[], bool]) -> Door:
        """Takes over a listening socket."""
        door = cls(listening.family, listening.type, listening.proto, fileno=listening.detach())
        door.most = most
        door.make_room = make_room
        door.setblocking(False)
        return door

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """The next connection; one too many is closed at once (ConnectionAbortedError, as the system would say)."""
        connection, _ = super().accept()
        if self.inside >= self.most and not (self.make_room is not None and self.make_room()):
            self.turned_away += 1
            connection.close()
            raise ConnectionAbortedError
        guest = Guest(connection.family, connection.type, connection.proto, fileno=connection.detach())
        guest.left = self._left
        self.inside += 1
        return guest, NOBODY

    def _left(self) -> None:
        self.inside -= 1
