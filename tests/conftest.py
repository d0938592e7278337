"""Set the environment before anything reads it, then offer the servers that tests may use."""

from tests import environment

environment.set_up()

import django  # noqa: E402 - the settings are read here, so the environment stands first

django.setup()

import os  # noqa: E402

# A worker of xdist inherits this environment; with the name in it pytest-django would read the settings
# before the lines above have given the worker ports and a folder of its own.
del os.environ["DJANGO_SETTINGS_MODULE"]

from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from tests import breakers, postgres, servers  # noqa: E402

# No example fails because the machine is busy; where CI is set Hypothesis has such a profile of its own.
if "CI" not in os.environ:
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")


def pytest_xdist_setupnodes() -> None:
    """Keep this process's settings out of the workers: each sets up an environment of its own.

    With the name of the settings inherited, pytest-django would read them before a worker's own set-up.
    """
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the Redis that `settings.REDIS_URL` of this test process names."""
    port = int(os.environ["REDIS_URL"].rsplit(":", 1)[-1].split("/")[0])
    with servers.running_redis(tmp_path_factory.mktemp("redis"), port) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a private PostgreSQL; `postgres.new_database` makes an empty database in it."""
    with postgres.running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the sandbox provider on the port that `settings` of this test process names."""
    folder, port = tmp_path_factory.mktemp("sandbox"), int(os.environ["SANDBOX_PORT"])
    with servers.running_sandbox(folder, port) as url:
        yield url


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, sandbox: str) -> Iterator[servers.DeskServer]:
    """Run a seeded desk: one web process, worker, sandbox, SQLite. Shared, so leave it as it was."""
    folder = tmp_path_factory.mktemp("desk")
    with servers.running_desk(folder / "var", sandbox, worker=True) as running:
        yield running


@pytest.fixture(scope="session")
def desk_pair(
    tmp_path_factory: pytest.TempPathFactory, sandbox: str, postgres_url: str
) -> Iterator[servers.DeskServer]:
    """Run a seeded desk of two web processes on one PostgreSQL database."""
    folder, database = tmp_path_factory.mktemp("pair"), postgres.new_database(postgres_url, "pair")
    with servers.running_desk(folder / "var", sandbox, database_url=database, webs=2) as running:
        yield running


@pytest.fixture(autouse=True)
def breakers_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let no open breaker of a shared desk outlive the test whose faults opened it."""
    yield
    for running in request.node.funcargs.values():
        # A desk of the test's own has ended by now, and its Redis with it.
        if isinstance(running, servers.DeskServer) and any(web.popen.poll() is None for web in running.webs):
            breakers.close_breakers(running.redis_url)


@pytest.fixture(autouse=True)
def nothing_settled() -> None:
    """Let no figure of a test before be kept: where its rows were rolled back, their keys are given again."""
    from routing import settled

    settled.forget()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return an empty DATA_DIR for one test."""
    return tmp_path / "var"
