"""What the connection doctor makes of its measurements: works, or is broken by which missing line.

Pure: what a browser measured and what the desk saw go in, a verdict with the lines for each proxy comes out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from assistant.proxy_lines import (
    BUFFERING,
    CERTIFICATE,
    FOR,
    FRAMED,
    HOST,
    HTTP2,
    PACKED,
    POLICY,
    PROTO,
    REQUESTS,
    SILENCE,
    UPGRADE,
    Mend,
    mends_of,
)  # fmt: skip

State = Literal["ok", "warn", "fail", "skip"]
Measured = Mapping[str, Any]

SIGN_S: Final = 15  # how often the desk says `alive` on a socket: shorter limits of a proxy cut it
SLACK_S: Final = 5
WANTED_IDLE_S: Final = 70  # of 75: a limit of 75 s, as in our nginx file, ends at the same moment
CLOCK_S: Final = 30
LEAST_DAYS: Final = 14  # Caddy and certbot renew at 30: with fewer left they have failed for two weeks
APART: Final = 0.5  # of the time between two chunks; held back they arrive together


@dataclass(frozen=True)
class Verdict:
    """What one row of the page says."""

    state: State
    text: str
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True)
class Desk:
    """What the running desk goes by; `frames` has the origins that may frame each site's chat, by its key."""

    origins: Sequence[str] = ()
    https: bool = False
    debug: bool = False
    frames: Mapping[str, Sequence[str]] = field(default_factory=dict)


def judge(check: str, said: Measured, desk: Desk) -> Verdict:
    """Return the verdict on one measurement. Raises KeyError for a check that is not in CHECKS."""
    look = CHECKS[check][1]
    if said.get("cancelled") is True:
        return Verdict("skip", "Cancelled.")
    try:
        return look(said, desk)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Verdict("fail", "The browser's measurement cannot be read; load the page again.")


# -- the way to the desk -----------------------------------------------------------------------------


def _reached(said: Measured, desk: Desk) -> Verdict:
    if not said.get("status"):
        return Verdict(
            "fail", "The desk did not answer the test: the proxy gave no answer, or one of its own."
        )
    if said["status"] != 200:
        return Verdict(
            "fail", f"The test was answered {int(said['status'])}: by the proxy, or the sign-in has ended."
        )
    seen = said["seen"]
    broken = next(_forwarding(said, seen, desk), None)
    if broken is not None:
        return broken
    names = ", ".join(seen["forwarded"]) or "none, so there is no proxy"
    return Verdict(
        "ok",
        f"Seen as {seen['scheme']}://{seen['host']} from {seen['address']}, called by "
        f"{seen['peer'] or 'a local socket'}; forwarded headers: {names}.",
    )


def _forwarding(said: Measured, seen: Measured, desk: Desk) -> Iterator[Verdict]:
    forwarded, peer = seen["forwarded"], seen["peer"]
    behind = said["scheme"] == "https"  # the desk speaks no TLS itself
    if forwarded and not seen["trusted"]:
        words = f"A proxy at {peer} forwards the visitor's address, but the desk does not believe it."
        yield Verdict("fail", words, mends_of(env=f"TRUSTED_PROXIES={peer}"))
    if behind and "x-forwarded-proto" not in forwarded:
        yield Verdict(
            "fail", "The desk is not told that visitors come over https: X-Forwarded-Proto is missing.", PROTO
        )
    if behind and seen["scheme"] != "https":
        why = PROTO if desk.https else mends_of(env="HTTPS=1")
        yield Verdict("fail", "The browser came over https and the desk took it for http.", why)
    if said["host"] != seen["host"]:
        yield Verdict(
            "fail", f"The browser asked {said['host']}, the desk was asked for {seen['host']}.", HOST
        )
    if behind and "x-forwarded-for" not in forwarded:
        words = f"All visitors seem to come from {seen['address']}: X-Forwarded-For is missing."
        yield Verdict("fail", words, FOR)


def _tls(said: Measured, desk: Desk) -> Verdict:
    if said["scheme"] == "https":
        return Verdict("ok", "The page came encrypted, and the browser trusts the certificate.")
    if said["loopback"] is True:
        return Verdict("skip", "This is the machine itself, so nothing is encrypted.")
    mends = mends_of("listen 443 ssl http2;", "name the host without http://", "SSLEngine on", "HTTPS=1")
    return Verdict("fail", "The page is not encrypted: whoever is on the way can read and change it.", mends)


