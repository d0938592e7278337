"""Choose the route of a message: the first rule whose conditions hold wins.

Conditions of one group must all hold; groups are alternatives; a rule without conditions always
holds. Every rule that was looked at leaves a trial with the reason in plain words, so that the
receipt of a reply can be read without knowing the rules. `routing.compiled` makes the rules of a
configuration ready once; what each operator means and says stands here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from routing import patterns, schedule
from routing.compiled import compiled, facts_of, salt_of, try_all
from routing.config import ConditionSpec, ConfigError, RuleSpec
from routing.lexicon.text import normal, phrase_in
from routing.shares import share_of
from routing.signals import CLAIM, SIGNALS, Signals, SignalSpec, spec_of

MOST = 1_000_000  # of whatever is counted; no message and no conversation comes near it
MAX_WORDS = 40  # alternatives of one `contains` row; more is a list that belongs into the FAQ


class NoRuleMatched(ConfigError):
    """The rules end without one that always holds; publishing refuses such a list."""


@dataclass(frozen=True)
class RuleTrial:
    """One rule that was looked at, and why it fired or did not."""

    rule_id: int
    name: str
    route: str
    matched: bool
    why: str


@dataclass(frozen=True)
class RouteDecision:
    """The route of a message, the reason, and every rule tried up to the one that fired.

    `wanted` is the route that the rules named, where the conversation stays on another one for the
    `stayed`th message in a row.
    """

    route: str
    reason: str
    rule_id: int
    rule_name: str
    tried: tuple[RuleTrial, ...]
    wanted: str = ""
    stayed: int = 0


@dataclass(frozen=True)
class Operator:
    """How a condition compares: its words on a form and in a trial, and whether it takes a value."""

    label: str
    negated: str
    takes_value: bool = True


OPERATORS: dict[str, Operator] = {
    "is_true": Operator("yes", "no", takes_value=False),
    "is_false": Operator("no", "yes", takes_value=False),
    "at_least": Operator("at least", "less than"),
    "at_most": Operator("at most", "more than"),
    "is": Operator("is", "is not"),
    "is_not": Operator("is not", "is"),
    "contains": Operator("contains any of", "contains none of"),
    "matches": Operator("matches", "does not match"),
    "during": Operator("is within", "is outside"),
    "not_during": Operator("is outside", "is within"),
}


QUOTED = ("contains", "matches")  # their values are words that would run on into the sentence


def decide(signals: Signals, rules: Sequence[RuleSpec]) -> RouteDecision:
    """Return the decision of the first rule that holds; raise NoRuleMatched when none does."""

    def trial(rule: RuleSpec) -> RuleTrial:
        return RuleTrial(rule.id, rule.name, rule.route, *try_rule(signals, rule))

    rule, tried = try_all(compiled(rules, flaw, _COMPARE), facts_of(signals), trial)
    if rule is None:
        raise NoRuleMatched("No rule matched: the last rule must have no conditions.")
    return RouteDecision(rule.route, rule.reason, rule.id, rule.name, tuple(tried))


def try_rule(signals: Signals, rule: RuleSpec) -> tuple[bool, str]:
    """Return whether a rule holds, and why: the group that held, or what each group lacked."""
    if not rule.groups:
        return True, "has no conditions, so it always holds"
    lacking: list[str] = []
    salt = salt_of(rule)
    for group in rule.groups:
        failed = next((row for row in group if not holds(signals, row, salt)), None)
        if failed is None:
            return True, " and ".join(describe(signals, row, held=True) for row in group)
        lacking.append(describe(signals, failed, held=False))
    return False, "; ".join(dict.fromkeys(lacking))


def holds(signals: Signals, row: ConditionSpec, salt: str = "") -> bool:
    """Return whether one condition holds; a row that `flaw` complains about never does.

    `salt` is that of the rule, by which it draws its own share of the conversations.
    """
    if flaw(row) is not None:
        return False
    seen = _seen(signals, row, salt)
    return seen is not None and _COMPARE[row.operator](seen, row.value)


def _seen(signals: Signals, row: ConditionSpec, salt: str) -> Any:
    """Return what a condition looks at; None where it is not known, so that the condition cannot hold."""
    if row.signal.startswith(CLAIM):
        return signals.as_claims().get(row.signal, "")
    seen = getattr(signals, row.signal)
    if row.signal == "share":
        return share_of(seen, salt) if seen else None
    return None if row.signal == "time" and not seen else seen


def describe(signals: Signals, row: ConditionSpec, held: bool) -> str:
    """Return one condition's result in plain words, with the value that was seen."""
    broken = flaw(row)
    if broken is not None:
        return broken
    spec, operator = spec_of(row.signal) or SIGNALS[row.signal], OPERATORS[row.operator]
    label = spec.label
    words = operator.label if held else operator.negated
    if not operator.takes_value:
        return f"{label}: {words}"
    if row.operator in QUOTED:
        return f"{label} {words} “{row.value}”"
    if row.signal in ("share", "time"):
        # Without what was seen, the trial is the same for every message and need not be made for each.
        return f"{label}: {words} {row.value}"
    return f"{label}: {_shown(_seen(signals, row, ''))}, {words} {row.value}"


