"""One line of JSON for each turn and each model call, with ids and figures and without any text."""

import json
import logging

from routing.telemetry import Told

logger = logging.getLogger("desk.events")


def write(told: Told) -> None:
    """Write the line of `told`; facts that are unknown are left out."""
    line = {
        "event": told.kind,
        "turn": str(told.turn_id),
        "reply": str(told.reply_id),
        **({"call": str(told.span_id)} if told.kind == "call" else {}),
        **{name: value for name, value in told.facts.items() if value is not None},
    }
    logger.info("%s", json.dumps(line, separators=(",", ":")))
