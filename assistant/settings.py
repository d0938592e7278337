"""Django settings, all from `common.env`; staff-editable configuration lives in the database."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab

from assistant.languages import DEFAULT, NAMES
from assistant.people import switches
from assistant.unfold_settings import UNFOLD as UNFOLD_LOOK
from common.env import ROOT, read_env

# Lets class statements name the types that Django's generic classes hold.
django_stubs_ext.monkeypatch()

ENV = read_env(os.environ)

BASE_DIR: Path = ROOT
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
# This machine's own names as well: health checks and `curl` on it ask by address, and nobody else can.
ALLOWED_HOSTS = [*ENV.allowed_hosts, "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = list(ENV.origins)
CSRF_FAILURE_VIEW = "assistant.people.kept.csrf_failure"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "assistant.admin_site.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "simple_history",
    "axes",
    "csp",
    "channels",
    "common",
    "faq",
    "routing",
    "assistant",
    *switches.apps(ENV),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "assistant.csp.AdminPolicyMiddleware",
    "assistant.page_language.PageLanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "assistant.desk_time.DeskTimeMiddleware",
    "axes.middleware.AxesMiddleware",
    *switches.middleware(ENV),
]

ROOT_URLCONF = "assistant.urls"
ASGI_APPLICATION = "assistant.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]


def database() -> dict[str, Any]:
    """Return the database of DATABASE_URL, else SQLite in DATA_DIR with WAL and IMMEDIATE writes."""
    if ENV.database_url:
        parsed: dict[str, Any] = dict(dj_database_url.parse(ENV.database_url, conn_max_age=60))
        if "sqlite" not in parsed["ENGINE"]:
            return parsed
        name = parsed["NAME"]
    else:
        name = ENV.data_dir / "desk.sqlite3"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
        },
        # A file and not memory, so that threads of one test share it.
        "TEST": {"NAME": str(ENV.data_dir / "test.sqlite3")},
    }


DATABASES = {"default": database()}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds; invitations too: one sent on Friday works on Monday
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours: long enough to stop guessing, short enough to wait out
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "assistant.lockout.locked_out"
AXES_ENABLE_ADMIN = False  # its tables are an audit trail that nobody edits; the Users page unlocks
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

globals().update(switches.further_settings(ENV))  # sign-in through the company, second factor

LANGUAGE_CODE = DEFAULT
LANGUAGES = list(NAMES.items())
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["assistant.formats"]

STATIC_URL = "static/"
STATIC_ROOT = ENV.static_dir
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "assistant.static_files.DeskStaticStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# The cookie's life is the visitor's memory: a conversation can be gone on with for half a year.
VISITOR_COOKIE = "visitor"
VISITOR_COOKIE_AGE_S = 180 * 24 * 3600

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.https
SECURE_SSL_REDIRECT = False  # the proxy in front redirects; /healthz must answer plainly
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
SECURE_HSTS_SECONDS = 31536000 if ENV.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.https
SECURE_HSTS_PRELOAD = ENV.https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    *(["security.W008"] if ENV.https else []),
    # SQLite has no covering indexes: it leaves out the columns that they would carry, and nothing is lost.
    *(["models.W040"] if "sqlite" in DATABASES["default"]["ENGINE"] else []),
]

# For every page of visitors; the admin has its own, in assistant/csp.py. 'self' covers the socket.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Without a mail server, development keeps its mail as files, and production sends none and says so.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(ENV.data_dir / "mail")
if ENV.mail:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = ENV.mail.host, ENV.mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.mail.user, ENV.mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = ENV.mail.tls == "starttls", ENV.mail.tls == "implicit"
EMAIL_TIMEOUT = 10  # seconds; a mail server that hangs must not hold a worker
DEFAULT_FROM_EMAIL = ENV.mail_from or "desk@localhost"

# faq lies below assistant and may not import its renderer, so it is told where to find it.
FAQ_PREVIEW_RENDERER = "assistant.faq_preview.render_answer"
FAQ_DRAFTER = "assistant.drafting.desk"
# And routing lies below it too: what a prompt says there decides whether a passed transfer test still counts.
PROMPT_WORDING = "assistant.prompts.wording_version"
FAQ_FLOW_WORDINGS = "assistant.flows.words.wordings"
FAQ_TURN_ADDRESS = "assistant.admin.locate.turn_address"
FAQ_ROUTE_NAMES = "assistant.admin.decision.route_names"

REDIS_URL = ENV.redis_url
CELERY_BROKER_URL = ENV.redis_url or "redis://127.0.0.1:6379/0"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
# With the defaults a killed worker's task is not seen again for an hour.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,  # a visitor waits while a task is handed over; beat drives what was not
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    # Figures are promised never to be more than 10 s behind; a run that waited longer is not worth making.
    "roll-up": {"task": "routing.roll_up", "schedule": 5.0, "options": {"expires": 15}},
    # Conversations of the day, for the cost page: some seconds at ten million calls a month.
    "count-days": {"task": "routing.count_days", "schedule": 900.0, "options": {"expires": 900}},
    # Some seconds at a time, since mails wait behind it.
    "judge-support": {"task": "assistant.judge_support", "schedule": 15.0, "options": {"expires": 15}},
    # A few minutes of replies at a time, of two hours ago; the roll-up takes them up again.
    "assume-settled": {"task": "routing.assume", "schedule": 120.0, "options": {"expires": 120}},
    "send-due-mails": {"task": "assistant.send_due_mails", "schedule": 10.0, "options": {"expires": 30}},
    "tell-help-desk": {"task": "assistant.tell_help_desk", "schedule": 10.0, "options": {"expires": 30}},
    # Two looks a minute: the shortest window is five minutes, and its figures come every five seconds.
    "watch-service-levels": {
        "task": "assistant.watch_service_levels",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "send-reports": {"task": "assistant.send_reports", "schedule": 60.0, "options": {"expires": 60}},
    # Imports whose worker was killed, and uploaded files after their day.
    "drive-uploads": {"task": "faq.drive_uploads", "schedule": 15.0, "options": {"expires": 30}},
    # How well answers are recognised: some seconds at a time, since mails wait behind it.
    "measure-health": {"task": "faq.measure_health", "schedule": 15.0, "options": {"expires": 15}},
    "forget-uploads": {"task": "faq.forget_uploads", "schedule": 3600.0, "options": {"expires": 3600}},
    # Once a day; a desk that slept through the hour catches up when it starts.
    "forget-vectors": {"task": "faq.forget_vectors", "schedule": crontab(hour=3, minute=41)},
    "normalise-asked": {"task": "faq.normalise_asked", "schedule": crontab(hour=3, minute=29)},
    # They are never used again from the moment of an edit on; this only takes what people wrote away.
    "forget-stored-answers": {
        "task": "assistant.forget_stored_answers",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    # Ids of identity tokens live five minutes and a little more.
    "sweep-tokens": {"task": "assistant.sweep_tokens", "schedule": 300.0, "options": {"expires": 300}},
    "retention": {"task": "assistant.retention", "schedule": crontab(hour=3, minute=17)},
    # Once a day, before people come to work: models that retire, are unknown, or answer under another name.
    "check-catalogue": {"task": "assistant.check_catalogue", "schedule": crontab(hour=4, minute=53)},
    "watch-changes": {"task": "assistant.watch_changes", "schedule": 60.0, "options": {"expires": 60}},
    "end-orphans": {"task": "assistant.end_orphans", "schedule": 10.0, "options": {"expires": 30}},
    "drive-transfer-tests": {
        "task": "assistant.drive_transfer_tests",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "drive-flows": {"task": "assistant.drive_flows", "schedule": 15.0, "options": {"expires": 30}},
    # Once a day, when few visitors wait: some minutes of a worker on a busy desk, in steps of seconds.
    "what-people-ask": {"task": "assistant.what_people_ask", "schedule": crontab(hour=4, minute=11)},
    "drive-drafts": {"task": "assistant.drive_drafts", "schedule": 10.0, "options": {"expires": 30}},
    "drive-backtests": {"task": "assistant.drive_backtests", "schedule": 10.0, "options": {"expires": 30}},
    # One query while there is no shadow run.
    "shadow": {"task": "assistant.shadow", "schedule": 5.0, "options": {"expires": 15}},
}
CELERY_TIMEZONE = "UTC"

UNFOLD = {**UNFOLD_LOOK, "ACCOUNT": {"navigation": switches.account_menu(ENV)}}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "assistant.log_filters.NoTexts",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "filters": {"refusals": {"()": "assistant.log_filters.BriefRefusals"}},
    "handlers": {
        "stderr": {"class": "assistant.log_queue.QueuedStderr", "formatter": "plain", "filters": ["refusals"]}
    },
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {
        # Without handlers of its own: Django's would write each line a second time while DEBUG is on.
        "django": {"level": "INFO", "handlers": []},
        "daphne": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # Celery's lines about each task, and the broker's about each message: with what they carry.
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "redis": {"level": "INFO"},
        "amqp": {"level": "WARNING"},
        # At DEBUG these write whole statements, frames and prompts.
        "django.db.backends": {"level": "INFO"},
        "django.template": {"level": "INFO"},
        "asyncio": {"level": "INFO"},
        "websockets": {"level": "INFO"},
        "aiohttp": {"level": "INFO"},
        "httpcore": {"level": "WARNING"},
        "uvicorn": {"level": "WARNING"},  # at INFO it writes three lines for each socket
        "markdown_it": {"level": "INFO"},
    },
}
