"""What a figure was measured on, as far as it explains the figure; nothing that names the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from pathlib import Path

FLAGS = ("sha_ni", "aes", "vaes", "avx2", "avx512f")


def line(folder: Path) -> str:
    """Cores, processor flags, disk below `folder`, interpreter, SHA-256 of one thread, load."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    return (
        f"{os.cpu_count()} cores ({_flags()}), {platform.system()}, {_disk(folder)},"
        f" {platform.python_implementation()} {platform.python_version()},"
        f" SHA-256 {sha256_rate():.0f} MiB/s a thread, load {load}"
    )


def sha256_rate() -> float:
    """MiB/s of SHA-256 in one thread: what every program that hashes one long content is bound by."""
    data, best = bytes(1 << 20), float("inf")
    for _ in range(40):
        begun = time.perf_counter()
        hashlib.sha256(data).digest()
        best = min(best, time.perf_counter() - begun)
    return 1 / best


def _flags() -> str:
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return platform.machine()
    return ", ".join(f"{'' if flag in words else 'no '}{flag}" for flag in FLAGS)


def _disk(folder: Path) -> str:
    """File system and kind of disk that a folder lies on."""
    try:
        mounts = [mount.split() for mount in Path("/proc/self/mounts").read_text().splitlines()]
        inside = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
        device, _, system, *_ = max(inside, key=lambda mount: len(mount[1]))
        queue = Path("/sys/class/block") / Path(device).name / "queue/rotational"
        turning = {"0\n": " on a disk without moving parts", "1\n": " on a turning disk"}
        kind = turning.get(queue.read_text() if queue.exists() else "", "")
        if Path(device).name.startswith("vd"):
            kind = " on a virtual disk"
    except (OSError, ValueError):
        return "unknown disk"
    return system + kind
