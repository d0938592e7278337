"""The shipped sandbox as a program of its own, and its control API. Standard library only."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
START_S = 60.0
ROOTS = {"openai": "/v1", "gemini": "/v1beta", "anthropic": ""}  # where clients of each wire begin


class Control:
    """Orders faults and paces, and reads what the sandbox was asked."""

    def __init__(self, port: int) -> None:
        self.port = port

    def call(self, method: str, what: str, body: Any = None) -> tuple[int, Any]:
        """Return status and JSON of a control request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, f"/_control/{what}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        finally:
            connection.close()

    def faults(self) -> list[str]:
        """Return the names of all faults that this sandbox can do, as it says itself."""
        _, answer = self.call("POST", "faults", {"fault": "which are there?"})
        return re.findall(r"\w+", answer["error"].split("available:")[1])

    def order(self, fault: str, model: str = "*", **more: Any) -> None:
        """Order a fault for the next answers of a model. Raises ValueError when the sandbox declines."""
        status, answer = self.call("POST", "faults", {"model": model, "fault": fault, **more})
        if status != http.client.OK:
            raise ValueError(answer["error"])

    def clear(self) -> None:
        """Take back what is still ordered."""
        self.call("DELETE", "faults")

    def pace(self, **pace: int) -> None:
        """Set how fast all answers come."""
        self.call("PUT", "pace", pace)

    def asked(self, model: str) -> int:
        """Return how many requests for a model have arrived, whatever became of them."""
        _, invoice = self.call("GET", "invoice")
        return int(invoice.get(model, {}).get("requests", 0))


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Control]:
    """Run a sandbox of this release on a free loopback port and yield its control."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    env = {**os.environ, "DATA_DIR": str(folder), "DEBUG": "1", "DATABASE_URL": "", "REDIS_URL": ""}
    command = [sys.executable, "manage.py", "sandbox", "--port", str(port)]
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(port, process, folder / "sandbox.log")
        yield Control(port)
    finally:
        end(process)


def end(process: "subprocess.Popen[Any]", grace_s: float = 5) -> None:
    """End a program that was started in a session of its own, with all that it started."""
    with contextlib.suppress(subprocess.TimeoutExpired, ProcessLookupError):
        process.terminate()
        process.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(port: int, process: "subprocess.Popen[Any]", log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"The sandbox did not start:\n{log.read_text(errors='replace')[-2000:]}")
