"""Who put which calibration into use, and who let the FAQ only watch: from the history, to read."""

from dataclasses import dataclass
from datetime import datetime

from faq.calibration_words import percent
from faq.engine_models import Calibration as Stored
from faq.engine_models import FaqSettings


@dataclass(frozen=True)
class Switch:
    """Somebody switched something, told for a list."""

    at: datetime
    by: str
    what: str


def shadow_since() -> datetime | None:
    """Return since when the FAQ only watches, None while it answers."""
    since = None
    for row in FaqSettings.history.order_by("-history_id").values_list("mode", "history_date"):
        if row[0] != FaqSettings.Mode.SHADOW:
            break
        since = row[1]
    return since


def switches(most: int) -> list[Switch]:
    """Return who put which calibration into use and changed the settings, newest first."""
    told = [*_calibration_switches(), *_settings_switches()]
    return sorted(told, key=lambda each: each.at, reverse=True)[:most]


def _calibration_switches() -> list[Switch]:
    before: dict[int, bool] = {}
    told = []
    for row in Stored.history.order_by("history_id"):
        if row.active != before.get(row.id, False):
            verb = "put into use" if row.active else "put out of use"
            told.append(
                Switch(row.history_date, row.switched_by, f"Calibration {row.id}, {row.language}: {verb}")
            )
        before[row.id] = row.active
    return told


def _settings_switches() -> list[Switch]:
    told: list[Switch] = []
    mode, wanted = FaqSettings.Mode.ANSWER.value, FaqSettings().wanted_precision
    rows = FaqSettings.history.select_related("history_user").order_by("history_id")
    for row in rows:
        by = row.history_user.get_username() if row.history_user else ""
        if row.mode != mode:
            told.append(Switch(row.history_date, by, f"Mode: {row.get_mode_display()}"))
        if row.wanted_precision != wanted:
            told.append(Switch(row.history_date, by, f"Wanted precision: {percent(row.wanted_precision)}"))
        mode, wanted = row.mode, row.wanted_precision
    return told
