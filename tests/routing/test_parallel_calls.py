"""500 messages at once against money for three, over processes and threads: exactly three are paid."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import postgres
from tests.environment import ROOT

PROCESSES, TRIES = 2, 250
PICO = 13_700_000_000  # a price whose thirds binary fractions cannot hold

SNAPSHOT = {
    "settings": {"daily_cost_cap_usd": "50", "monthly_cost_cap_usd": "500"},
    "routes": [
        {"slug": "common", "daily_budget_usd": "50", "monthly_budget_usd": f"{3 * PICO / 10**12:.4f}"}
    ],
    "plans": [{"plan": "free", "daily_budget_usd": "50", "monthly_budget_usd": "500"}],
}
ROWS = "SELECT scope, period, reserved_pico, spent_pico FROM routing_budget ORDER BY scope, period"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, str], Any]:
    """Return the environment of programs on a database of their own, and how to connect to it."""
    env = {**os.environ, "DATA_DIR": str(tmp_path)}
    if request.param == "sqlite":
        return env, lambda: sqlite3.connect(tmp_path / "desk.sqlite3")
    url = postgres.new_database(request.getfixturevalue("postgres_url"), "parallel")
    return {**env, "DATABASE_URL": url}, lambda: psycopg.connect(url)


def test_exactly_three_are_paid_and_nothing_of_the_others_is_left(
    database: tuple[dict[str, str], Any],
) -> None:
    env, connect = database
    assert _booked_at_once(env) == {"paid": 3, "refused": PROCESSES * TRIES - 3}
    connection = connect()
    assert connection.execute("SELECT count(*) FROM routing_modelcall").fetchone() == (3,)
    rows = connection.execute(ROWS).fetchall()
    connection.close()
    scopes = [
        (scope, period) for scope in ("all", "plan:free", "route:common") for period in ("day", "month")
    ]
    assert rows == [(*scope, 3 * PICO, 0) for scope in scopes]


def _booked_at_once(env: dict[str, str]) -> Counter[str]:
    """Return what became of all tries; the first process makes the tables, all begin when all are ready."""
    command = [sys.executable, "-m", "tests.routing.parallel_calls", str(TRIES), str(PICO)]
    running = [
        subprocess.Popen(
            [*command, *more], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for more in ([json.dumps(SNAPSHOT)], *([] for _ in range(PROCESSES - 1)))
    ]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return Counter(
            line for process in running for line in process.communicate(timeout=100)[0].splitlines()
        )
    finally:
        for process in running:
            process.kill()
            process.wait()
