"""Rules made ready for deciding: flaws looked for, numbers read and words split once, not at every message.

A configuration's rules never change, and a process decides by the same few all day. `compiled` keeps what
it made of the last ones. What each operator means stays in `routing.policy`: an operator that is not
prepared here is compared by the function that the policy hands in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from routing import patterns
from routing.config import ConditionSpec, RuleSpec
from routing.lexicon.text import normal
from routing.schedule import UNKNOWN, minute, parse, within
from routing.shares import share_of
from routing.signals import CLAIM, Signals

KNOWN = 4  # configurations: the published one, the one before it under running replies, drafts being tried
MOST_TRIALS = 64  # kept of one rule: the values of a small number, not those of a message's length


class Facts(dict[str, Any]):
    """The signals by name; a claim that the visitor's site did not make is empty."""

    def __missing__(self, name: str) -> str:
        if name.startswith(CLAIM):
            return ""
        raise KeyError(name)


Compare = Callable[..., bool]
Trial = TypeVar("Trial")

# Stands beside the signals in the facts: the message's words as they are looked for.
_WORDS_READ = "words, read"
# And the time as the minute of the week.
_MINUTE = "time, read"


class Words(NamedTuple):
    """A message's words with a space at both ends, and each of them once."""

    line: str
    each: frozenset[str]


class Check(NamedTuple):
    """One condition, ready: which fact it looks at, its test, and whether a trial names what was seen."""

    fact: str
    holds: Callable[[Any], bool]
    names_seen: bool


class CompiledRule(Generic[Trial]):
    """A rule with its checks, and the trials it has had: most rules fail alike for message after message."""

    __slots__ = ("groups", "keeps", "spec", "trials")

    def __init__(self, spec: RuleSpec, groups: tuple[tuple[Check, ...], ...]) -> None:
        self.spec = spec
        self.groups = groups
        self.trials: dict[Any, Trial] = {}
        # A trial that could name the visitor's words, or what their site says of them, is never kept.
        named = {check.fact for group in groups for check in group}
        self.keeps = "words" not in named and not any(name.startswith(CLAIM) for name in named)


def try_all(
    rules: Sequence[CompiledRule[Trial]], facts: Facts, make: Callable[[RuleSpec], Trial]
) -> tuple[RuleSpec | None, list[Trial]]:
    """Return the first rule that holds, or None, and the trials of all rules up to it.

    `make` makes the trial of a rule for these facts. One loop without calls between rules, as all rules of
    a desk pass through it at every message.
    """
    tried: list[Trial] = []
    for rule in rules:
        failure: Any = ()
        holds = not rule.groups
        for group in rule.groups:
            for check in group:
                fact, test, names_seen = check
                seen = facts[fact]
                if not test(seen):
                    failure = (failure, test, seen) if names_seen else (failure, test)
                    break
            else:
                holds = True
                break
        if holds:
            tried.append(make(rule.spec))
            return rule.spec, tried
        trial = rule.trials.get(failure)
        if trial is None:
            trial = make(rule.spec)
            if rule.keeps and len(rule.trials) < MOST_TRIALS:
                rule.trials[failure] = trial
        tried.append(trial)
    return None, tried


def facts_of(signals: Signals) -> Facts:
    """Return the signals by name, with the words as checks look for them."""
    facts = Facts(vars(signals))
    if signals.claims:
        facts.update(signals.as_claims())
    facts[_MINUTE] = minute(signals.time) if signals.time else UNKNOWN
    facts[_WORDS_READ] = Words(f" {signals.words} ", frozenset(signals.words.split()))
    return facts


_known: list[tuple[Sequence[RuleSpec], tuple[CompiledRule[Any], ...]]] = []


def compiled(
    rules: Sequence[RuleSpec],
    flaw: Callable[[ConditionSpec], str | None],
    compare: Mapping[str, Compare],
) -> tuple[CompiledRule[Any], ...]:
    """Return the rules ready for deciding; a tuple that was compiled lately is not compiled again.

    A condition that `flaw` complains about never holds. `compare` has the functions of all operators.
    """
    for source, made in _known:
        if source is rules:
            return made
    made = tuple(
        CompiledRule(
            rule,
            tuple(tuple(_check(row, flaw, compare, salt_of(rule)) for row in group) for group in rule.groups),
        )
        for rule in rules
    )
    if isinstance(rules, tuple):  # anything else may change under us
        _known.insert(0, (rules, made))
        del _known[KNOWN:]
    return made


def salt_of(rule: RuleSpec) -> str:
    """Return what tells this rule's share of the conversations from another's; it outlives a new name."""
    return str(rule.id)


def _check(
    row: ConditionSpec, flaw: Callable[[ConditionSpec], str | None], compare: Mapping[str, Compare], salt: str
) -> Check:
    if flaw(row) is not None:
        return Check(_WORDS_READ, lambda seen: False, names_seen=False)
    if row.signal == "share":
        return _share(row, salt)
    prepare = _PREPARED.get(row.operator)
    if prepare is not None and not (prepare is _number and row.signal.startswith(CLAIM)):
        return prepare(row)
    test, value = compare[row.operator], row.value
    return Check(row.signal, lambda seen: test(seen, value), names_seen=True)


def _flag(row: ConditionSpec) -> Check:
    return Check(row.signal, bool if row.operator == "is_true" else lambda seen: not seen, names_seen=False)


def _number(row: ConditionSpec) -> Check:
    limit = float(row.value.strip().replace(",", "."))
    holds: Callable[[Any], bool] = limit.__le__ if row.operator == "at_least" else limit.__ge__
    return Check(row.signal, holds, names_seen=True)


def _choice(row: ConditionSpec) -> Check:
    value = row.value.strip()
    if row.operator == "is":
        return Check(row.signal, lambda seen: str(seen) == value, names_seen=True)
    return Check(row.signal, lambda seen: str(seen) != value, names_seen=True)


def _contains(row: ConditionSpec) -> Check:
    found = [word for word in (normal(part) for part in row.value.split(",")) if word]
    firsts = frozenset(word.split()[0] for word in found)
    needles = tuple(f" {word} " for word in found)

    def holds(words: Words) -> bool:
        return not firsts.isdisjoint(words.each) and any(needle in words.line for needle in needles)

    return Check(_WORDS_READ, holds, names_seen=False)


def _share(row: ConditionSpec, salt: str) -> Check:
    in_share = _number(row).holds
    return Check("share", lambda seen: bool(seen) and in_share(share_of(seen, salt)), names_seen=False)


def _matches(row: ConditionSpec) -> Check:
    search = patterns.compiled(row.value).search
    return Check(row.signal, lambda seen: search(seen) is not None, names_seen=False)


def _time(row: ConditionSpec) -> Check:
    spans, wanted = parse(row.value), row.operator == "during"
    # A moment that is not known lies neither within nor outside.
    return Check(_MINUTE, lambda seen: seen != UNKNOWN and within(seen, spans) is wanted, names_seen=False)


_PREPARED: Mapping[str, Callable[[ConditionSpec], Check]] = {
    "is_true": _flag,
    "is_false": _flag,
    "at_least": _number,
    "at_most": _number,
    "is": _choice,
    "is_not": _choice,
    "contains": _contains,
    "matches": _matches,
    "during": _time,
    "not_during": _time,
}