def _certificate(said: Measured, desk: Desk) -> Verdict:
    if said["reached"]:
        return Verdict(
            "skip", f"Not looked at: the desk itself does not reach {said['host']} ({said['reached']})."
        )
    names = ", ".join(said["names"]) or "no name"
    if said["error"]:
        return Verdict("fail", f"Not trusted: {said['error']}. It is for {names}.", CERTIFICATE)
    days = (datetime.fromisoformat(said["until"]) - datetime.fromisoformat(said["now"])).days
    words = f"For {names}; {days} days left, and its chain is whole."
    return Verdict("ok", words) if days >= LEAST_DAYS else Verdict("warn", words, CERTIFICATE)


def _version(said: Measured, desk: Desk) -> Verdict:
    name = {"h2": "HTTP/2", "h3": "HTTP/3", "http/1.1": "HTTP/1.1"}.get(said["protocol"], "")
    if not name:
        return Verdict("skip", "The browser does not say which HTTP it speaks.")
    if name != "HTTP/1.1":
        return Verdict("ok", f"The browser speaks {name} with the proxy.")
    if said["loopback"] is True:
        return Verdict("ok", "HTTP/1.1, as without a proxy.")
    words = "HTTP/1.1 allows six connections: without sockets, several tabs wait for each other."
    return Verdict("warn", words, HTTP2)


def _clock(said: Measured, desk: Desk) -> Verdict:
    off = float(said["offset_ms"]) / 1000
    if abs(off) <= CLOCK_S:
        return Verdict("ok", f"The clocks of browser and desk differ by {abs(off):.1f} s.")
    side = "behind" if off > 0 else "ahead of"
    words = f"The desk's clock is {abs(off):,.0f} s {side} this browser's: times and tokens go wrong."
    return Verdict("warn", words, (Mend("the machine that is wrong", "timedatectl set-ntp true"),))


# -- the socket --------------------------------------------------------------------------------------


def _socket(said: Measured, desk: Desk) -> Verdict:
    if said["opened"] is True:
        return Verdict("ok", f"Opened, and answered in {int(said['ms'])} ms.")
    if said["ended"] == "timeout":
        words = "The upgrade was answered, but nothing came through the socket."
        return Verdict("fail", words, UPGRADE)
    return Verdict(
        "fail",
        "No socket opens: the upgrade does not reach the desk. Visitors fall back to plain requests.",
        UPGRADE,
    )


def _origin(said: Measured, desk: Desk) -> Verdict:
    if said["opened"] is not True:
        return Verdict("skip", "Not looked at: no socket opened.")
    if said["code"] == "refused":
        allowed = ",".join([*desk.origins, str(said["origin"])])
        words = f"The desk refuses this page's Origin {said['origin']}: visitors here cannot chat."
        return Verdict("fail", words, mends_of(env=f"ORIGINS={allowed}"))
    return Verdict("ok", f"{said['origin']} may open the chat.")


def _cookies(said: Measured, desk: Desk) -> Verdict:
    if said["opened"] is not True:
        return Verdict("skip", "Not looked at: no socket opened.")
    if said["code"] == "sign_in":
        words = "The visitor's cookie does not reach the socket."
        return Verdict(
            "fail",
            words,
            mends_of(
                "take out proxy_set_header Cookie",
                "take out header_up -Cookie",
                "take out RequestHeader unset Cookie",
            ),
        )
    if said["scheme"] == "https" and not desk.https:
        return Verdict(
            "warn",
            "Cookies reach the socket, and would go without encryption as well.",
            mends_of(env="HTTPS=1"),
        )
    return Verdict(
        "ok",
        "The visitor's cookie reaches the socket" + (", and is sent over https only." if desk.https else "."),
    )


# -- streams -----------------------------------------------------------------------------------------


def _fallback(said: Measured, desk: Desk) -> Verdict:
    if said["stream"] is True and said["post"] is True:
        return Verdict("ok", "A stream and a request carry the chat where sockets are blocked.")
    broken = "the stream at" if said["stream"] is not True else "requests to"
    words = f"The way for visitors without sockets does not work: {broken} /events/chat/."
    return Verdict("fail", words, BUFFERING if said["stream"] is not True else REQUESTS)


