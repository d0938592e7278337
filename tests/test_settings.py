"""The environment is checked once, and production settings refuse what only development may have."""

import os
import secrets
import subprocess
from pathlib import Path

import pytest

from common.env import Env, EnvError, MailEnv, read_env
from common.guards import DEVELOPMENT_SECRET, EXAMPLE_SECRET
from tests import warm
from tests.environment import ROOT, dotenv_keys, free_port
from tests.servers import managed

SECRET = secrets.token_urlsafe(50)
PRODUCTION = {"SECRET_KEY": SECRET, "ORIGINS": "https://support.larkfield.example"}
# An office network without TLS, where DEBUG may be on as well while the desk listens on loopback only.
PLAIN = {"SECRET_KEY": SECRET, "ORIGINS": "http://support.larkfield.example", "HTTPS": "0"}


def env_of(tmp_path: Path, **values: str) -> Env:
    return read_env({"DATA_DIR": str(tmp_path), **values}, root=tmp_path)


def run_check(**values: str) -> "subprocess.CompletedProcess[str]":
    """Run `check --deploy` as a production machine would: nothing of this test process's environment."""
    kept = {key: os.environ[key] for key in ("PATH", "DATA_DIR", "HOME") if key in os.environ}
    return warm.run(
        "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        env={**dict.fromkeys(dotenv_keys(), ""), **kept, "DEBUG": "0", **values},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": SECRET}, "ORIGINS is not set"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, r"ALLOWED_HOSTS=\* lets"),
        ({**PRODUCTION, "ORIGINS": "support.larkfield.example"}, "ORIGINS=.* is not an http"),
        ({"SECRET_KEY": "short", "ORIGINS": "https://a.example"}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": "ab" * 40, "ORIGINS": "https://a.example"}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": DEVELOPMENT_SECRET, "ORIGINS": "https://a.example"}, "SECRET_KEY is a value that"),
        ({"SECRET_KEY": EXAMPLE_SECRET, "ORIGINS": "https://a.example"}, "SECRET_KEY is a value that"),
        ({**PRODUCTION, "ORIGINS": "http://support.larkfield.example"}, "ORIGINS=http://.* is not https"),
        ({"DEBUG": "1", "HOST": "0.0.0.0"}, "HOST=0.0.0.0 lets other machines in: set DEBUG=0"),
        ({"DEBUG": "1", "HOST": "support.larkfield.example"}, "lets other machines in"),
        (
            {"DEBUG": "1", "ORIGINS": "https://a.example"},
            "ORIGINS=https://a.example is an address of visitors",
        ),
        ({**PRODUCTION, "TRUSTED_PROXIES": "the-proxy"}, "TRUSTED_PROXIES has 'the-proxy'"),
        ({**PRODUCTION, "TRUSTED_PROXIES": "0.0.0.0/0"}, "would believe every visitor's own word"),
        ({**PRODUCTION, "SERVER": "gunicorn"}, "SERVER is one of daphne, uvicorn, not 'gunicorn'"),
        ({**PRODUCTION, "DRAIN_NOTICE": "90"}, "DRAIN_NOTICE='90' is not a time"),
        ({**PRODUCTION, "DEBUG": "maybe"}, "DEBUG='maybe' is not a switch"),
        ({**PRODUCTION, "PORT": "70000"}, "PORT='70000' is not a port"),
        (
            {**PRODUCTION, "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
            "OTEL_.*_ENDPOINT=.* is not an http",
        ),
        ({**PRODUCTION, "OTEL_EXPORTER_OTLP_HEADERS": "token"}, "OTEL_EXPORTER_OTLP_HEADERS is a list"),
        (
            {**PRODUCTION, "HOST": "0.0.0.0", "RATE_LIMITS": "off"},
            "RATE_LIMITS=off is accepted on a loopback",
        ),
        ({**PRODUCTION, "PROVIDER_HOME_KEY": "k"}, "PROVIDER_HOME_WIRE='' is not a wire"),
        ({**PRODUCTION, "DATABASE_URL": "mysql://desk@db/desk"}, "DATABASE_URL is no address.*postgresql://"),
        ({**PRODUCTION, "DATABASE_URL": "postgresql://desk@db:five/desk"}, "DATABASE_URL is no address"),
        ({**PRODUCTION, "REDIS_URL": "127.0.0.1:6379"}, "REDIS_URL is no address.*redis://"),
        ({**PRODUCTION, "EMAIL_URL": "mail.example.com"}, "EMAIL_URL is not a mail server"),
        ({**PRODUCTION, "EMAIL_URL": "smtp://mail.example.com:mail"}, "EMAIL_URL has a port"),
        ({**PRODUCTION, "EMAIL_URL": "smtps://mail.example.com?tls=none"}, "knows .tls=none on smtp"),
        ({**PRODUCTION, "ALERT_WEBHOOK_URL": "hooks.example.com"}, "ALERT_WEBHOOK_URL is not an http"),
        ({**PRODUCTION, "ALERT_WEBHOOK_URL": "https://hooks.example.com"}, "ALERT_WEBHOOK_SECRET signs"),
        ({**PRODUCTION, "ALERT_WEBHOOK_SECRET": "0123456789abcdef"}, "ALERT_WEBHOOK_URL is not an http"),
        ({**PRODUCTION, "EMAIL_FROM": "Support"}, "EMAIL_FROM='Support' holds no e-mail address"),
    ],
)
def test_a_start_that_would_be_unsafe_or_meaningless_is_refused(
    tmp_path: Path, values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(EnvError, match=sentence):
        env_of(tmp_path, **values)


def test_production_and_development_differ_where_they_should(tmp_path: Path) -> None:
    production = env_of(tmp_path, **PRODUCTION)
    assert (production.debug, production.https, production.server) == (False, True, "daphne")
    assert env_of(tmp_path, **PRODUCTION, SERVER="uvicorn").server == "uvicorn"
    assert production.allowed_hosts == ("support.larkfield.example",)
    development = env_of(tmp_path, DEBUG="1", PORT="8123")
    assert (development.debug, development.https) == (True, False)
    assert "http://127.0.0.1:8123" in development.origins
    assert SECRET not in repr(production)


def test_what_is_convenient_on_this_machine_stays_allowed_there(tmp_path: Path) -> None:
    origins = "http://localhost:8000 https://desk.localhost:8443"
    assert env_of(tmp_path, DEBUG="1", HOST="127.0.0.1", ORIGINS=origins).debug
    plain = {**PRODUCTION, "ORIGINS": "http://desk.office.example"}
    assert env_of(tmp_path, **plain, HTTPS="0").origins == ("http://desk.office.example",)
    assert env_of(tmp_path, **{**PRODUCTION, "ORIGINS": "http://127.0.0.1:8000"}, HOST="0.0.0.0").https


def test_the_value_of_the_example_file_is_one_that_is_refused() -> None:
    assert f"# SECRET_KEY={EXAMPLE_SECRET}\n" in (ROOT / ".env.example").read_text()


def test_proxies_are_this_machine_unless_named(tmp_path: Path) -> None:
    assert [str(network) for network in env_of(tmp_path, **PRODUCTION).trusted_proxies] == [
        "127.0.0.1/32",
        "::1/128",
    ]
    named = env_of(tmp_path, **PRODUCTION, TRUSTED_PROXIES="10.1.0.0/16, 192.0.2.7").trusted_proxies
    assert [str(network) for network in named] == ["10.1.0.0/16", "192.0.2.7/32"]
    assert env_of(tmp_path, **PRODUCTION, TRUSTED_PROXIES="none").trusted_proxies == ()


def test_a_mail_server_is_read_from_one_address(tmp_path: Path) -> None:
    mail = env_of(tmp_path, **PRODUCTION, EMAIL_URL="smtp://desk%40example.com:p%2Fw@mail.example.com").mail
    assert mail == MailEnv("mail.example.com", 587, "desk@example.com", "p/w", "starttls")
    assert "p/w" not in repr(mail)
    assert env_of(tmp_path, **PRODUCTION).mail is None
    relay = env_of(tmp_path, **PRODUCTION, EMAIL_URL="smtp://localhost:25?tls=none").mail
    assert relay == MailEnv("localhost", 25, tls="none")


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DEBUG=1\nPORT=8101\nSANDBOX_PORT=8102\n")
    env = read_env(
        {"PORT": "8103", "DATA_DIR": str(tmp_path)}, tmp_path, {"SANDBOX_PORT": "1", "HOST": "::1"}
    )
    assert (env.port, env.sandbox_port, env.host) == (8103, 8102, "::1")


def test_check_deploy_is_clean_in_production_settings() -> None:
    done = run_check(**PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


REFUSALS_AND_A_FAULT = """
import django
django.setup()
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path

def refuse(request):
    raise PermissionDenied("not yours")

def fail(request):
    raise ValueError("a fault")

def not_now(request):
    return HttpResponse(status=503)

def ready(request):
    return fail(request) if request.GET else not_now(request)

urlpatterns = [path("refused/", refuse), path("fault/", fail), path("busy/", not_now), path("readyz", ready)]
settings.ROOT_URLCONF, settings.MIDDLEWARE = "__main__", []
settings.TEMPLATES = []  # the pages of refusals need files that only collectstatic makes
client = Client(raise_request_exception=False, SERVER_NAME="support.larkfield.example")
for address in ("/readyz", "/busy/", "/refused/", "/missing/", "/readyz?fault", "/fault/"):
    client.get(address)
"""


@pytest.mark.parametrize("debug", ["0", "1"])
def test_an_answer_is_one_line_of_the_log_and_a_fault_has_its_traceback(debug: str) -> None:
    done = warm.run(
        "-c", REFUSALS_AND_A_FAULT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "assistant.settings", **PLAIN, "DEBUG": debug},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert "INFO django.request Service Unavailable: /readyz" in lines[0]
    assert "ERROR django.request Service Unavailable: /busy/" in lines[1]
    assert "WARNING django.request Forbidden (Permission denied): /refused/" in lines[2]
    assert "WARNING django.request Not Found: /missing/" in lines[3]
    assert "ERROR django.request Internal Server Error: /readyz" in lines[4]
    assert lines[5] == "Traceback (most recent call last):"
    assert "ERROR django.request Internal Server Error: /fault/" in done.stderr
    assert done.stderr.count("Traceback") == 2


def test_a_command_that_may_not_start_says_why_in_one_sentence() -> None:
    done = run_check()
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "SECRET_KEY is not set: put a long random value into .env, or set DEBUG=1 to develop."
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        # Nothing listens on a port that was just given back.
        ("postgresql://desk:hidden@127.0.0.1:{port}/desk", "The database cannot be used"),
        ("sqlite:///{folder}/empty.sqlite3", "lacks tables of this release"),
        ("sqlite:////nowhere/desk.sqlite3", "The database cannot be used: unable to open"),
    ],
)
def test_a_database_that_is_away_or_empty_is_told_in_one_sentence(
    tmp_path: Path, name: str, sentence: str
) -> None:
    url = name.format(port=free_port(), folder=tmp_path)
    told = managed("desk_settings", env={"DEBUG": "1", "DATABASE_URL": url, "DATA_DIR": str(tmp_path)})
    assert told.returncode == 1
    assert sentence in told.stderr
    assert len(told.stderr.splitlines()) == 1, "a traceback, or more"
    assert "hidden" not in told.stderr


def test_headers_for_a_collector_are_read_as_its_specification_writes_them(tmp_path: Path) -> None:
    found = env_of(
        tmp_path, DEBUG="1", OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20a%2Cb, x-team=desk"
    )
    assert dict(found.otlp_headers) == {"authorization": "Bearer a,b", "x-team": "desk"}
    assert "Bearer" not in repr(found)
