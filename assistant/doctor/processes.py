"""Is anybody at work: web processes by their leases, the worker by a ping, beat by its last roll-up."""

from celery.app.control import Inspect
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from assistant.celery import app
from assistant.doctor.findings import Finding, fail, ok, skip, warn
from assistant.models import Worker
from common.clock import now
from common.redis import RedisGone
from routing.models import RollUpState

PING_S = 1.5
BEAT_S = 5  # routing.roll_up runs so often, see the beat schedule
LATE_S = 60  # a roll-up of a long backlog takes a while


def start_line(unit: str) -> str:
    """Return the command that starts a part of this desk; the units are those of `deploy/systemd`."""
    return "make run" if settings.DEBUG else f"systemctl start {unit}"


def check_worker() -> list[Finding]:
    """Ask the workers for a sign of life through the broker."""
    if not settings.REDIS_URL:
        return [skip("worker", "needs Redis")]
    try:
        with app.connection_for_read(connect_timeout=PING_S) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
            answers = Inspect(app=app, timeout=PING_S, connection=broker).ping()
    except (OperationalError, RedisGone, OSError) as error:
        redis_line = start_line("redis-server")
        return [fail("worker", f"the broker does not answer: {type(error).__name__}", redis_line)]
    if not answers:
        return [fail("worker", f"no Celery worker answered within {PING_S:g} s", start_line("desk-worker"))]
    return [ok("worker", f"{len(answers)} answer{'s' if len(answers) == 1 else ''}")]


def check_beat() -> list[Finding]:
    """Look when the worker last did what beat asks of it every few seconds."""
    try:
        ran_at = RollUpState.objects.values_list("ran_at", flat=True).first()
    except DatabaseError as error:
        return [fail("beat", f"cannot be read: {type(error).__name__}", "manage.py migrate")]
    finally:
        connection.close()
    if ran_at is None:
        return [
            fail(
                "beat",
                "has not run yet (a desk that started seconds ago: ask again); figures stay empty, and no "
                "mail is sent again",
                start_line("desk-beat"),
            )
        ]
    ago = (now() - ran_at).total_seconds()
    if ago > LATE_S:
        text = f"last ran {_words(ago)} ago; it should every {BEAT_S} s"
        return [fail("beat", text, start_line("desk-beat"))]
    return [ok("beat", f"last ran {max(0, ago):.0f} s ago")]


def check_web() -> list[Finding]:
    """Count the web processes whose lease is alive."""
    try:
        count = Worker.objects.filter(expires_at__gt=now()).count()
    except DatabaseError as error:
        return [fail("web processes", f"cannot be read: {type(error).__name__}", "manage.py migrate")]
    finally:
        connection.close()
    if not count:
        return [fail("web processes", "none is alive", start_line("desk.target"))]
    words = f"{count} alive"
    if count > 1 and connection.vendor == "sqlite":
        return [
            warn(
                "web processes",
                f"{words} on one SQLite file",
                ".env: DATABASE_URL=postgresql://user:password@host:5432/name",
            )
        ]
    return [ok("web processes", words)]


def _words(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