def _buffering(said: Measured, desk: Desk) -> Verdict:
    sent, plain = said["marked"], said["plain"]
    if not _apart(sent):
        return Verdict(
            "fail", "A stream is held back: its parts, sent one by one, arrived together.", BUFFERING
        )
    if not _apart(plain):
        words = "The proxy holds answers back. The chat's own streams ask it not to, and get through."
        return Verdict("warn", words, BUFFERING)
    return Verdict("ok", f"{len(sent['at'])} parts sent {int(sent['gap_ms'])} ms apart arrived apart.")


def _apart(stream: Measured) -> bool:
    """Return whether the parts of a stream arrived as they were sent, most of the time between left."""
    at = [float(each) for each in stream["at"]]
    wanted = float(stream["gap_ms"]) * (int(stream["chunks"]) - 1)
    return len(at) == int(stream["chunks"]) and at[-1] - at[0] >= wanted * APART


def _packed(said: Measured, desk: Desk) -> Verdict:
    encoding = str(said["encoding"] or "")
    if encoding:
        words = (
            f"The proxy compresses streams ({encoding}), which holds text back and lets secrets be guessed."
        )
        return Verdict("fail", words, PACKED)
    return Verdict("ok", "Streams come as they are, uncompressed.")


def _signs(said: Measured, desk: Desk) -> Verdict:
    lasted, wanted = float(said["lasted_s"]), float(said["wanted_s"])
    if said["ended"] == "cut":
        words = f"A socket was cut after {lasted:.0f} s, though the desk spoke every {said['every_s']:g} s."
        return Verdict("fail", words, SILENCE)
    return Verdict("ok", f"Kept for {wanted:.0f} s with a sign of life every {said['every_s']:g} s.")


def _silence(said: Measured, desk: Desk) -> Verdict:
    lasted, wanted = float(said["lasted_s"]), float(said["wanted_s"])
    if said["ended"] != "cut" or lasted >= WANTED_IDLE_S:
        return Verdict("ok", f"A line on which nothing was said was kept for {min(lasted, wanted):.0f} s.")
    words = f"A silent line is cut after {lasted:.0f} s."
    if lasted < SIGN_S + SLACK_S:
        return Verdict("fail", f"{words} The desk's signs of life, every {SIGN_S} s, come too late.", SILENCE)
    return Verdict(
        "warn",
        f"{words} The desk's signs of life, every {SIGN_S} s, keep sockets; a slow page may be cut.",
        SILENCE,
    )


# -- sites -------------------------------------------------------------------------------------------


def _framing(said: Measured, desk: Desk) -> Verdict:
    if not desk.frames:
        return Verdict("skip", "No site embeds the chat.")
    good: list[str] = []
    for key, allowed in desk.frames.items():
        page = said["sites"][key]
        if page["status"] != 200:
            return Verdict("fail", f"/embed/{key}/ was answered {int(page['status'])}.")
        if page["options"]:
            return Verdict("fail", f"X-Frame-Options {page['options']} forbids the frame of {key}.", FRAMED)
        framed = _ancestors(str(page["policy"] or ""))
        if framed != sorted(allowed or ["'none'"]):
            words = (
                f"/embed/{key}/ comes with another policy: {' '.join(framed) or 'everybody'} may frame it."
            )
            return Verdict("fail", words, POLICY)
        good.append(key)
    return Verdict("ok", f"The chat may be framed by the pages of {', '.join(good)}, and by no others.")


def _ancestors(policy: str) -> list[str]:
    for part in policy.split(";"):
        name, *values = part.split()[:1] + part.split()[1:] or [""]
        if name == "frame-ancestors":
            return sorted(values)
    return []


CHECKS: Final[Mapping[str, tuple[str, Callable[[Measured, Desk], Verdict]]]] = {
    "reached": ("HTTP reaches the desk", _reached),
    "tls": ("Encryption", _tls),
    "certificate": ("Certificate", _certificate),
    "version": ("HTTP version", _version),
    "clock": ("Clocks", _clock),
    "socket": ("WebSocket", _socket),
    "origin": ("Origin", _origin),
    "cookies": ("Cookies", _cookies),
    "fallback": ("Without sockets", _fallback),
    "buffering": ("Buffering", _buffering),
    "packed": ("Compression of streams", _packed),
    "framing": ("Frames of sites", _framing),
    "signs": ("A quiet socket", _signs),
    "silence": ("A silent line", _silence),
}
