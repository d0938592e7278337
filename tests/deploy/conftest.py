"""A desk in production settings: two web processes, one of each server, on PostgreSQL and Redis."""

import secrets
from collections.abc import Iterator

import pytest

from tests import postgres, servers
from tests.control import Control
from tests.deploy.edge import ORIGIN


@pytest.fixture
def control(sandbox: str) -> Iterator[Control]:
    """Control the sandbox for one test; nothing outlives it."""
    control = Control(sandbox)
    control.clear()
    yield control
    control.clear()
    control.pace(first_text_ms=60, gap_ms=4)


@pytest.fixture(scope="module")
def production(
    tmp_path_factory: pytest.TempPathFactory, sandbox: str, postgres_url: str
) -> Iterator[servers.DeskServer]:
    """Run it as deploy/systemd does; the sandbox plays the models, which production must be told."""
    folder = tmp_path_factory.mktemp("production")
    env = {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ORIGINS": ORIGIN,
        "SANDBOX": "1",
        "STATIC_DIR": str(folder / "static"),
    }
    servers.manage("collectstatic", "--noinput", "--verbosity", "0", env=env)
    database = postgres.new_database(postgres_url, f"production_{secrets.token_hex(4)}")
    with servers.running_desk(
        folder / "var", sandbox, database_url=database, webs=2, env=env, server="daphne uvicorn"
    ) as desk:
        yield desk
