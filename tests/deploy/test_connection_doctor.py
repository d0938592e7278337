"""The connection doctor through the real nginx and Caddy: with one directive broken, it names that line."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Playwright, sync_playwright

from common.clock import now
from tests.browser.chromium import ARGUMENTS, SHELL
from tests.deploy.edge import HOST, ORIGIN, running_edge
from tests.servers import DeskServer, missing

pytestmark = [pytest.mark.postgres, pytest.mark.browser, pytest.mark.timeout(600)]

SECONDS = 4  # for which lines are left alone, in place of 75
OTHER = "https://other.example.com"
SESSION = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
user = User.objects.get(username="{name}")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""

Rows = dict[str, tuple[str, str]]  # by check: its state, and its text with the lines that are missing


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if not SHELL.exists():
        missing("Chromium")
    with sync_playwright() as running:
        yield running


def session_of(name: str, desk: DeskServer) -> str:
    return desk.manage("shell", "--no-imports", "-c", SESSION.format(name=name)).strip().splitlines()[-1]


@pytest.fixture(scope="module")
def session(production: DeskServer) -> str:
    return session_of("admin", production)


@contextlib.contextmanager
def doctor(
    playwright: Playwright, port: int, session: str, origin: str = ORIGIN, last: str = ""
) -> Iterator[Rows]:
    """Open the page through a proxy on `port`, let it measure, up to the row `last`, and yield its rows."""
    rules = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}"
    browser = playwright.chromium.launch(
        executable_path=SHELL, args=[*ARGUMENTS, rules, "--ignore-certificate-errors"]
    )
    try:
        context = browser.new_context(ignore_https_errors=True)
        context.add_cookies(
            [
                {
                    "name": "sessionid",
                    "value": session,
                    "domain": str(urlsplit(origin).hostname),
                    "path": "/",
                    "secure": True,
                }
            ]
        )
        page = context.new_page()
        page.goto(f"{origin}/admin/connection/?seconds={SECONDS}")
        page.get_by_role("button", name="Begin").click()
        if last:
            page.locator(f"#row-{last}[data-state]").wait_for(timeout=60_000)
        else:
            page.locator("#progress", has_text="Done:").wait_for(timeout=60_000)
        rows = page.locator("[data-check]")
        yield {
            str(row.get_attribute("data-check")): (str(row.get_attribute("data-state")), row.inner_text())
            for row in rows.all()
        }
    finally:
        browser.close()


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_our_own_file_is_right_in_every_row(
    playwright: Playwright, production: DeskServer, session: str, kind: str
) -> None:
    with running_edge(kind, production.ports) as edge, doctor(playwright, edge.port, session) as rows:
        states = {check: state for check, (state, _) in rows.items()}
        # The name in the tests is nobody's, so the desk cannot go there from outside.
        wanted = {**dict.fromkeys(rows, "ok"), "framing": states["framing"], "certificate": "skip"}
        assert states == wanted, rows
        assert states["framing"] in ("ok", "skip")
        assert "Seen as https://support.example.com from 127.0.0.1" in rows["reached"][1]
        assert "HTTP/2" in rows["version"][1]


# What is changed in the server's file, and the row, its state and the line that it is told by.
Broken = tuple[tuple[str, str], tuple[str, str, str]]
BROKEN: dict[str, Broken] = {
    "the upgrade": (
        (r"proxy_set_header Upgrade .*;", 'proxy_set_header Upgrade "";'),
        ("socket", "fail", "proxy_set_header Upgrade $http_upgrade;"),
    ),
    "buffering": (
        (r"proxy_buffering off;", "proxy_buffering on;"),
        ("buffering", "warn", "proxy_buffering off;"),
    ),
    "buffering by force": (
        # In version 1.0, which nginx speaks unless told otherwise, nothing comes in chunks.
        (
            r"proxy_http_version 1.1;(?s:.*?)proxy_buffering off;",
            "proxy_http_version 1.0; proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;",
        ),
        ("buffering", "fail", "proxy_buffering off;"),
    ),
    "a short patience": (
        (r"proxy_read_timeout 20s;", "proxy_read_timeout 2s;"),
        ("silence", "fail", "proxy_read_timeout 75s;"),
    ),
    "the scheme": (
        (r" +proxy_set_header X-Forwarded-Proto .*\n", ""),
        ("reached", "fail", "proxy_set_header X-Forwarded-Proto $scheme;"),
    ),
    "the address": (
        (r" +proxy_set_header X-Forwarded-For .*\n", ""),
        ("reached", "fail", "proxy_set_header X-Forwarded-For $remote_addr;"),
    ),
    "compression": (
        (r"proxy_http_version 1.1;", "proxy_http_version 1.1; gzip on; gzip_types *; gzip_min_length 1;"),
        ("packed", "fail", "gzip off;"),
    ),
}


def _in_proxy(line: str) -> tuple[str, str]:
    """Return the change that puts a line into Caddy's reverse_proxy."""
    return "flush_interval -1", f"flush_interval -1\n\t\t{line}"


