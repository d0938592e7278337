"""How long each page of the admin takes on a desk with a history: `python -m benchmarks.admin`.

    python -m benchmarks.admin [--quick] [--conversations N --calls N --days N --busy N --seed N]
        [--folder DIR] [--keep] [--database URL] [--only WORD ...] [--repeats 20] [--explain] [--json FILE]

Starts a PostgreSQL of its own, fills it (`benchmarks/admin_data.py`), has the last day rolled up by the
product, starts a web process (`manage.py serve`) and opens every page of `benchmarks/admin_pages.py` over
loopback as somebody of the role that uses it: once to warm up, then `--repeats` times. A page passes when its
95th percentile is at most 300 ms. `--keep` leaves the database in `--folder` for the next run.
"""

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import admin_data, admin_database, faq_machine
from benchmarks.admin_pages import PAGES, Page
from benchmarks.faults_sandbox import end
from benchmarks.streaming_rig import free_port, listens

LIMIT_MS = 300.0
STARTS_S = 90.0
GIVES_UP_S = 60.0  # for one page
PATIENCE_S = 12.0  # a page that has taken so long in all is not opened further: it has failed by far
LEAST = 3  # times that any page is opened
FULL = {"conversations": 1_000_000, "calls": 10_000_000, "days": 92, "busy": 350_000}
QUICK = {"conversations": 2_000, "calls": 20_000, "days": 31, "busy": 1_000}
ROLES = ("support", "manager", "admin")


def main() -> None:
    options = _options()
    folder = options.folder
    with contextlib.ExitStack() as stack:
        data_dir = stack.enter_context(tempfile.TemporaryDirectory(prefix="desk-admin-"))
        try:
            url = options.database or stack.enter_context(admin_database.running(folder, options.keep))
        except admin_database.NoPostgres as error:
            print(f"not measured: {error}")
            return
        # What this process and its children see: a desk of its own, without Redis.
        os.environ.update(
            DJANGO_SETTINGS_MODULE="assistant.settings", DATABASE_URL=url, DATA_DIR=data_dir, DEBUG="1",
            REDIS_URL="", LOG_LEVEL="WARNING",
        )  # fmt: skip
        import django

        django.setup()
        rows = _filled(options)
        rolled = _roll_up()
        pages = [
            page for page in PAGES if not options.only or any(word in page.name for word in options.only)
        ]
        found = _measured(pages, options)
    report = {
        "machine": faq_machine.describe(), "database": rows, "roll_up": rolled, "limit_ms": LIMIT_MS,
        "pages": found,
    }  # fmt: skip
    slow = [each["page"] for each in found if not each["passes"]]
    print(f"\n{len(found) - len(slow)} of {len(found)} pages within {LIMIT_MS:.0f} ms at p95"
          + (f"; not: {', '.join(slow)}" if slow else ""))  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.admin", description="Time the admin's pages.")
    parser.add_argument("--quick", action="store_true", help="with 20,000 calls instead of ten million")
    for name in FULL:
        parser.add_argument(f"--{name}", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="where the database is made or found")
    parser.add_argument("--keep", action="store_true", help="leave the database there")
    parser.add_argument("--database", default="", metavar="URL", help="one that is filled already")
    parser.add_argument("--only", nargs="*", default=(), metavar="WORD", help="pages whose name has a word")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--explain", action="store_true", help="print the slowest statement of slow pages")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    if options.keep and options.folder is None:
        parser.error("--keep needs a --folder")
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _filled(options: argparse.Namespace) -> dict[str, Any]:
    """Fill the database, unless an earlier run has, and return how much is in it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('routing_modelcall') IS NOT NULL")
        there = bool(cursor.fetchone()[0])
    if not there:
        options.anyway = False
        admin_data.fill(options)
    else:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint, pg_total_relation_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 0 "
            "ORDER BY 3 DESC LIMIT 12"
        )
        tables = cursor.fetchall()
        cursor.execute("SELECT version()")
        version = str(cursor.fetchone()[0]).split(" (")[0]
    print(f"{version}\n\n{'table':<28}{'rows':>14}{'MB':>9}")
    for name, count, size in tables:
        print(f"{name:<28}{count:>14,}{size / 1e6:>9,.0f}")
    return {"version": version, "tables": [{"name": n, "rows": c, "bytes": s} for n, c, s in tables]}


def _roll_up() -> dict[str, Any]:
    """Have the product roll up what is not yet, and return how long that took."""
    from common.clock import now
    from routing import rollup
    from routing.models import ModelCall, RouteOutcome

    calls = ModelCall.objects.filter(rolled_up=False).count()
    replies = RouteOutcome.objects.filter(rolled_up=False).count()
    began, minutes = time.monotonic(), 0
    while True:
        progress = rollup.roll_up(now())
        minutes += progress.minutes
        if not progress.behind:
            break
    taken = time.monotonic() - began
    print(
        f"\nroll-up of {calls:,} calls and {replies:,} replies: {minutes:,} minutes in {taken:.1f} s\n",
        flush=True,
    )
    return {"calls": calls, "replies": replies, "minutes": minutes, "seconds": round(taken, 2)}


def _measured(pages: Sequence[Page], options: argparse.Namespace) -> list[dict[str, Any]]:
    ids, cookies = _ids(), {role: _signed_in(role) for role in ROLES}
    tried = {page: _statements(page, ids) for page in pages}
    statements = {page: queries for page, queries in tried.items() if queries is not None}
    for page in tried.keys() - statements.keys():
        print(f"left out: {page.name}, the list has no such page", flush=True)
    found = []
    print(f"{'page':<34}{'role':<9}{'queries':>8}{'p50 ms':>9}{'p95 ms':>9}{'most':>9}")
    with _serving() as port:
        for page, queries in statements.items():
            taken = _opened(port, "/admin/" + page.path.format(**ids), cookies[page.role], options.repeats)
            p50, p95, most = (_percentile(taken, share) for share in (0.5, 0.95, 1.0))
            found.append(
                {
                    "page": page.name, "role": page.role, "queries": len(queries), "repeats": len(taken),
                    "p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "most_ms": round(most, 1),
                    "passes": p95 <= LIMIT_MS,
                }
            )  # fmt: skip
            mark = "" if p95 <= LIMIT_MS else "  slow"
            print(
                f"{page.name:<34}{page.role:<9}{len(queries):>8}{p50:>9.0f}{p95:>9.0f}{most:>9.0f}{mark}",
                flush=True,
            )
            if mark and options.explain:
                for each in sorted(queries, key=lambda query: -float(query["time"]))[:2]:
                    print(f"    {each['time']} s: {each['sql'][:1500]}")
    return found


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _ids() -> dict[str, str]:
    """Return the rows that pages of one row are opened with: recent ones, as people look at."""
    from assistant.models import Conversation, Request, RetentionPolicy, Turn
    from faq.models import AskedQuestion, Entry
    from routing.models import ConfigVersion, ModelCall

    RetentionPolicy.objects.get_or_create(pk=1)
    conversation = Conversation.objects.order_by("-updated_at").first()
    request = Request.objects.order_by("-number").first()
    turn = Turn.objects.order_by("-created_at").first()
    call = ModelCall.objects.order_by("-started_at").first()
    entry, version = Entry.objects.first(), ConfigVersion.objects.order_by("-number").first()
    assert conversation and turn and call and entry and version
    middle = conversation.updated_at - timedelta(days=40)
    older = Conversation.objects.filter(updated_at__lt=middle).order_by("-updated_at").first()
    call_then = ModelCall.objects.filter(started_at__lt=middle).order_by("-started_at").first()
    asked_then = AskedQuestion.objects.filter(created_at__lt=middle).order_by("-created_at").first()
    return {
        "conversation": str(conversation.pk), "request": str(request.pk) if request else "none",
        "turn": str(turn.pk), "reply": str(call.reply_id), "call": str(call.pk),
        "entry": str(entry.pk), "version": str(version.pk),
        "conversation_place": _place(older or conversation, "updated_at"),
        "call_place": _place(call_then or call, "started_at"),
        "asked_place": _place(asked_then, "created_at") if asked_then else "",
        "day": f"{conversation.updated_at:%Y-%m-%d}",
        "quarter": f"{conversation.updated_at - timedelta(days=89):%Y-%m-%d}",
    }  # fmt: skip


def _place(row: Any, column: str) -> str:
    from common.keyset import cursor_of

    return quote(cursor_of(row, column))


def _signed_in(role: str) -> str:
    """Make a member of staff with that role and return the cookie of a session."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    user = _member(role)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _member(role: str) -> Any:
    from django.contrib.auth.models import Group, User

    user, _ = User.objects.get_or_create(username=f"bench-{role}", defaults={"is_staff": True})
    user.groups.set([Group.objects.get(name=role)])
    return user


