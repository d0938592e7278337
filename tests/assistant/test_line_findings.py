"""What the connection doctor makes of measurements: each broken line by name, and none where all works."""

from typing import Any

import pytest

from assistant.line_findings import CHECKS, Desk, Verdict, judge
from assistant.proxy_lines import APACHE, BUFFERING, HOST, PROTO, SILENCE, UPGRADE, Mend
from tests.environment import ROOT

DESK = Desk(("https://support.example.com",), https=True, frames={"shop": ("https://shop.example",)})
PAGE = {
    "scheme": "https",
    "host": "support.example.com",
    "loopback": False,
    "origin": "https://support.example.com",
}
SEEN: dict[str, Any] = {
    "peer": "127.0.0.1",
    "address": "203.0.113.7",
    "trusted": True,
    "scheme": "https",
    "host": "support.example.com",
    "forwarded": ["x-forwarded-for", "x-forwarded-proto"],
}
REACHED = {**PAGE, "status": 200, "seen": SEEN, "protocol": "h2", "offset_ms": 90.0}
SOCKET = {**PAGE, "opened": True, "ended": "answer", "code": "", "ms": 12}
APART = {"at": [0, 300, 600, 900, 1200], "chunks": 5, "gap_ms": 300, "encoding": ""}
HELD = {**APART, "at": [1200, 1201, 1201, 1202, 1202]}
FRAME = {"status": 200, "options": None, "policy": "default-src 'none'; frame-ancestors https://shop.example"}
QUIET = {"ended": "end", "wanted_s": 75, "every_s": 15, "lasted_s": 75.1}
SILENT = {"ended": "end", "wanted_s": 75, "lasted_s": 75.0}

CERTIFICATE = {
    "host": "support.example.com",
    "reached": "",
    "error": "",
    "until": "2026-12-31T00:00:00+00:00",
    "names": ["support.example.com"],
    "now": "2026-12-01T00:00:00+00:00",
}

GOOD: dict[str, dict[str, Any]] = {
    "reached": REACHED,
    "tls": REACHED,
    "certificate": CERTIFICATE,
    "version": REACHED,
    "clock": REACHED,
    "socket": SOCKET,
    "origin": SOCKET,
    "cookies": SOCKET,
    "fallback": {"stream": True, "post": True},
    "buffering": {"marked": APART, "plain": APART},
    "packed": {"encoding": ""},
    "framing": {"sites": {"shop": FRAME}},
    "signs": QUIET,
    "silence": SILENT,
}


def line(verdict: Verdict, where: str) -> str:
    return next((mend.line for mend in verdict.mends if mend.where == where), "")


def seen(**changes: Any) -> dict[str, Any]:
    return {"seen": {**SEEN, **changes}}


def test_a_good_way_is_good_in_every_row() -> None:
    assert set(GOOD) == set(CHECKS)
    assert {check: judge(check, said, DESK).state for check, said in GOOD.items()} == dict.fromkeys(
        CHECKS, "ok"
    )


