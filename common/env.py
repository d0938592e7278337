"""The only reader of the environment: secrets and wiring, checked once, with a clear error.

Values come from the process environment, then from `.env` in the checkout. A command run beside
`make run` also finds the running desk's database, Redis and sandbox through `DATA_DIR/run.json`.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dotenv import dotenv_values

from common.guards import DEVELOPMENT_SECRET, Network, Wiring, is_loopback, odd_store, proxies, refusal
from common.signing_in import SsoEnv, mfa_of, sso_of

ROOT = Path(__file__).resolve().parent.parent

WIRES = ("openai", "gemini", "anthropic")
SERVERS = ("daphne", "uvicorn")  # the first is the default

# Public API roots of the three vendors; a base URL in the environment replaces them.
VENDOR_BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "anthropic": "https://api.anthropic.com/v1",
}


class EnvError(ValueError):
    """A variable is missing or malformed; the message names it and says what it takes."""


@dataclass(frozen=True)
class ProviderEnv:
    """One configured provider: where it is and the key that is only ever sent there."""

    name: str
    wire: str
    base_url: str
    key: str = field(repr=False)
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class MailEnv:
    """The mail server that sends the desk's mail."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"  # starttls | implicit | none


@dataclass(frozen=True)
class Env:
    """Everything the desk reads from outside the database."""

    debug: bool
    secret_key: str = field(repr=False)
    host: str
    port: int
    sandbox_port: int
    sandbox: bool
    data_dir: Path
    static_dir: Path
    backup_dir: Path
    backup_keep: int
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    allowed_hosts: tuple[str, ...]
    origins: tuple[str, ...]
    rate_limits: bool
    example: bool
    admin_password: str = field(repr=False)
    metrics_token: str = field(repr=False)
    log_level: str
    log_events: bool
    otlp_endpoint: str
    otlp_headers: Mapping[str, str] = field(repr=False)
    https: bool
    trusted_proxies: tuple[Network, ...]
    drain_notice_s: int
    drain_s: int
    lease_s: int
    left_s: int
    grounded_share: int
    grounded_judge: str
    server: str
    providers: tuple[ProviderEnv, ...]
    mail: MailEnv | None
    mail_from: str
    webhook_url: str = field(default="", repr=False)  # many carry their secret in the path
    webhook_secret: str = field(default="", repr=False)
    help_desk_url: str = field(default="", repr=False)
    help_desk_secret: str = field(default="", repr=False)
    sso: SsoEnv | None = None
    mfa: str = "off"


def _server(named: str) -> str:
    if named and named not in SERVERS:
        raise EnvError(f"SERVER is one of {', '.join(SERVERS)}, not {named!r}.")
    return named or SERVERS[0]


def _flag(values: Mapping[str, str], name: str, default: bool) -> bool:
    raw = values.get(name, "").strip().lower()
    if raw == "":
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise EnvError(f"{name}={raw!r} is not a switch: use 1 or 0.")


def _port(values: Mapping[str, str], name: str, default: int) -> int:
    raw = values.get(name, "").strip()
    if raw == "":
        return default
    if not raw.isdigit() or not 0 < int(raw) < 65536:
        raise EnvError(f"{name}={raw!r} is not a port: use a number from 1 to 65535.")
    return int(raw)


