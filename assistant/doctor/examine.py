"""All checks: those that need no database at once, the others when it has answered; none waited for long."""

from collections.abc import Callable
from functools import partial

from assistant.doctor import address, content, keys, post, processes, stores
from assistant.doctor.findings import Finding, fail
from common.together import Late, together

Check = Callable[[], list[Finding]]

# Seconds; the two rounds together stay under twenty also when everything hangs.
QUICK_S, SLOW_S, KEYS_S = 3.0, 8.0, 11.5

_NEEDS_DATABASE = ("web processes", "beat", "settings", "FAQ")


def examine(mail_to: str = "") -> list[Finding]:
    """Run every check and return what they found, in the order in which a reader looks for it."""
    sockets: dict[str, tuple[Check, float]] = {
        f"socket {origin}": (partial(address.check_socket, origin), SLOW_S)
        for origin in address.own_origins()
    }
    first = _run(
        {
            "database": (stores.check_database, QUICK_S + 1),
            "Redis": (stores.check_redis, QUICK_S + 1),
            "disk": (stores.check_disk, QUICK_S),
            "backup": (stores.check_backups, QUICK_S),
            "worker": (processes.check_worker, SLOW_S),
            "origins": (address.check_origins, QUICK_S),
            "semantic half": (content.check_semantic_half, SLOW_S),
            "static files": (address.check_static, QUICK_S),
            "e-mail": (partial(_mail, mail_to), SLOW_S),
            **sockets,
        }
    )
    alive = all(finding.state != "fail" for finding in first["database"])
    second = _second(alive)
    order = (
        "database", "Redis", "disk", "backup", "web processes", "worker", "beat", "origins", *sockets,
        "static files", "e-mail", "content", "semantic half", "models",
    )  # fmt: skip
    found = {**first, **second}
    return [finding for name in order for finding in found.get(name, ())]


def _second(database: bool) -> dict[str, list[Finding]]:
    if not database:
        lists = _run({"models": (keys.check_lists, KEYS_S)})
        return {**lists, "content": stores.not_looked_at(_NEEDS_DATABASE)}
    return _run(
        {
            "web processes": (processes.check_web, QUICK_S),
            "beat": (processes.check_beat, QUICK_S),
            "content": (content.check_content, QUICK_S),
            "models": (keys.check_keys, KEYS_S),
        }
    )


def _mail(to: str) -> list[Finding]:
    found = post.check_mail()
    if to and all(finding.state != "fail" for finding in found):
        found += post.send_test(to)
    return found


def _run(checks: dict[str, tuple[Check, float]]) -> dict[str, list[Finding]]:
    results = together(checks)
    return {name: _late(name, result) for name, result in results.items()}


def _late(name: str, result: list[Finding] | Late) -> list[Finding]:
    if not isinstance(result, Late):
        return result
    lines = {
        "database": stores.database_line(),
        "Redis": stores.redis_line(),
        "worker": stores.redis_line(),
        "e-mail": post.URL,
        "models": "look at DNS and firewall of this machine, then run this again",
    }
    line = lines.get(name, "run this again; if it stays, look at the load of this machine")
    return [fail(name, f"no answer within {result.after_s:g} s", line)]
