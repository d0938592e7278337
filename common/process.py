"""What this process is called where figures of several stand beside each other."""

import os
import socket


def process_name() -> str:
    """Return `host:pid`: one series for each process, whichever of them a proxy chose to answer."""
    return f"{socket.gethostname()}:{os.getpid()}"