def _list(raw: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", raw.strip()) if part)


def _otlp(raw: str) -> str:
    return _base_url("OTEL_EXPORTER_OTLP_ENDPOINT", raw) if raw else ""


def _headers(raw: str) -> dict[str, str]:
    """Return `name=value,name=value` as the OpenTelemetry specification writes headers, values %-encoded."""
    pairs = [pair.partition("=") for pair in raw.split(",") if pair.strip()]
    if any(not mark or not name.strip() for name, mark, _ in pairs):
        raise EnvError("OTEL_EXPORTER_OTLP_HEADERS is a list of name=value, with commas between them.")
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


def _base_url(name: str, raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise EnvError(f"{name}={raw!r} is not an http(s) address: write it as in https://host.")
    return raw.rstrip("/")


def _provider_url(name: str, raw: str, wire: str) -> str:
    """Return a provider's API root; a bare host gets the path under which its wire lives.

    Vendors' own libraries differ in whether their base URL holds the version, so both are taken.
    """
    url = _base_url(name, raw or VENDOR_BASE_URLS[wire])
    return url if urlsplit(url).path else url + urlsplit(VENDOR_BASE_URLS[wire]).path


MAIL_PORTS = {"smtp": 587, "smtps": 465}


def read_mail(raw: str) -> MailEnv | None:
    """Return the mail server of an EMAIL_URL, None for an empty one.

    `smtp://user:password@host:587` speaks STARTTLS (`?tls=none` does not, for a relay on this machine),
    `smtps://` is encrypted from its first byte. Raises EnvError; the message never holds the password.
    """
    if not raw:
        return None
    parts = urlsplit(raw)
    try:
        port = parts.port
    except ValueError:
        raise EnvError("EMAIL_URL has a port that is no number from 1 to 65535.") from None
    if parts.scheme not in MAIL_PORTS or not parts.hostname:
        raise EnvError("EMAIL_URL is not a mail server: write smtp://user:password@host:587 or smtps://...")
    tls = "implicit" if parts.scheme == "smtps" else "starttls"
    for name, value in parse_qsl(parts.query):
        if (name, value) != ("tls", "none") or parts.scheme == "smtps":
            raise EnvError(f"EMAIL_URL knows ?tls=none on smtp:// only, and this says ?{name}={value}.")
        tls = "none"
    return MailEnv(
        parts.hostname,
        port or MAIL_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls,
    )


def _address(name: str, raw: str) -> str:
    """Return a sender such as `Support <support@example.com>`; raises EnvError when it has no address."""
    if raw and not re.search(r"[^@\s<>]+@[^@\s<>]+", raw):
        raise EnvError(f"{name}={raw!r} holds no e-mail address.")
    return raw


def _sign_in(values: Mapping[str, str]) -> tuple[SsoEnv | None, str]:
    """Return the identity provider and the second factor. Raises EnvError."""
    names = ("SSO_ISSUER", "SSO_CLIENT_ID", "SSO_CLIENT_SECRET", "SSO_NAME")
    issuer, client_id, secret, name = (values.get(variable, "").strip() for variable in names)
    try:
        return sso_of(issuer, client_id, secret, name), mfa_of(values.get("MFA", "").strip())
    except ValueError as error:
        raise EnvError(str(error)) from None


# Shorter ones can be guessed from a single signed message.
WEBHOOK_SECRET_CHARS = 16


def _webhook(values: Mapping[str, str], url_name: str, secret_name: str) -> tuple[str, str]:
    """Return address and secret of a webhook, two empty strings for none. Raises EnvError."""
    url = values.get(url_name, "").strip()
    secret = values.get(secret_name, "").strip()
    if not url and not secret:
        return "", ""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # Without the value: it may hold a secret.
        raise EnvError(f"{url_name} is not an http(s) address: write it as in https://host/path.")
    if len(secret) < WEBHOOK_SECRET_CHARS:
        raise EnvError(
            f"{secret_name} signs what goes to {url_name}: {WEBHOOK_SECRET_CHARS} characters or more, "
            "the same as its receiver has."
        )
    return url, secret


def _models(values: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    return _list(values.get(f"{prefix}_MODELS", "") or values.get(f"{prefix}_MODEL", ""))


def read_providers(values: Mapping[str, str]) -> tuple[ProviderEnv, ...]:
    """Return the configured providers, in the order gemini, anthropic, openai, then by name.

    `<PROVIDER>_MODEL` names a model it serves beside the catalogue's; several are separated by
    commas, the lightest first.

    Raises EnvError for a provider without a wire, with an unknown wire, or without an address.
    """
    found: list[ProviderEnv] = []
    for wire in ("gemini", "anthropic", "openai"):
        key = values.get(f"{wire.upper()}_API_KEY", "").strip()
        base = values.get(f"{wire.upper()}_BASE_URL", "").strip()
        if not key and not base:
            continue
        base = _provider_url(f"{wire.upper()}_BASE_URL", base, wire)
        if key or wire == "openai":
            found.append(ProviderEnv(wire, wire, base, key, _models(values, wire.upper())))
    names = sorted(
        match.group(1)
        for match in (
            re.fullmatch(r"PROVIDER_([A-Z0-9]+)_(?:WIRE|BASE_URL|KEY|MODELS?)", key) for key in values
        )
        if match
    )
    for name in dict.fromkeys(names):
        wire = values.get(f"PROVIDER_{name}_WIRE", "").strip().lower()
        if wire not in WIRES:
            raise EnvError(f"PROVIDER_{name}_WIRE={wire!r} is not a wire: use one of {', '.join(WIRES)}.")
        variable = f"PROVIDER_{name}_BASE_URL"
        base = _provider_url(variable, values.get(variable, "").strip(), wire)
        key = values.get(f"PROVIDER_{name}_KEY", "").strip()
        found.append(ProviderEnv(name.lower(), wire, base, key, _models(values, f"PROVIDER_{name}")))
    return tuple(found)


def _beside(data_dir: Path) -> dict[str, str]:
    """Return database, Redis and sandbox of a `make run` that is up in this DATA_DIR, else nothing."""
    path = data_dir / "run.json"
    if not path.exists():
        return {}
    run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    try:
        os.kill(int(run["pid"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return {}
    except PermissionError:
        pass  # the process lives and belongs to somebody else
    return {str(key): str(value) for key, value in run.get("env", {}).items()}


def _trusted_proxies(raw: str) -> tuple[Network, ...]:
    try:
        return proxies(_list(raw) or ("127.0.0.1", "::1"))
    except ValueError as error:
        raise EnvError(str(error)) from None


def _count(values: Mapping[str, str], name: str, default: int) -> int:
    raw = values.get(name, "").strip() or str(default)
    if not raw.isdigit():
        raise EnvError(f"{name}={raw!r} is not a count: use a whole number, 0 for no limit.")
    return int(raw)


def _percent(values: Mapping[str, str], name: str, default: int) -> int:
    raw = values.get(name, "").strip() or str(default)
    if not raw.isdigit() or int(raw) > 100:
        raise EnvError(f"{name}={raw!r} is not a share: use a whole number of percent from 0 to 100.")
    return int(raw)


def _seconds(values: Mapping[str, str], name: str, most: int, default: int = 0, least: int = 0) -> int:
    raw = values.get(name, "").strip() or str(default)
    if not raw.isdigit() or not least <= int(raw) <= most:
        raise EnvError(f"{name}={raw!r} is not a time: use whole seconds from {least} to {most}.")
    return int(raw)


def _dotenv(root: Path) -> dict[str, str]:
    return {key: value for key, value in dotenv_values(root / ".env").items() if value is not None}


def read_data_dir(environ: Mapping[str, str], root: Path = ROOT) -> Path:
    """Return the absolute DATA_DIR: what a supervisor has to lock before it reads the rest."""
    raw = {**_dotenv(root), **environ}.get("DATA_DIR", "").strip() or "var"
    return root / raw


def read_embedder_dir(environ: Mapping[str, str], root: Path = ROOT) -> str:
    """Return the absolute EMBEDDER_DIR, `off`, or an empty string for the files of the installed wheel."""
    raw = {**_dotenv(root), **environ}.get("EMBEDDER_DIR", "").strip()
    return raw if raw in {"", "off"} else str(root / raw)


def read_env(environ: Mapping[str, str], root: Path = ROOT, defaults: Mapping[str, str] | None = None) -> Env:
    """Return the checked environment; `environ` wins over `.env`, `.env` over a running desk.

    `defaults` stand in for what is empty or absent in both files and environment. Raises EnvError,
    naming the variable, when a value cannot be used.
    """
    data_dir = read_data_dir(environ, root)
    values: dict[str, str] = {**_beside(data_dir), **_dotenv(root), **environ}
    values |= {key: value for key, value in (defaults or {}).items() if not values.get(key)}

    debug = _flag(values, "DEBUG", False)
    host = values.get("HOST", "").strip() or "127.0.0.1"
    port = _port(values, "PORT", 8000)
    secret = values.get("SECRET_KEY", "").strip()
    origins = _list(values.get("ORIGINS", ""))
    for origin in origins:
        _base_url("ORIGINS", origin)
    if debug and not origins:
        origins = tuple(f"http://{name}:{port}" for name in dict.fromkeys(["127.0.0.1", "localhost", host]))
    hosts = _list(values.get("ALLOWED_HOSTS", "")) or tuple(
        dict.fromkeys(urlsplit(origin).hostname or "" for origin in origins)
    )
    https = _flag(values, "HTTPS", not debug)
    if sentence := refusal(Wiring(debug, secret, host, hosts, origins, https)):
        raise EnvError(sentence)
    stores = [values.get(name, "").strip() for name in ("DATABASE_URL", "REDIS_URL")]
    if sentence := odd_store(*stores):
        raise EnvError(sentence)
    rate_limits = _flag(values, "RATE_LIMITS", True)
    if not rate_limits and not is_loopback(host):
        raise EnvError(f"RATE_LIMITS=off is accepted on a loopback HOST only, and HOST is {host!r}.")
    sso, mfa = _sign_in(values)
    webhook = _webhook(values, "ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET")
    help_desk = _webhook(values, "HELP_DESK_WEBHOOK_URL", "HELP_DESK_WEBHOOK_SECRET")
    return Env(
        debug=debug,
        secret_key=secret or DEVELOPMENT_SECRET,
        host=host,
        port=port,
        sandbox_port=_port(values, "SANDBOX_PORT", 8010),
        sandbox=_flag(values, "SANDBOX", False),
        data_dir=data_dir,
        static_dir=root / (values.get("STATIC_DIR", "").strip() or "staticfiles"),
        backup_dir=root / (values.get("BACKUP_DIR", "").strip() or data_dir / "backups"),
        backup_keep=_count(values, "BACKUP_KEEP", 14),
        database_url=stores[0],
        redis_url=stores[1],
        allowed_hosts=hosts,
        origins=origins,
        rate_limits=rate_limits,
        example=_flag(values, "EXAMPLE", True),
        admin_password=values.get("ADMIN_PASSWORD", ""),
        metrics_token=values.get("METRICS_TOKEN", "").strip(),
        log_level=values.get("LOG_LEVEL", "").strip().upper() or "INFO",
        log_events=_flag(values, "LOG_EVENTS", not debug),
        otlp_endpoint=_otlp(values.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()),
        otlp_headers=_headers(values.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
        https=https,
        trusted_proxies=_trusted_proxies(values.get("TRUSTED_PROXIES", "")),
        # Longer than any balancer asks; TimeoutStopSec of deploy/systemd allows for it.
        drain_notice_s=_seconds(values, "DRAIN_NOTICE", 30),
        drain_s=_seconds(values, "DRAIN_PATIENCE", 10, default=10),
        lease_s=_seconds(values, "REPLY_LEASE", 60, default=9, least=2),
        left_s=_seconds(values, "LEFT_PATIENCE", 3600, default=60),
        grounded_share=_percent(values, "GROUNDED_SHARE", 100),
        grounded_judge=values.get("GROUNDED_JUDGE", "").strip(),
        server=_server(values.get("SERVER", "").strip().lower()),
        providers=read_providers(values),
        mail=read_mail(values.get("EMAIL_URL", "").strip()),
        mail_from=_address("EMAIL_FROM", values.get("EMAIL_FROM", "").strip()),
        webhook_url=webhook[0],
        webhook_secret=webhook[1],
        help_desk_url=help_desk[0],
        help_desk_secret=help_desk[1],
        sso=sso,
        mfa=mfa,
    )


def keep_onnxruntime_silent() -> None:
    """Forbid onnxruntime to report to Microsoft from this process; to be called before it is imported.

    Its official builds do unless they find this variable when they are loaded. The call that it offers for
    the purpose comes after an identifier of the machine was made and a first event was sent.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def process_environment() -> dict[str, str]:
    """Return a copy of this process's environment, for a child process that is about to start."""
    return dict(os.environ)
