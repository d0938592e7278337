"""Which calibration holds in which language, and whether the FAQ answers: read by all, switched by staff.

Each switch raises the version `faq_calibration` in its own transaction, so that every process follows it
within a second. English has the shipped coefficients until it has its own; a language without an active
calibration that fits the running matcher is answered by exact phrasings only.
"""

import logging
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from common.versions import raise_version
from faq.calibration_words import percent
from faq.engine_models import Calibration as Stored
from faq.engine_models import FaqSettings
from faq.finding import main_language as main_language  # noqa: PLC0414 - known by this name
from faq.matcher import ALGORITHM
from faq.matching.calibration import Calibration, Weights
from faq.matching.shipped import SHIPPED

logger = logging.getLogger(__name__)

VERSION = "faq_calibration"
SHIPPED_FOR = "en"  # the public question sets that the coefficients were fitted on are English
# Half of the answers wrong is no FAQ; 99.5 % takes 327 right answers without a wrong one to be shown.
LEAST_WANTED, MOST_WANTED = 0.5, 0.995


class Unfit(ValueError):
    """This calibration cannot be used with the matcher that runs; the text says why."""


# --- what holds -------------------------------------------------------------------------------------


def calibrations(semantic: bool) -> dict[str, Calibration]:
    """Return the calibration of each language that may answer more than exact hits. One query.

    `semantic` says whether the matcher has its semantic half: what was fitted on the other evidence, or
    for another algorithm, does not hold.
    """
    found = {SHIPPED_FOR: SHIPPED}
    for row in Stored.objects.filter(active=True):
        try:
            found[row.language] = restored(row, semantic)
        except Unfit as problem:
            logger.warning("calibration %s (%s) is not used: %s", row.pk, row.language, problem)
    return found


def restored(row: Stored, semantic: bool) -> Calibration:
    """Return a stored calibration for use with the matcher that runs; raises Unfit."""
    problem = unfit(row, semantic)
    if problem:
        raise Unfit(problem)
    try:
        return Calibration.from_dict(row.coefficients)
    except ValueError as error:
        raise Unfit(f"its coefficients cannot be read: {error}") from error


def unfit(row: Stored, semantic: bool) -> str:
    """Return in words why a stored calibration does not belong to the matcher that runs, "" when it does."""
    if row.algorithm != ALGORITHM:
        return f"it was fitted for the matcher {row.algorithm}, and {ALGORITHM} runs"
    if row.semantic and not semantic:
        return "it was fitted with sentence vectors, and the matcher runs without them"
    if semantic and not row.semantic:
        return "it was fitted without sentence vectors, and the matcher runs with them"
    return ""


def settings() -> FaqSettings:
    """Return the settings as stored, the defaults on a new desk. One query."""
    return FaqSettings.objects.filter(pk=1).first() or FaqSettings()


def mode() -> str:
    """Return whether the FAQ answers (`answer`) or only watches (`shadow`). One query."""
    return settings().mode


# --- switching --------------------------------------------------------------------------------------


@transaction.atomic
def store(row: Stored, weights: Weights, semantic: bool, *, activate: bool) -> Stored:
    """Keep a new calibration, in use at once with `activate`; the half it was not fitted on is shipped."""
    row.algorithm, row.semantic, row.active = ALGORITHM, semantic, False
    row.save()
    half = {"semantic": weights} if semantic else {"lexical": weights}
    made = replace(
        SHIPPED,
        id=f"{row.language}-{row.pk}",
        answer=row.answer_threshold,
        suggest=row.suggest_threshold,
        **half,
    )
    row.coefficients = made.as_dict()
    Stored.objects.filter(pk=row.pk).update(coefficients=row.coefficients)
    if activate:
        use(row, row.created_by)
    return row


@transaction.atomic
def use(row: Stored, by: str) -> None:
    """Put a stored calibration into use, in place of the one of its language."""
    raise_version(VERSION)
    _switch_off(row.language, by)
    row.active, row.switched_by = True, by[:150]
    row.save()


@transaction.atomic
def use_none(language: str, by: str) -> bool:
    """Go back to the shipped coefficients, or to exact hits in other languages; False when already there."""
    raise_version(VERSION)
    return _switch_off(language, by)


def _switch_off(language: str, by: str) -> bool:
    rows = list(Stored.objects.select_for_update().filter(language=language, active=True))
    for row in rows:
        row.active, row.switched_by = False, by[:150]
        row.save()
    return bool(rows)


@transaction.atomic
def change_settings(**values: Any) -> FaqSettings:
    """Change the mode or the wanted precision; the history keeps who it was. Raises ValidationError."""
    raise_version(VERSION)
    row = FaqSettings.objects.select_for_update().filter(pk=1).first() or FaqSettings()
    for name, value in values.items():
        setattr(row, name, value)
    check_wanted(row.wanted_precision)
    row.full_clean()
    row.save()
    return row


def check_wanted(precision: float) -> None:
    """Raise ValidationError for a precision that no desk can want or show."""
    if not LEAST_WANTED <= precision <= MOST_WANTED:
        between = f"from {percent(LEAST_WANTED)} to {percent(MOST_WANTED)}"
        told = f"Give a precision {between}; {percent(precision)} is not."
        raise ValidationError({"wanted_precision": told})