def _statements(page: Page, ids: dict[str, str]) -> list[dict[str, str]] | None:
    """Return the statements of one opening of a page, in this process; None past the end of a short list."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(_member(page.role))
    with CaptureQueriesContext(connection) as caught:
        answer = client.get("/admin/" + page.path.format(**ids))
    if answer.status_code == http.client.FOUND and answer["location"].endswith("?e=1"):
        return None
    if answer.status_code != http.client.OK:
        raise RuntimeError(f"{page.name}: {answer.status_code} for {page.path}")
    return list(caught.captured_queries)


@contextlib.contextmanager
def _serving() -> Iterator[int]:
    """Run a web process on a free port and yield it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", "--port", str(port)],
        cwd=faq_machine.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + STARTS_S
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The web process did not start.")
            time.sleep(0.1)
        yield port
    finally:
        end(process)


def _opened(port: int, path: str, cookie: str, repeats: int) -> list[float]:
    """Return how many ms each opening of a page took, the first one left out."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVES_UP_S)
    taken: list[float] = []
    try:
        while len(taken) <= LEAST or (len(taken) <= repeats and sum(taken) < PATIENCE_S * 1000):
            began = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            taken.append((time.perf_counter() - began) * 1000)
            if answer.status != http.client.OK:
                raise RuntimeError(f"{path}: {answer.status}")
    except TimeoutError:
        taken += [GIVES_UP_S * 1000] * 2
    finally:
        connection.close()
    return taken[1:]


if __name__ == "__main__":
    main()
