"""What a desk consists of: its ports and addresses, and the command of each of its programs."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.supervisor.children import Part
from assistant.supervisor.redis_server import redis_command
from common.env import ROOT, Env

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised here, not listened on

# The web server lets replies that are being written finish for 10 s before it goes.
WEB_GRACE_S = 13.0


def loopback_of(host: str) -> str:
    """Return the address under which this machine itself reaches a server that listens on `host`."""
    return EVERY_ADDRESS.get(host, host)


def url_host(host: str) -> str:
    """Return a host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def sandbox_wanted(env: Env) -> bool:
    """Return whether the sandbox answers visitors: no provider configured in development, or asked for."""
    return env.sandbox or (env.debug and not env.providers)


@dataclass(frozen=True)
class Plan:
    """Everything about one run that is settled before the first program starts."""

    env: Env
    base: Mapping[str, str]  # what this process was started with
    redis_program: str  # empty: REDIS_URL names one that runs elsewhere
    redis_port: int

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/0" if self.redis_program else self.env.redis_url

    @property
    def sandbox_wanted(self) -> bool:
        return sandbox_wanted(self.env)

    @property
    def url(self) -> str:
        return f"http://{url_host(loopback_of(self.env.host))}:{self.env.port}/"

    @property
    def ports(self) -> dict[str, int]:
        ports = {"web": self.env.port}
        if self.sandbox_wanted:
            ports["sandbox"] = self.env.sandbox_port
        if self.redis_program:
            ports["redis"] = self.redis_port
        return ports

    @property
    def urls(self) -> dict[str, str]:
        urls = {"desk": self.url, "admin": f"{self.url}admin/", "redis": self.redis_url}
        if self.sandbox_wanted:
            urls["sandbox"] = f"http://127.0.0.1:{self.env.sandbox_port}"
        return urls

    @property
    def shared(self) -> dict[str, str]:
        """What a management command beside the desk needs to find the same database, Redis and sandbox."""
        return {
            "DEBUG": "1" if self.env.debug else "0",
            "SECRET_KEY": self.env.secret_key,
            "HOST": self.env.host,
            "PORT": str(self.env.port),
            "SANDBOX_PORT": str(self.env.sandbox_port),
            "REDIS_URL": self.redis_url,
            "DATABASE_URL": self.env.database_url,
        }

    @property
    def child_env(self) -> dict[str, str]:
        """The environment of every program; the accounts' password is not part of it."""
        env = {**self.base, **self.shared, "DATA_DIR": str(self.env.data_dir), "PYTHONUNBUFFERED": "1"}
        env.pop("ADMIN_PASSWORD", None)
        return env


def _manage(plan: Plan, name: str, *arguments: str, grace_s: float = 5.0) -> Part:
    command = (sys.executable, "manage.py", *arguments)
    return Part(name=name, command=command, env=plan.child_env, cwd=ROOT, grace_s=grace_s)


def redis_part(plan: Plan) -> Part:
    """Return the private Redis of this desk."""
    command = redis_command(plan.redis_program, plan.redis_port, plan.env.data_dir)
    return Part(name="redis", command=command, env=plan.child_env, cwd=plan.env.data_dir)


def preparations(plan: Plan, password: str) -> list[Part]:
    """Return the commands that run once, in this order, before a visitor may come."""
    parts = [_manage(plan, "migrate", "migrate", "--noinput", "--verbosity", "0")]
    if not plan.env.debug:
        parts.append(_manage(plan, "static", "collectstatic", "--noinput", "--verbosity", "0"))
    parts.append(_manage(plan, "seed", "seed"))
    # In production people have chosen passwords of their own, which a restart must not take back.
    accounts = _manage(plan, "accounts", "accounts", *(() if plan.env.debug else ("--missing",)))
    env = {**accounts.env, "ADMIN_PASSWORD": password}
    return [*parts, Part(accounts.name, accounts.command, env, accounts.cwd)]


def servers(plan: Plan) -> list[Part]:
    """Return the programs that run for as long as the desk does, in the order of their start."""
    parts: list[Part] = []
    if plan.sandbox_wanted:
        parts.append(_manage(plan, "sandbox", "sandbox", "--port", str(plan.env.sandbox_port)))
    parts.append(_manage(plan, "web", "serve", grace_s=WEB_GRACE_S))
    parts.append(_worker(plan))
    return parts


def _worker(plan: Plan) -> Part:
    schedule: Path = plan.env.data_dir / "celery-schedule"
    command = (
        sys.executable, "-m", "celery", "--app", "assistant.celery", "--quiet", "worker", "-B", "-c", "1",
        "--schedule", str(schedule), "--loglevel", "WARNING",
        # One worker has nobody to gossip with, and waiting for an answer costs a second at each start.
        "--without-gossip", "--without-mingle",
    )  # fmt: skip
    return Part(name="worker", command=command, env=plan.child_env, cwd=ROOT, grace_s=6.0)
