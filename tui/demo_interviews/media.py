"""Files for the invented interviews: a recording and two photographs, made here, the same bytes on every machine.

Whole numbers only (a sine may differ in its last bit from one C library to the next) and deflate blocks that are
stored, not compressed (compressors differ). Nothing in them was ever recorded or photographed, and the pictures say so.
"""

from __future__ import annotations

import random
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from collector.files import write_durably
from tui.demo_interviews.picture import photograph

__all__ = ["MEDIA", "RECORDING_BYTES", "DemoAttachment", "recording"]

RECORDING_BYTES = 20 * 1024 * 1024
"""Length of the recording with its header: about eleven minutes."""

_RATE = 16_000  # samples a second, 16 bits, one channel: what a telephone recorder makes
_HEADER = 44
_SYLLABLE = 2_880  # samples: 0.18 s
_SYLLABLES = 48


@dataclass(frozen=True, slots=True)
class DemoAttachment:
    """A file that an interview carries; `blocks` makes its bytes."""

    name: str
    mime: str
    blocks: Callable[[], Iterator[bytes]]

    def write(self, folder: Path) -> Path:
        """Writes the file into `folder`, which exists. Raises E_DISK_FULL, E_MEDIA_IO, E_NO_ACCESS."""
        path = folder / self.name
        write_durably(path, self.blocks())
        return path


def recording() -> Iterator[bytes]:
    """A WAV file (RIFF, PCM) that sounds like somebody speaking behind a wall, in blocks of a few kilobytes."""
    dice = random.Random("svidok demo recording")
    syllables = [_syllable(dice) for _ in range(_SYLLABLES)]
    left = RECORDING_BYTES - _HEADER
    yield _wav_header(left)
    while left:
        speaking = dice.randrange(5) > 0
        block = dice.choice(syllables) if speaking else _quiet(dice, dice.randint(800, 4_000))
        yield block[:left]
        left -= min(left, len(block))


def _wav_header(length: int) -> bytes:
    wave = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", length + _HEADER - 8, b"WAVE") + wave + struct.pack("<4sI", b"data", length)


def _syllable(dice: random.Random) -> bytes:
    """A swelling and fading tone with two overtones and some breath."""
    voice, low, high = (_RATE // dice.randint(*band) for band in ((90, 220), (300, 800), (900, 2_400)))
    samples = array("h")
    for n in range(_SYLLABLE):
        swell = min(n, _SYLLABLE - n)
        tone = 3 * _triangle(n, voice) + 2 * _triangle(n, low) + _triangle(n, high) + dice.randrange(-400, 401)
        samples.append(tone * swell // _SYLLABLE * 2)
    return _little_endian(samples)


def _triangle(n: int, period: int) -> int:
    """A triangle wave between -1000 and 1000."""
    return abs(n % period * 4_000 // period - 2_000) - 1_000


def _quiet(dice: random.Random, length: int) -> bytes:
    """The hum of a room: samples between -16 and 15."""
    return _little_endian(array("h", [(byte >> 3) - 16 for byte in dice.randbytes(length)]))


def _little_endian(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


_FRONT = ("ПОВЕСТКА № 000", "КОМУ: DEMO", "АДРЕС: НЕТ", "ЯВИТЬСЯ: 00.00.0000", "ВРЕМЯ: 00:00", "ВОЕНКОМАТ 000")
_BACK = ("ВЗЯТЬ:", "1. ПАСПОРТ", "2. СТАНОК ДЛЯ БРИТЬЯ", "3. ЕДА НА 2 ДНЯ", "ПОДПИСЬ: НЕТ")

MEDIA = {
    attachment.name: attachment
    for attachment in (
        DemoAttachment("recording.wav", "audio/wav", recording),
        DemoAttachment("summons-front.png", "image/png", lambda: photograph(_FRONT, stamp=True)),
        DemoAttachment("summons-back.png", "image/png", lambda: photograph(_BACK, stamp=False)),
    )
}
"""All files, by name."""
