"""Which process of which machine holds a lease, and whether that process has certainly ended.

A process that was killed and started again need not wait for the lease of its own former self.
"""

import hashlib
import os
import socket
from pathlib import Path

PROC = Path("/proc")
SHOWN_HOST = 40  # characters: the column holds 80, and staff read it in the list of processes


def here() -> str:
    """Return this process's mark: host, machine, pid and when it started."""
    pid = os.getpid()
    return f"{socket.gethostname()[:SHOWN_HOST]}:{_machine()}:{pid}:{_started(pid)}"


def has_ended(mark: str) -> bool:
    """Return whether the process of a mark has ended, False where that cannot be known from here."""
    _, machine, pid, started = mark.rsplit(":", 3) if mark.count(":") >= 3 else ("", "", "", "")
    if not machine or machine != _machine() or not pid.isdigit() or not started:
        return False
    running = _started(int(pid))
    if running:
        return running != started  # the number was given to another process since
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # of another account, and hidden from us
    return _is_zombie(int(pid))


def _machine() -> str:
    """Return a name for this boot of this machine as far as pids mean the same in it, "" when unknown."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return hashlib.sha256(f"{boot} {os.readlink(PROC / 'self/ns/pid')}".encode()).hexdigest()[:12]
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """Return the fields of a process behind its name, which may hold anything; empty without one."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _is_zombie(pid: int) -> bool:
    return _stat(pid)[:1] == ["Z"]


def _started(pid: int) -> str:
    """Return when a running process started, in ticks of its machine; "" of one that has ended."""
    fields = _stat(pid)
    return "" if not fields or fields[0] in "ZX" else fields[19]
