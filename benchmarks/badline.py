"""A bad line between two network namespaces: slow, late, losing packets; what crosses it is counted.

Each namespace has one device (TUN) whose packets this process passes to the other. Where the kernel has netem, `tc`
makes the line bad; where it has not, this process does the same: a queue of bounded length, a rate, a delay and a
chance of loss for each packet, in both directions. Needs root; touches nothing outside of its own namespaces.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

NEAR, FAR = "10.99.0.1", "10.99.0.2"
_DEVICE = "svline"
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 1, 0x1000
_MTU = 1500
_TCP, _SYN = 6, 2
_QUEUE = 50


def lacking() -> str:
    """What this machine does not have for it, as a sentence; empty when it has everything."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "`ip` is not on this machine (Debian: apt-get install iproute2)"
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError:
        return "/dev/net/tun cannot be opened"
    made = subprocess.run(["ip", "netns", "add", f"svidok-probe-{os.getpid()}"], capture_output=True)
    if made.returncode:
        return "the kernel makes no network namespaces here"
    subprocess.run(["ip", "netns", "delete", f"svidok-probe-{os.getpid()}"], capture_output=True)
    return ""


@dataclass(frozen=True, slots=True)
class Badness:
    """Bits a second, seconds that a packet takes, share of packets that are lost; in each direction."""

    rate: int
    delay: float
    loss: float


@dataclass(slots=True)
class Way:
    """One direction: what was put on it. `wire`: bytes of IP; `stream`: what TCP carried, `repeated`: of it again;
    `lost` packets.
    """

    wire: int = 0
    stream: int = 0
    repeated: int = 0
    lost: int = 0
    seen: dict[tuple[int, int], int] = field(default_factory=dict)
    free_at: float = 0.0
    waiting: list[float] = field(default_factory=list)

    def count(self, packet: bytes) -> None:
        """One more packet. What TCP carried before is told by its number: the highest of each connection is kept."""
        self.wire += len(packet)
        if packet[0] >> 4 != 4 or packet[9] != _TCP:
            return
        head = (packet[0] & 15) * 4
        ports, number = struct.unpack_from("!II", packet, head)
        length = len(packet) - head - (packet[head + 12] >> 4) * 4
        connection = (ports, int.from_bytes(packet[12:16]))
        self.stream += length
        if packet[head + 13] & _SYN:
            self.seen[connection] = number + 1
            return
        new = (number + length - self.seen.get(connection, number)) & 0xFFFFFFFF
        if new < 1 << 31:
            self.seen[connection] = (number + length) & 0xFFFFFFFF
        else:
            new = 0
        self.repeated += length - min(length, new)


class Line:
    """The line, in work. `near` and `far` are the names of the namespaces; `out` is from near to far."""

    def __init__(self, badness: Badness, seed: int = 20_261_122) -> None:
        self.near, self.far = (f"svidok-{os.getpid()}-{end}" for end in ("near", "far"))
        self.out, self.back = Way(), Way()
        self.by_kernel = False
        self._badness, self._chance = badness, random.Random(seed)
        self._ends: list[int] = []
        self._due: list[tuple[float, int, int, bytes]] = []
        self._number = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Namespaces, devices, traffic. Raises CalledProcessError, OSError."""
        for place, (name, address) in enumerate(((self.near, NEAR), (self.far, FAR))):
            _ip("netns", "add", name)
            self._ends.append(_device(f"sv{os.getpid()}-{place}", name, address))
        self.by_kernel = all(self._netem(name) for name in (self.near, self.far))
        self._thread.start()

    def stop(self) -> None:
        """Everything goes."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(10)
        for end in self._ends:
            os.close(end)
        for name in (self.near, self.far):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", name)

    def under(self, name: str) -> tuple[str, ...]:
        """Words before a command that is to run in a namespace."""
        return ("ip", "netns", "exec", name)

    def drain(self, quiet: float = 5.0, most: float = 90.0) -> None:
        """Waits until nothing has been on the line for a while."""
        until, before = time.monotonic() + most, -1
        while (self._due or self._number != before) and time.monotonic() < until:
            before = self._number
            self._ended.wait(quiet)

    def _netem(self, name: str) -> bool:
        bad = self._badness
        words = ["tc", "-n", name, "qdisc", "add", "dev", _DEVICE, "root", "netem", "limit", str(_QUEUE)]
        words += ["rate", f"{bad.rate}bit", "delay", f"{bad.delay * 1000:.0f}ms", "loss", f"{bad.loss:.2%}"]
        return shutil.which("tc") is not None and subprocess.run(words, capture_output=True).returncode == 0

    def _run(self) -> None:
        while not self._ended.is_set():
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                _, _, end, packet = heapq.heappop(self._due)
                with suppress(OSError):
                    os.write(end, packet)
            patience = min(0.2, self._due[0][0] - now) if self._due else 0.2
            ready, _, _ = select.select(self._ends, [], [], patience)
            for end in ready:
                self._take(end)

    def _take(self, end: int) -> None:
        """One packet goes on the line, or is lost."""
        packet = os.read(end, 2 * _MTU)
        if packet[0] >> 4 != 4:
            return  # what the system says of itself over IPv6
        first = end == self._ends[0]
        way, other = (self.out, self._ends[1]) if first else (self.back, self._ends[0])
        way.count(packet)
        now = time.monotonic()
        arrives = now
        if not self.by_kernel:
            way.waiting = [gone for gone in way.waiting if gone > now]
            if len(way.waiting) >= _QUEUE:
                way.lost += 1
                return
            way.free_at = max(now, way.free_at) + 8 * len(packet) / self._badness.rate
            way.waiting.append(way.free_at)
            if self._chance.random() < self._badness.loss:
                way.lost += 1
                return
            arrives = way.free_at + self._badness.delay
        self._number += 1
        heapq.heappush(self._due, (arrives, self._number, other, packet))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _device(made: str, namespace: str, address: str) -> int:
    """A device that was moved into a namespace; where its packets are read and written."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH14x", made.encode(), _IFF_TUN | _IFF_NO_PI))
    _ip("link", "set", made, "netns", namespace, "name", _DEVICE)
    _ip("-n", namespace, "address", "add", f"{address}/24", "dev", _DEVICE)
    _ip("-n", namespace, "link", "set", _DEVICE, "mtu", str(_MTU), "up")
    _ip("-n", namespace, "link", "set", "lo", "up")
    return end


@contextmanager
def between(badness: Badness) -> Iterator[Line]:
    """A bad line, as long as the `with` lasts."""
    line = Line(badness)
    try:
        line.start()
        yield line
    finally:
        line.stop()
