"""The stories of the socket once more, on the fast profile: another process of the same desk on uvicorn."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.environment import free_port
from tests.flows import test_bad_input, test_conversation
from tests.servers import DeskServer

# These end or add web processes of the shared desk, or are of two of them.
OF_PROCESSES = {"test_a_tab_on_another_process_follows_and_stops_the_running_answer"}

for module in (test_conversation, test_bad_input):
    globals().update(
        {
            name: story
            for name, story in vars(module).items()
            if name.startswith("test_") and name not in OF_PROCESSES
        }
    )


@pytest.fixture(scope="module")
def desk(desk: DeskServer) -> Iterator[DeskServer]:
    """Run a further web process of the shared desk, and give that for the desk."""
    port = free_port()
    env = {**desk.env, "PORT": str(port), "ORIGINS": f"http://127.0.0.1:{port} http://localhost:{port}"}
    fast = replace(desk, env=env, ports=[port], webs=[])
    fast.start_web(0, "uvicorn")
    try:
        assert "(uvicorn)" in fast.webs[0].log(), "it says by itself which server it is"
        yield fast
    finally:
        for web in fast.webs:
            web.stop()