BROKEN_CADDY: dict[str, Broken] = {
    "the upgrade": (_in_proxy("header_up -Upgrade"), ("socket", "fail", "take out header_up Upgrade")),
    # Since Caddy 2.7 its name is response_buffers.
    "buffering": (_in_proxy("buffer_responses"), ("buffering", "fail", "take out response_buffers")),
    "a short patience": (
        ("dial_timeout 2s", "dial_timeout 2s\n\t\t\tread_timeout 2s"),
        ("silence", "fail", "take out read_timeout"),
    ),
    "the scheme": (
        _in_proxy("header_up -X-Forwarded-Proto"),
        ("reached", "fail", "take out header_up -X-Forwarded-Proto"),
    ),
    "the address": (
        _in_proxy("header_up -X-Forwarded-For"),
        ("reached", "fail", "take out header_up -X-Forwarded-For"),
    ),
    "compression": (
        (r"\n\treverse_proxy ", "\n\tencode {\n\t\tgzip\n\t\tminimum_length 1\n\t}\n\treverse_proxy "),
        ("packed", "fail", "encode @packed gzip"),
    ),
}


BY_SERVER = [
    *(pytest.param("nginx", broken, id=f"nginx: {what}") for what, broken in BROKEN.items()),
    *(pytest.param("caddy", broken, id=f"caddy: {what}") for what, broken in BROKEN_CADDY.items()),
]


@pytest.mark.parametrize(("server", "broken"), BY_SERVER)
def test_what_is_broken_in_it_is_named(
    playwright: Playwright, production: DeskServer, session: str, server: str, broken: Broken
) -> None:
    change, (check, state, line) = broken
    with (
        running_edge(server, production.ports, change) as edge,
        doctor(playwright, edge.port, session) as rows,
    ):
        assert rows[check][0] == state, rows
        assert line in rows[check][1]
        assert server in rows[check][1].lower()


def test_only_an_administrator_may_measure(production: DeskServer, session: str) -> None:
    support = session_of("support", production)
    with running_edge("nginx", production.ports) as edge:
        mine = f"sessionid={session}"
        for path in ("/admin/connection/", "/line-test/seen", "/line-test/stream", "/line-test/silence"):
            assert edge.get(path, Cookie=f"sessionid={support}").status == 403, path
        assert edge.get("/line-test/seen").status == 403
        assert edge.get("/line-test/seen", Cookie=mine).status == 200
        assert edge.get("/line-test/seen", Cookie=mine, Sec_Fetch_Site="cross-site").status == 403
        assert edge.get("/line-test/other", Cookie=mine).status == 404
        asked = [edge.get("/line-test/other", Cookie=mine).status for _ in range(140)]
        assert asked[-1] == 429  # sixty at once in either process


PORTS = (r"proxy_set_header Host \$host;", "proxy_set_header Host $http_host;")


def test_addresses_and_certificates_are_judged_by_what_the_desk_was_told(
    playwright: Playwright, production: DeskServer, session: str
) -> None:
    """Last: it ends the web processes, and starts one with the origins of other addresses."""
    for web in production.webs:
        web.stop()
    webs, soon = [production.ports[0]] * 2, now() + timedelta(days=9, hours=1)
    with (
        running_edge("nginx", webs, PORTS, until=soon) as edge,
        running_edge("nginx", webs, PORTS) as unknown,
        running_edge("caddy", webs, _in_proxy("header_up Host other.example.com")) as renamed,
    ):
        here, there = (f"https://localhost:{each.port}" for each in (edge, unknown))
        production.env |= {
            "ORIGINS": f"{OTHER},{here},{there}",
            "ALLOWED_HOSTS": f"{HOST},other.example.com,localhost",
            "SSL_CERT_FILE": str(edge.folder / "authority.pem"),
        }
        production.start_web(0, "daphne")
        with doctor(playwright, edge.port, session, last="cookies") as rows:
            assert rows["origin"][0] == "fail", rows
            assert f"ORIGINS={OTHER},{here},{there},{ORIGIN}" in rows["origin"][1]
            assert rows["socket"][0] == "ok"
            assert rows["certificate"][0] == "skip"
            assert "no https address of ORIGINS" in rows["certificate"][1]
        # The desk goes to its own address, as somebody from outside does, and is shown what they are shown.
        with doctor(playwright, edge.port, session, here, last="certificate") as rows:
            state, words = rows["certificate"]
            assert state == "warn", rows
            assert "9 days left" in words and "localhost" in words and "certbot renew" in words
        with doctor(playwright, unknown.port, session, there, last="certificate") as rows:
            state, words = rows["certificate"]
            assert state == "fail", rows
            assert "Not trusted: " in words and "fullchain.pem" in words
        with doctor(playwright, renamed.port, session, last="reached") as rows:
            assert rows["reached"][0] == "fail", rows
            assert f"asked {HOST}, the desk was asked for other.example.com" in rows["reached"][1]
            assert "take out header_up Host" in rows["reached"][1]
