"""Where the desk keeps things: database, Redis, disk, and whether their clocks agree with ours."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from assistant.doctor.findings import Finding, fail, ok, skip, warn
from assistant.keeping import backup
from common.clock import now
from common.redis import RedisGone, sync_client

OLDEST_POSTGRES = 140000  # what Django 5.2 takes
OLDEST_REDIS = (6, 2)
SKEW_WARN_S, SKEW_FAIL_S = 2.0, 30.0  # leases end after 9 s: a clock off by more ends the living
FREE_WARN, FREE_FAIL = 1024**3, 200 * 1024**2  # a day's log and a backup; below it SQLite stops writing
# Redis holds the task queue: a policy that drops any key may drop waiting tasks.
SAFE_POLICIES = ("noeviction", "volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random")

BACKUP = "make backup, in production systemctl enable --now desk-backup.timer"
BACKUP_AGE_S = 2 * 24 * 3600  # one a night, and one that failed

START_DATABASE = "make run, or: manage.py migrate && manage.py seed"


def check_database() -> list[Finding]:
    """Look whether the database answers, is up to date and suits the way this desk runs."""
    if connection.vendor == "sqlite" and not Path(str(connection.settings_dict["NAME"])).exists():
        return [fail("database", f"no database yet at {connection.settings_dict['NAME']}", START_DATABASE)]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return [_engine(), _migrations(), *_database_clock()]
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return [fail("database", reason, database_line())]
    finally:
        connection.close()


def database_line() -> str:
    """Return what brings the database of this desk back."""
    if connection.vendor == "sqlite":
        return "look at the file's owner and the disk, or restore a backup"
    return "start PostgreSQL, or mend .env: DATABASE_URL=postgresql://user:password@host:5432/name"


def _engine() -> Finding:
    if connection.vendor == "sqlite":
        if settings.DEBUG:
            return ok("database", "SQLite answers")
        return warn(
            "database",
            "SQLite answers; it takes one writer at a time, so several web processes wait for each other",
            ".env: DATABASE_URL=postgresql://user:password@host:5432/name",
        )
    version = int(getattr(connection, "pg_version", 0))
    words = f"PostgreSQL {version // 10000}.{version % 10000} answers"
    if version < OLDEST_POSTGRES:
        return fail("database", f"{words}; 14 or newer is needed", "upgrade PostgreSQL")
    return ok("database", words)


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        names = ", ".join(f"{step.app_label}.{step.name}" for step, _ in waiting[:3])
        return fail("migrations", f"{len(waiting)} not applied: {names}", "manage.py migrate")
    return ok("migrations", "all applied")


def _database_clock() -> list[Finding]:
    if connection.vendor == "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        row = cursor.fetchone()
    return [clock("database clock", row[0])] if row else []


def clock(check: str, theirs: datetime) -> Finding:
    """Compare another machine's clock with ours."""
    off = abs((now() - theirs).total_seconds())
    if off < SKEW_WARN_S:
        return ok(check, "agrees with this machine")
    state = fail if off >= SKEW_FAIL_S else warn
    return state(check, f"{off:.0f} s away from this machine", "timedatectl set-ntp true  (on both machines)")


def check_redis() -> list[Finding]:
    """Look whether Redis answers, is new enough, and drops nothing that waits in it."""
    url = settings.REDIS_URL
    if not url:
        line = "make run starts one; or .env: REDIS_URL=redis://127.0.0.1:6379/0"
        return [fail("Redis", "REDIS_URL is not set and no desk runs beside this command", line)]
    client = sync_client(url)
    try:
        info = client.info()
        seconds, micros = client.time()
    except RedisGone as error:
        return [fail("Redis", f"does not answer: {_reason(error, url)}", redis_line())]
    finally:
        client.close()
    stamp = datetime.fromtimestamp(int(seconds) + int(micros) / 1e6, UTC)
    return [_redis_version(info), _redis_memory(info), clock("Redis clock", stamp)]


def redis_line() -> str:
    """Return what brings Redis back."""
    start = "make run" if settings.DEBUG else "systemctl start redis-server"
    return f"{start}; or mend .env: REDIS_URL=redis://127.0.0.1:6379/0"


def _reason(error: RedisGone, url: str) -> str:
    """Return the error without the address, which may hold a password."""
    return f"{type(error).__name__}: {str(error).replace(url, '[REDIS_URL]')}"


def _redis_version(info: dict[str, object]) -> Finding:
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST_REDIS:
        return fail("Redis", f"version {version}; 6.2 or newer is needed", "upgrade redis-server")
    kept = "append-only file on" if info.get("aof_enabled") else "no append-only file"
    return ok("Redis", f"version {version} answers; {kept} (a restart costs waiting tasks at most)")


def _limit(memory: int) -> str:
    return f"limit of {memory // 1024**2} MiB" if memory else "no limit"


def _redis_memory(info: dict[str, object]) -> Finding:
    policy, limit = str(info.get("maxmemory_policy", "")), int(str(info.get("maxmemory", 0)))
    if policy in SAFE_POLICIES or not limit:
        return ok("Redis memory", f"{policy or 'no policy'}, {_limit(limit)}")
    return fail(
        "Redis memory",
        f"{policy} may drop tasks that wait",
        "redis-cli config set maxmemory-policy noeviction  (and in redis.conf)",
    )


def check_disk() -> list[Finding]:
    """Look whether DATA_DIR can be written and has room."""
    folder = settings.ENV.data_dir
    if not folder.is_dir():
        return [fail("disk", f"DATA_DIR {folder} is not there", f"mkdir -p {folder}")]
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="doctor-") as file:
            file.write(b"x")
    except OSError as error:
        return [fail("disk", f"{folder} cannot be written: {error.strerror}", f"chown -R $USER {folder}")]
    free = shutil.disk_usage(folder).free
    words = f"{free / 1024**3:.1f} GiB free in {folder}"
    if free < FREE_WARN:
        state = fail if free < FREE_FAIL else warn
        return [state("disk", words, "make room on this disk, or move DATA_DIR")]
    return [ok("disk", words)]


def check_backups() -> list[Finding]:
    """Look whether the newest backup is a recent one."""
    folder = backup.default_folder()
    made = backup.backups(folder) if folder.is_dir() else []
    if not made:
        words = f"none in {folder}"
        return [skip("backup", words) if settings.DEBUG else warn("backup", words, BACKUP)]
    age = now().timestamp() - made[0].stat().st_mtime
    words = f"{made[0].name}, {age / 3600:.0f} h old"
    return [ok("backup", words) if age < BACKUP_AGE_S else warn("backup", words, BACKUP)]


def not_looked_at(checks: tuple[str, ...]) -> list[Finding]:
    """Return the checks that need the database, when it is gone."""
    return [skip(check, "needs the database") for check in checks]
