"""End the desk's processes when their supervisor is gone, however it went.

The supervisor writes `+PID` and `-PID` lines into this program's standard input. When that pipe
closes, whatever is still listed is told to stop, and killed a little later: a `kill -9` of the
supervisor runs no handler of its own, but it always closes the pipe. Each listed process leads a
process group, so that its own children end with it. Standard library only, one small process.
"""

import os
import signal
import sys
import time

GRACE_S = 3.0  # enough for the web server to close its sockets; nobody is waiting for the rest


def signal_groups(groups: set[int], number: int) -> set[int]:
    """Send a signal to every group and return those that still exist."""
    alive = set()
    for group in groups:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            continue
        except PermissionError:  # macOS answers so for a group of zombies
            continue
        alive.add(group)
    return alive


def watch() -> set[int]:
    """Read the pipe to its end and return the groups that were never taken off the list."""
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    return groups


def main() -> None:
    # Ctrl-C and a closed terminal concern the supervisor; this one lives until the pipe closes.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    groups = signal_groups(watch(), signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = signal_groups(groups, 0)
    signal_groups(groups, signal.SIGKILL)


if __name__ == "__main__":
    main()
