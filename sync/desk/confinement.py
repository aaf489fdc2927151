"""What a process gives up for good before it touches what strangers made (docs/spec/protocol.md §12).

Rule: it is one way, and it never stops the work: bounds that a system does not know are left out. On Linux, on x86-64
and 64-bit ARM, a filter in the kernel refuses every call that would open a connection, start a program or look into
another process; everywhere but on Windows memory, length of files and core dumps are bounded.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from dataclasses import dataclass
from typing import Final

if sys.platform != "win32":
    import resource

MEMORY: Final = 1 << 30
"""Address space of the intake: it needs a fraction of it, and a bomb is stopped before the machine suffers."""

_SET_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050001
"""The call fails with EPERM."""
_OTHER_ABI: Final = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    """The audit number of an architecture, and its numbers of the calls that are refused."""

    audit: int
    calls: tuple[int, ...]


# socket, connect, bind, sendto, ptrace, execve, execveat, process_vm_readv, and on x86-64 fork and vfork.
_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, (41, 42, 49, 44, 101, 59, 322, 310, 57, 58)),
    "aarch64": _Machine(0xC00000B7, (198, 203, 200, 206, 117, 221, 281, 270)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def bound(quota: int) -> None:
    """No core dump, a gibibyte of memory, no file longer than `quota` bytes; as many open files as are permitted."""
    if sys.platform == "win32":
        return
    for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, quota), (resource.RLIMIT_AS, MEMORY)):
        _, hard = resource.getrlimit(kind)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))


def cut_off() -> bool:
    """No connection and no other program from here on; says whether this system can do that."""
    if sys.platform != "linux":
        return False
    machine = _MACHINES.get(os.uname().machine)
    if machine is None or sys.maxsize < 1 << 32:
        return False
    code = _filter(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    zero = ctypes.c_ulong(0)
    if prctl(_SET_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero):
        return False
    return not prctl(_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(program), zero, zero)


def _filter(machine: _Machine) -> bytes:
    """The filter in the kernel's classic form: 8 bytes a step (code 2, jump if true 1, jump if false 1, value 4)."""
    tests = len(machine.calls)
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture of the call
        (_EQUAL, 0, tests + 3, machine.audit),
        (_LOAD, 0, 0, 0),  # its number
        (_AT_LEAST, tests + 1, 0, _OTHER_ABI),
        *((_EQUAL, tests - place, 0, call) for place, call in enumerate(machine.calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
