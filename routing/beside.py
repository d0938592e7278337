"""What models cost besides answering visitors: drafts for staff, probes, tests, by purpose and in words."""

from dataclasses import dataclass
from datetime import datetime

from routing import tally
from routing.metrics import MANAGED
from routing.models import Purpose
from routing.stored import read


@dataclass(frozen=True)
class Beside:
    """The calls of one purpose in a period; cost in pico-USD as far as it is known."""

    purpose: str
    label: str
    meaning: str
    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost_pico: int


MEANINGS = {
    Purpose.STAFF_DRAFT: "Phrasings that models proposed and answers they drafted or rewrote for staff.",
    Purpose.STAFF_TEST: "Tests that staff made.",
    Purpose.PROBE: "Measurements by manage.py probe.",
    Purpose.TRANSFER: "Transfer tests: cases that models are tried with.",
    Purpose.SHADOW: "Answers and judgements that no visitor saw.",
    Purpose.SYNTHETIC: "Calls that find out whether a model answers again.",
}


def beside(start: datetime, end: datetime) -> tuple[Beside, ...]:
    """Return what each purpose that managers' figures leave out has cost, the ones without calls left out."""
    found = []
    for purpose in Purpose:
        if purpose.value in MANAGED:
            continue
        value = tally.total(read(start, end, (purpose.value,), ()).by_model.values())
        if value["calls"]:
            found.append(
                Beside(
                    purpose.value,
                    str(purpose.label),
                    MEANINGS.get(purpose, ""),
                    value["calls"],
                    value["call_errors"],
                    value["call_input_tokens"],
                    value["call_output_tokens"],
                    value["call_cost_pico"],
                )
            )
    return tuple(found)
