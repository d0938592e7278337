"""What a desk's owner would miss after an upgrade, as queries that SQLite and PostgreSQL both answer.

The maker of a release's database stores the answers beside it; after the upgrade they have to be the same.
When tables change their names the queries follow, and the stored answers stay.
"""

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

FACTS: Mapping[str, str] = {
    "conversations": "SELECT id, visitor_id, purpose, state, title FROM assistant_conversation ORDER BY 1",
    "messages": "SELECT conversation_id, ordinal, text FROM assistant_turn ORDER BY conversation_id, ordinal",
    "replies": (
        "SELECT turn_id, ordinal, cause, state, ended_by, route, tier, answering_model, text, html, sources, "
        "decision, rating, rating_comment FROM assistant_reply ORDER BY turn_id, ordinal"
    ),
    "rules": "SELECT id, position, name, route_id, reason, enabled, locked FROM routing_rule ORDER BY 2",
    "conditions": (
        'SELECT rule_id, "group", signal, operator, value FROM routing_condition ORDER BY rule_id, id'
    ),
    "routes": (
        "SELECT slug, name, kind, enabled, position, instructions, max_output_tokens, escalates_to_id "
        "FROM routing_route ORDER BY slug"
    ),
    "ladders": "SELECT route_id, position, model_id FROM routing_ladderstep ORDER BY 1, 2",
    "ladder_changes": "SELECT route_slug, old, new, changed_by FROM routing_fliprecord ORDER BY id",
    "edited_models": (
        "SELECT id, label, context_tokens, note, staff_edited FROM routing_cataloguemodel "
        "WHERE id IN ('gemini-3.8-flash', 'our-own-model') ORDER BY id"
    ),
    "edited_prices": (
        "SELECT model_id, input_above, input, output, cached_input FROM routing_modelprice "
        "WHERE model_id IN ('gemini-3.8-flash', 'our-own-model') ORDER BY 1, effective_from, 2"
    ),
    "entries": (
        "SELECT id, kind, status, question, answer, category, language, version, example_key, "
        "example_version FROM faq_entry ORDER BY id"
    ),
    "phrasings": "SELECT entry_id, text FROM faq_phrasing ORDER BY id",
    "entry_history": (
        "SELECT id, question, version, history_type FROM faq_historicalentry ORDER BY history_id"
    ),
    "asked": "SELECT uuid, text, shown_entry, candidates, label FROM faq_askedquestion ORDER BY uuid",
    "calls": (
        "SELECT id, asked_model, purpose, input_tokens, output_tokens, cost_pico FROM routing_modelcall "
        "ORDER BY id"
    ),
    "outcomes": (
        "SELECT reply_id, route, state, feedback, cost_pico, rolled_up FROM routing_routeoutcome ORDER BY 1"
    ),
    "minutes": "SELECT route, purpose, model, figures FROM routing_minuterow ORDER BY minute, 1, 2, 3",
    "hours": "SELECT route, purpose, model, figures FROM routing_hourrow ORDER BY hour, 1, 2, 3",
    "budgets": "SELECT scope, cap_pico, spent_pico, reserved_pico FROM routing_budget ORDER BY 1",
    "settings": "SELECT name, greeting, contact, time_zone, staff_email FROM assistant_assistantsettings",
    "users": "SELECT username, is_staff, is_superuser, password FROM auth_user ORDER BY 1",
}

LONG = 100  # characters; the stored answers are to be small

Ask = Callable[[str], Iterable[Sequence[Any]]]


# The same questions to a database of before a table changed its name.
FORMER: Mapping[str, str] = {
    "ladder_changes": "SELECT route_slug, old, new, changed_by FROM routing_ladderchange ORDER BY id",
}


def read(ask: Ask) -> dict[str, list[list[Any]]]:
    """Return the answers to all queries; `ask` runs one and returns its rows."""
    return {name: [[_plain(value) for value in row] for row in _rows(ask, name)] for name in FACTS}


def _rows(ask: Ask, name: str) -> Iterable[Sequence[Any]]:
    if name not in FORMER:
        return ask(FACTS[name])
    try:
        return list(ask(FACTS[name]))
    except sqlite3.OperationalError:  # no such table yet; PostgreSQL is only read after an upgrade
        return ask(FORMER[name])


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, whichever database it came from; of a long one its hash."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            return _short(value)  # a text that begins like JSON
    if isinstance(value, dict | list):
        return _short(json.dumps(value, sort_keys=True, ensure_ascii=False))
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:20]}... sha256 {sha256(text.encode()).hexdigest()[:16]}"
