"""The whole way in a running desk: the page orders, the worker asks, dies, and another one goes on."""

import http.client
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests import postgres, servers
from tests.control import Control
from tests.servers import DeskServer


class Admin:
    """A person at the admin of a running desk, over HTTP."""

    def __init__(self, desk: DeskServer) -> None:
        self._port = desk.ports[0]
        self._cookies: dict[str, str] = {}
        self._ask("GET", "/admin/login/")
        values = {"username": "support", "password": desk.password, "next": "/admin/"}
        assert self._ask("POST", "/admin/login/", values)[0] == 302

    def _ask(self, method: str, path: str, values: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        token = self._cookies.get("csrftoken", "")
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-CSRFToken": token,
        }
        try:
            connection.request(method, path, urlencode(values) if values is not None else None, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or ():
                found = re.match(r"([^=]+)=([^;]*)", line)
                assert found is not None
                self._cookies[found[1]] = found[2]
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def json(self, path: str, **values: str) -> dict[str, object]:
        status, body = self._ask("POST" if values else "GET", f"/admin/faq/entry/{path}", values or None)
        assert status == 200, body[:500]
        told: dict[str, object] = json.loads(body)
        return told

    def run(self) -> dict[str, object]:
        found = self.json("proposals/state/")["run"]
        assert isinstance(found, dict)
        return found

    def edit(self) -> dict[str, object]:
        found = self.json("edit/state/", entry="", present="")["edit"]
        assert isinstance(found, dict)
        return found


SHELL = """
from faq.models import Entry, Proposal, ProposalRun
from routing.models import ModelCall, Budget
run = ProposalRun.objects.get()
calls = ModelCall.objects.filter(turn_id=run.uuid)
summed = sum(call.cost_pico or 0 for call in calls)
print("FIGURES", run.cost_pico, summed, calls.filter(ended_at=None).count(),
      Proposal.objects.values("entry").distinct().count(), Budget.objects.get(scope="drafts").reserved_pico)
"""
THREE = """
from faq import services
from faq.models import Entry
for what in ("print", "stamp", "frame"):
    services.save_entry(Entry(question=f"How do I {what} my zeppelin?", answer="So."))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_worker_costs_time_and_nothing_else(
    tmp_path: Path, wait: Callable[[Callable[[], bool], str], None]
) -> None:
    with (
        servers.running_sandbox(tmp_path) as sandbox,
        servers.running_desk(tmp_path / "var", sandbox, worker=True, env={"EXAMPLE": "0"}) as desk,
    ):
        upstream = Control(sandbox)
        upstream.pace(first_text_ms=2_000, gap_ms=0)
        desk.manage("shell", "-c", THREE)
        admin = Admin(desk)
        assert admin.json("proposals/start/", entry="")["run"]
        wait(lambda: admin.run()["done"] == 1, "the first entry")
        wait(lambda: len(upstream.requests()) >= 2, "the second call")
        assert desk.worker is not None
        desk.worker.kill()
        desk.start_worker()
        wait(lambda: not admin.run()["active"], "the run")
        run = admin.run()
        assert (run["state"], run["done"], run["error"]) == ("done", 3, "")
        figures = desk.manage("shell", "-c", SHELL).split("FIGURES ")[1].split()
        booked, summed, unsettled, entries, reserved = map(int, figures)
        assert booked == summed > 0
        assert (unsettled, entries, reserved) == (0, 3, 0)


@pytest.mark.postgres
def test_a_run_and_a_draft_on_postgresql(
    tmp_path: Path, postgres_url: str, wait: Callable[[Callable[[], bool], str], None]
) -> None:
    database = postgres.new_database(postgres_url, "drafts")
    with (
        servers.running_sandbox(tmp_path) as sandbox,
        servers.running_desk(
            tmp_path / "var", sandbox, database_url=database, worker=True, env={"EXAMPLE": "0"}
        ) as desk,
    ):
        desk.manage("shell", "-c", THREE)
        admin = Admin(desk)
        admin.json("proposals/start/", entry="")
        wait(lambda: not admin.run()["active"], "the run")
        assert (admin.run()["state"], admin.run()["done"]) == ("done", 3)
        # Some of three such like entries may come nearer to each other as they are accepted.
        assert re.match(r"[12]\d accepted\.", str(admin.json("proposals/accept-all/", entry="")["said"]))
        admin.json("edit/start/", entry="", kind="draft", question="May I paint it?", present="")
        wait(lambda: bool(admin.edit()["done"]), "the draft")
        assert admin.edit()["output"] and not admin.edit()["problem"]
        figures = desk.manage("shell", "-c", SHELL).split("FIGURES ")[1].split()
        booked, summed, unsettled, entries, reserved = map(int, figures)
        assert (booked, unsettled, entries, reserved) == (summed, 0, 3, 0)