def in_words(row: ConditionSpec) -> str:
    """Return a condition as a form shows it, before any message: `plan is free`."""
    spec, operator = spec_of(row.signal), OPERATORS.get(row.operator)
    if spec is None or operator is None:
        return f"{row.signal} {row.operator} {row.value}".strip()
    value = f"“{row.value}”" if row.operator in QUOTED else row.value
    return f"{spec.label}: {operator.label} {value if operator.takes_value else ''}".strip()


def flaw(row: ConditionSpec) -> str | None:
    """Return what is wrong with a condition in plain words, or None; forms and publishing ask this."""
    spec = spec_of(row.signal)
    if spec is None:
        return f"there is no signal called “{row.signal}”"
    if row.operator not in spec.operators:
        return f"“{spec.label}” cannot be compared by “{row.operator}”"
    return _VALUE_FLAWS[row.operator](spec, row.value) if row.operator in _VALUE_FLAWS else None


def pointless(row: ConditionSpec) -> str | None:
    """Return why a condition that can be read would hold never or always, or None.

    Forms refuse it; the engine goes on as before, so that no rule of an older release fires otherwise.
    """
    spec, value = spec_of(row.signal) or SIGNALS[row.signal], row.value.strip()
    if spec.type in ("text", "claim") and row.operator in ("is", "is_not"):
        return None if value else f"“{spec.label}” needs something to compare it with"
    number = _number(value) if spec.type == "number" else None
    if number is None:
        return None
    if row.signal == "faq_confidence":
        return None if 0 <= number <= 1 else f"“{spec.label}” is a number from 0 to 1, not {value}"
    if row.signal == "share":
        words = f"“{spec.label}” is a number above 0, and at most 100, not {value}"
        return None if 0 < number <= 100 else words
    return None if 0 <= number <= MOST else f"“{spec.label}” is a number from 0 to {MOST:,}, not {value}"


def _number_flaw(spec: SignalSpec, value: str) -> str | None:
    number = _number(value)
    if number is None:
        return f"“{spec.label}” needs a number, not “{value}”"
    if spec is SIGNALS["share"] and not 0 <= number <= 100:
        return f"“{spec.label}” is a number from 0 to 100, not {value}"
    return None


def _choice_flaw(spec: SignalSpec, value: str) -> str | None:
    if spec.type == "choice" and value not in spec.choices:
        return f"“{spec.label}” is one of {', '.join(choice or 'empty' for choice in spec.choices)}"
    return None


def _words_flaw(spec: SignalSpec, value: str) -> str | None:
    count = len(_words(value))
    if not count:
        return f"“{spec.label}” needs at least one word to look for"
    return None if count <= MAX_WORDS else f"at most {MAX_WORDS} words or phrases can be looked for"


def _pattern_flaw(spec: SignalSpec, value: str) -> str | None:
    try:
        patterns.compiled(value)
    except patterns.BadPattern as problem:
        return f"the pattern cannot be used: {problem}"
    return None


def _schedule_flaw(spec: SignalSpec, value: str) -> str | None:
    try:
        schedule.parse(value)
    except schedule.BadSchedule as problem:
        return f"the times cannot be read: {problem}"
    return None


def _number(value: str) -> float | None:
    try:
        number = float(value.strip().replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None  # also refuses nan and the infinities


def _words(value: str) -> tuple[str, ...]:
    return tuple(word for word in (normal(part) for part in value.split(",")) if word)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value) or "none"


def _at_least(seen: float | str, value: str) -> bool:
    given, limit = _given(seen), _number(value)
    return given is not None and limit is not None and given >= limit


def _at_most(seen: float | str, value: str) -> bool:
    given, limit = _given(seen), _number(value)
    return given is not None and limit is not None and given <= limit


def _given(seen: float | str) -> float | None:
    """Return a number to compare; None for a claim that is missing or is none, so that nothing holds."""
    return _number(seen) if isinstance(seen, str) else seen


def _contains(seen: str, value: str) -> bool:
    return any(phrase_in(word, seen) for word in _words(value))


_COMPARE: dict[str, Callable[..., bool]] = {
    "is_true": lambda seen, value: bool(seen),
    "is_false": lambda seen, value: not seen,
    "at_least": _at_least,
    "at_most": _at_most,
    "is": lambda seen, value: str(seen) == value.strip(),
    "is_not": lambda seen, value: str(seen) != value.strip(),
    "contains": _contains,
    "matches": lambda seen, value: patterns.compiled(value).search(seen) is not None,
    "during": lambda seen, value: schedule.within(schedule.minute(seen), schedule.parse(value)),
    "not_during": lambda seen, value: not schedule.within(schedule.minute(seen), schedule.parse(value)),
}

_VALUE_FLAWS: dict[str, Callable[[SignalSpec, str], str | None]] = {
    "at_least": _number_flaw,
    "at_most": _number_flaw,
    "is": _choice_flaw,
    "is_not": _choice_flaw,
    "contains": _words_flaw,
    "matches": _pattern_flaw,
    "during": _schedule_flaw,
    "not_during": _schedule_flaw,
}
