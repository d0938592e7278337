"""What the log leaves out: where a refusal was raised, and every text that an error quotes.

An exception's message may hold what a visitor wrote ("invalid literal for int(): 'my card is …'"), so a
log line has the class of the error and the places in the code, and the message only of errors that speak
of this program or of the machine. Pure.
"""

import hashlib
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType

from routing.errors import CallFailed

READY = "/readyz"  # as assistant.urls has it
# Their messages name files, addresses, modules and attributes, never a value.
_SPEAKING = (OSError, ImportError, AttributeError, NameError, MemoryError, RecursionError, AssertionError)
# Classes of libraries by module and name, as this module imports none: connections, locks, wrong set-up.
_SPEAKING_NAMES = frozenset(
    {"OperationalError", "InterfaceError", "ImproperlyConfigured", "ConnectionError", "TimeoutError"}
)
# Our own errors are written for logs, and quote nothing of a visitor.
_OWN = ("assistant.", "routing.", "faq.", "common.")
_TASK_REPR = re.compile(r"(exception=\w+)\(.*", re.DOTALL)

_Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class BriefRefusals(logging.Filter):
    """Keeps a refused request to its one line, and that of a desk that is not ready to INFO.

    A 403 or 404 is an answer and not a fault of the program, so where it was raised helps nobody. Neither
    is the 503 of `/readyz`: who asks is told what is red, and `make run` asks until nothing is.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop the traceback of an answer with a 4xx status, lower "not ready"; let every record through."""
        status = getattr(record, "status_code", 0)
        if 400 <= status < 500:
            record.exc_info = record.exc_text = None
        if status == HTTPStatus.SERVICE_UNAVAILABLE and not record.exc_info and _path(record) == READY:
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


def _path(record: logging.LogRecord) -> str:
    return str(getattr(getattr(record, "request", None), "path_info", ""))


def scrubbed(error: BaseException) -> str:
    """Return an error as a log may show it: its class, and its message or a hash and the length of that."""
    name, text = type(error).__name__, str(error)
    if not text:
        return name
    # What a provider said in its refusal may quote the prompt.
    own = type(error).__module__.startswith(_OWN) and not isinstance(error, CallFailed)
    if own or isinstance(error, _SPEAKING) or name in _SPEAKING_NAMES:
        return f"{name}: {text}"
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{name} ({len(text)} characters left out, sha256 {digest})"


class NoTexts(logging.Formatter):
    """Formats a record without the texts that its errors quote."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and the traceback; the record itself stays as it was for other handlers."""
        copy = logging.makeLogRecord(vars(record))
        copy.exc_text = None  # another formatter may have left its own there
        copy.args = _without_errors(record)
        if record.name.startswith("daphne") and isinstance(record.args, tuple) and record.args:
            _of_daphne(copy, record.args[0])
        elif record.name.startswith("asyncio"):
            # The lines after the first repeat the arguments of calls.
            copy.msg, copy.args = _TASK_REPR.sub(r"\1", record.getMessage().split("\n")[0]), ()
        elif record.name == "py.warnings":
            copy.msg, copy.args = record.getMessage().split("\n")[0], ()
        return super().format(copy)

    def formatException(self, ei: _Caught) -> str:
        """Return where the error and its causes were raised, each with what may be said of it."""
        return "\n".join(_chain(ei[1])) if ei[1] is not None else ""


def _without_errors(record: logging.LogRecord) -> tuple[object, ...] | Mapping[str, object] | None:
    """Return a record's arguments with errors as `scrubbed` shows them."""
    args = record.args
    if isinstance(args, tuple):
        return tuple(scrubbed(each) if isinstance(each, BaseException) else each for each in args)
    if isinstance(args, dict) and record.name.startswith("celery") and record.exc_info:
        # Celery's own lines repeat the message of a task's error, its traceback and its arguments.
        caught = record.exc_info[1]
        shown = {"exc": scrubbed(caught) if caught else "", "traceback": "", "args": "", "kwargs": ""}
        return {**args, **shown}
    return args


def _of_daphne(record: logging.LogRecord, error: object) -> None:
    """Replace Daphne's own traceback, which it formats into the line, by ours."""
    if isinstance(error, BaseException):
        record.msg, record.args = "Exception inside application: %s", (scrubbed(error),)
        record.exc_info = (type(error), error, error.__traceback__)


def _chain(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _chain(cause)
        yield "Which led to:"
    yield "Traceback (most recent call last):"
    yield from (line.rstrip("\n") for line in traceback.format_tb(error.__traceback__))
    yield scrubbed(error)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _chain(each)
