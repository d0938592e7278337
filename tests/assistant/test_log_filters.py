"""A log line names errors and places, and quotes nobody."""

import logging
import sys

import pytest

from assistant.log_filters import NoTexts, scrubbed
from routing.errors import BudgetExhausted

SECRET = "my card is 4111"


def formatted(name: str, message: str, *args: object, error: BaseException | None = None) -> str:
    caught = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, caught)
    return NoTexts("%(levelname)s %(name)s %(message)s").format(record)


def raised() -> BaseException:
    """Return an error that quotes a text, raised from another one that does."""
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        return error
    raise AssertionError


def test_a_traceback_has_every_place_and_class_and_no_message() -> None:
    text = formatted("assistant.runner", "reply %s failed inside", "0815", error=raised())
    assert SECRET not in text
    assert "reply 0815 failed inside" in text
    assert text.index("ValueError (") < text.index("Which led to:") < text.index("KeyError (")
    assert "in raised" in text


def test_an_error_among_the_arguments_is_no_way_round() -> None:
    assert SECRET not in formatted("x", "it failed: %s", ValueError(SECRET))
    group = ExceptionGroup("two", [ValueError(SECRET), KeyError(SECRET)])
    assert SECRET not in formatted("x", "they failed", error=group)


@pytest.mark.parametrize("name", ["daphne.server", "asyncio", "celery.app.trace"])
def test_lines_that_libraries_make_themselves_are_cleaned(name: str) -> None:
    error = raised()
    if name == "daphne.server":
        text = formatted(name, "Exception inside application: %s\n%s%s", error, f"... {SECRET}", error)
    elif name == "asyncio":
        future = f"Task exception was never retrieved\nfuture: <Task exception=ValueError({SECRET!r})>"
        text = formatted(name, future, error=error)
    else:
        context = {"name": "assistant.x", "id": "7", "description": "raised unexpected", "exc": SECRET}
        record = logging.LogRecord(
            name, logging.ERROR, __file__, 1, "Task %(name)s[%(id)s] %(description)s: %(exc)s", (context,),
            (type(error), error, error.__traceback__),
        )  # fmt: skip
        text = NoTexts("%(message)s").format(record)
        assert "Task assistant.x[7] raised unexpected: KeyError (" in text
    assert SECRET not in text
    assert "KeyError" in text


def test_errors_that_speak_of_the_machine_or_are_our_own_keep_their_words() -> None:
    assert scrubbed(ConnectionRefusedError("no such host")) == "ConnectionRefusedError: no such host"
    assert scrubbed(BudgetExhausted("day")) == f"BudgetExhausted: {BudgetExhausted('day')}"
    assert scrubbed(ValueError("")) == "ValueError"
    assert scrubbed(ValueError("a")) != scrubbed(ValueError("b")), "the same error is known again by its hash"


def test_the_record_stays_as_it_was_for_another_handler() -> None:
    error = raised()
    record = logging.LogRecord("x", 40, __file__, 1, "%s", (error,), (KeyError, error, None))
    NoTexts("%(message)s").format(record)
    assert record.args == (error,)
    assert record.exc_text is None
    assert sys.exc_info() == (None, None, None)