BROKEN: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("reached", {"status": 0, "seen": None}, "fail", "", ""),
    ("reached", {"status": 502, "seen": None}, "fail", "", ""),
    ("reached", seen(forwarded=["x-forwarded-for"]), "fail", "nginx", "X-Forwarded-Proto $scheme"),
    ("reached", seen(forwarded=["x-forwarded-proto"]), "fail", "nginx", "X-Forwarded-For $remote_addr"),
    ("reached", seen(host="127.0.0.1:8001"), "fail", APACHE, "ProxyPreserveHost On"),
    ("reached", seen(trusted=False, peer="10.0.0.9"), "fail", ".env", "TRUSTED_PROXIES=10.0.0.9"),
    ("tls", {"scheme": "http"}, "fail", ".env", "HTTPS=1"),
    ("version", {"protocol": "http/1.1"}, "warn", "nginx", "http2"),
    ("version", {"protocol": ""}, "skip", "", ""),
    ("clock", {"offset_ms": 45_000}, "warn", "the machine that is wrong", "timedatectl set-ntp true"),
    ("socket", {"opened": False, "ended": "closed"}, "fail", "nginx", "Upgrade $http_upgrade;"),
    ("socket", {"opened": False, "ended": "timeout"}, "fail", APACHE, "upgrade=websocket"),
    ("origin", {"code": "refused", "origin": "https://chat.example.com"}, "fail", ".env",
     "ORIGINS=https://support.example.com,https://chat.example.com"),
    ("origin", {"opened": False}, "skip", "", ""),
    ("cookies", {"code": "sign_in"}, "fail", "nginx", "Cookie"),
    ("fallback", {"stream": False}, "fail", "nginx", "proxy_buffering off;"),
    ("fallback", {"post": False}, "fail", "nginx", "location /"),
    ("certificate", {"now": "2026-12-18T00:00:00+00:00"}, "warn", "Caddy", "renews by itself"),
    ("certificate", {"error": "unable to get local issuer certificate"}, "fail", "nginx", "fullchain.pem"),
    ("buffering", {"marked": HELD}, "fail", "Caddy", "flush_interval -1"),
    ("buffering", {"plain": HELD}, "warn", "nginx", "proxy_buffering off;"),
    ("buffering", {"marked": {**APART, "at": [0, 300]}}, "fail", APACHE, "flushpackets=on"),
    ("packed", {"encoding": "gzip"}, "fail", "nginx", "gzip off;"),
    ("framing", {"sites": {"shop": {**FRAME, "options": "SAMEORIGIN"}}}, "fail", "nginx", "X-Frame-Options"),
    ("framing", {"sites": {"shop": {**FRAME, "policy": "frame-ancestors *"}}}, "fail", "nginx", "Policy"),
    ("framing", {"sites": {"shop": {**FRAME, "policy": None}}}, "fail", "Caddy", "Policy"),
    ("framing", {"sites": {"shop": {**FRAME, "status": 404}}}, "fail", "", ""),
    ("signs", {"ended": "cut", "lasted_s": 20.0}, "fail", "nginx", "proxy_read_timeout 75s;"),
    ("silence", {"ended": "cut", "lasted_s": 60.0}, "warn", "nginx", "proxy_read_timeout 75s;"),
    ("silence", {"ended": "cut", "lasted_s": 5.0}, "fail", APACHE, "ProxyTimeout 75"),
    ("silence", {"ended": "cut", "lasted_s": 74.9}, "ok", "", ""),  # as long as our own file keeps it
    ("silence", {"cancelled": True}, "skip", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("check", "changed", "state", "where", "part"), BROKEN)
def test_what_is_broken_is_named_with_the_line_that_is_missing(
    check: str, changed: dict[str, Any], state: str, where: str, part: str
) -> None:
    verdict = judge(check, {**GOOD[check], **changed}, DESK)
    assert verdict.state == state
    assert verdict.text
    assert part in line(verdict, where) if part else not verdict.mends


def test_a_desk_that_does_not_believe_https_is_named_before_the_proxy() -> None:
    verdict = judge("reached", {**REACHED, **seen(scheme="http")}, Desk(DESK.origins, https=False))
    assert verdict.mends == (Mend(".env", "HTTPS=1"),)
    assert judge("cookies", SOCKET, Desk(DESK.origins, https=False)).mends == (Mend(".env", "HTTPS=1"),)


def test_the_machine_itself_needs_no_encryption_and_no_site_no_frame() -> None:
    here = {
        **REACHED,
        "scheme": "http",
        "loopback": True,
        "protocol": "http/1.1",
        **seen(scheme="http", forwarded=[]),
    }
    assert [judge(check, here, Desk()).state for check in ("reached", "tls", "version")] == [
        "ok",
        "skip",
        "ok",
    ]
    assert judge("framing", {"sites": {}}, Desk()).state == "skip"


@pytest.mark.parametrize("check", sorted(CHECKS))
@pytest.mark.parametrize("said", [{}, {"failed": "TypeError"}, {"seen": 7, "status": "x", "at": None}])
def test_a_measurement_that_failed_or_makes_no_sense_is_said_to_be_so(
    check: str, said: dict[str, Any]
) -> None:
    assert judge(check, said, DESK).state in ("fail", "skip")


def test_the_lines_are_those_of_the_shipped_proxy_files() -> None:
    nginx = (ROOT / "deploy/nginx/desk.conf").read_text()
    for mends in (UPGRADE, PROTO, HOST, BUFFERING, SILENCE):
        for part in line(Verdict("fail", "", mends), "nginx").split(";"):
            assert f"{part.strip()};" in nginx or not part.strip()
    assert "listen 443 ssl http2;" in nginx
    caddy = (ROOT / "deploy/caddy/Caddyfile").read_text()
    assert line(Verdict("fail", "", BUFFERING), "Caddy").split(";")[0] in caddy
