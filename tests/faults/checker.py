"""Holds what pages noted against what the database says: every promise is a rule, every breach a sentence.

Pure. Ids are compared as hex without dashes, as pages and both databases write them differently.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.faults.record import Acked, Ended, Grown, PageLog, Refused, Replaced, Sent
from tests.faults.rows import CallRow, ReplyRow, Rows

LOST = "acknowledged and lost"
TWICE = "stored twice"
LEFT = "left unfinished"
UNTAKEN = "sent again and again and never taken"
CHARACTERS = "characters lost or repeated within an epoch"
SCREEN = "screen is not the stored text"
STATE = "told another end than stored"
LEDGER = "ledger"
SOURCE = "completed without being what the model said"
RULES = (LOST, TWICE, LEFT, UNTAKEN, CHARACTERS, SCREEN, STATE, LEDGER, SOURCE)
SHOWN = 60  # characters of a text that a breach quotes


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken promise: which rule, on whose page or in which row, and what was found."""

    rule: str
    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.words}"


def plain(identity: str) -> str:
    """Return an id as the database rows have it."""
    return identity.replace("-", "").lower()


def check(logs: Sequence[PageLog], rows: Rows, asked: int = 0, said: str = "") -> list[Breach]:
    """Return every breach; `asked` is how many requests the models got, `said` what each answers in full."""
    return [
        *_acknowledged(logs, rows),
        *(breach for log in logs for breach in _taken(log)),
        *_once(rows),
        *unfinished(rows),
        *(breach for log in logs for breach in _characters(log)),
        *(breach for log in logs for breach in _screen(log, rows)),
        *(breach for log in logs for breach in _told(log, rows)),
        *_ledger(rows, asked),
        *(_source(rows, said) if said else ()),
    ]


def _acknowledged(logs: Sequence[PageLog], rows: Rows) -> Iterator[Breach]:
    stored = {(turn.visitor, turn.message_id): turn for turn in rows.turns}
    for log in logs:
        texts = {entry.message_id: entry.text for entry in log.entries if isinstance(entry, Sent)}
        for message_id in {entry.message_id for entry in log.entries if isinstance(entry, Acked)}:
            turn = stored.get((plain(log.visitor), message_id))
            if turn is None:
                yield Breach(LOST, log.page, f"message {message_id} is in no row")
            elif message_id in texts and turn.text != texts[message_id]:
                yield Breach(LOST, log.page, f"message {message_id} is stored as {turn.text[:SHOWN]!r}")


def _taken(log: PageLog) -> Iterator[Breach]:
    """A message is stored or refused for good, however often it has to be sent."""
    sent = {entry.message_id for entry in log.entries if isinstance(entry, Sent)}
    over = {entry.message_id for entry in log.entries if isinstance(entry, Acked)}
    over |= {entry.message_id for entry in log.entries if isinstance(entry, Refused) and entry.final}
    for message_id in sorted(sent - over):
        yield Breach(UNTAKEN, log.page, f"message {message_id}")


def _once(rows: Rows) -> Iterator[Breach]:
    """Messages of these pages have texts of their own, so the same text twice is one message twice."""
    for kind, keys in (
        ("message", [(turn.visitor, turn.message_id) for turn in rows.turns]),
        ("text", [(turn.visitor, turn.text) for turn in rows.turns]),
        ("first reply of turn", [(reply.turn, "") for reply in rows.replies if reply.cause == "first"]),
    ):
        for (where, what), count in Counter(keys).items():
            if count > 1:
                yield Breach(TWICE, where, f"{kind} {what[:SHOWN]} {count} times")
    answered = {reply.turn for reply in rows.replies}
    for turn in rows.turns:
        if turn.id not in answered:
            yield Breach(LOST, turn.visitor, f"message {turn.message_id} has no reply")


def unfinished(rows: Rows) -> Iterator[Breach]:
    """Yield a breach for each reply that waits or runs."""
    for reply in rows.open:
        yield Breach(
            LEFT, reply.id, f"{reply.state} at epoch {reply.epoch} with {len(reply.text)} characters"
        )


@dataclass
class _Epoch:
    """What one page has seen of one epoch: the text up to each seq at which it knows it."""

    seq: int = 0
    text: str = ""


def _characters(log: PageLog) -> Iterator[Breach]:
    """Play the page's screen again: within an epoch it may only grow, by the next records."""
    seen: dict[tuple[str, int], _Epoch] = {}
    latest: dict[str, int] = {}
    for entry in log.entries:
        if not isinstance(entry, Grown | Replaced):
            continue
        where = f"{log.page} reply {entry.reply_id[:8]} epoch {entry.epoch}"
        if entry.epoch < latest.get(entry.reply_id, 0):
            yield Breach(CHARACTERS, where, f"went back from epoch {latest[entry.reply_id]}")
        latest[entry.reply_id] = max(entry.epoch, latest.get(entry.reply_id, 0))
        known = (entry.reply_id, entry.epoch) in seen
        have = seen.setdefault((entry.reply_id, entry.epoch), _Epoch())
        wrong = _grown(entry, have) if isinstance(entry, Grown) else _replaced(entry, have) if known else ""
        if wrong:
            yield Breach(CHARACTERS, where, wrong)
        have.text = have.text + entry.text if isinstance(entry, Grown) else entry.text
        have.seq = entry.seq


def _grown(entry: Grown, have: _Epoch) -> str:
    if entry.first <= have.seq:
        return f"records {entry.first} to {entry.seq} again, after {have.seq}"
    return ""  # statuses and blocks have numbers too; a missing delta shows in the text


def _replaced(entry: Replaced, have: _Epoch) -> str:
    if entry.text.startswith(have.text):
        return ""
    if have.text.startswith(entry.text):
        return (
            f"went back from {len(have.text)} to {len(entry.text)} characters (seq {have.seq} to {entry.seq})"
        )
    return f"{have.text[-SHOWN:]!r} became {entry.text[-SHOWN:]!r}"


def _screen(log: PageLog, rows: Rows) -> Iterator[Breach]:
    """A page shows every reply of its conversation, each as it is stored."""
    shown = {plain(reply): text for reply, text in log.shown.items()}
    for reply in rows.replies:
        if reply.conversation != plain(log.conversation) or reply.is_open:
            continue
        text = shown.get(reply.id)
        where = f"{log.page} reply {reply.id[:8]}"
        if text is None:
            yield Breach(SCREEN, where, f"not shown; stored {reply.state} with {len(reply.text)} characters")
        elif text != reply.text:
            yield Breach(SCREEN, where, _difference(text, reply.text))


def _difference(shown: str, stored: str) -> str:
    same = next((at for at, (a, b) in enumerate(zip(shown, stored, strict=False)) if a != b), None)
    same = min(len(shown), len(stored)) if same is None else same
    return (
        f"{len(shown)} characters shown, {len(stored)} stored; from {same} on "
        f"{shown[same : same + SHOWN]!r} for {stored[same : same + SHOWN]!r}"
    )


def _told(log: PageLog, rows: Rows) -> Iterator[Breach]:
    """Every end that a page was told is the stored one, and each is told at the end."""
    stored = {reply.id: reply for reply in rows.replies}
    told: dict[str, Ended] = {}
    for entry in log.entries:
        if not isinstance(entry, Ended):
            continue
        told[plain(entry.reply_id)] = entry
        reply = stored.get(plain(entry.reply_id))
        where = f"{log.page} reply {entry.reply_id[:8]}"
        if reply is None:
            yield Breach(STATE, where, f"told {entry.state}, and there is no such reply")
        elif (entry.state, entry.ended_by) != (reply.state, reply.ended_by):
            found = f"told {entry.state} by {entry.ended_by}, stored {reply.state} by {reply.ended_by}"
            yield Breach(STATE, where, found)
    for reply in rows.replies:
        if reply.conversation == plain(log.conversation) and not reply.is_open and reply.id not in told:
            yield Breach(STATE, f"{log.page} reply {reply.id[:8]}", f"never told; stored {reply.state}")


def _ledger(rows: Rows, asked: int) -> Iterator[Breach]:
    """One outcome a reply, one settled row an attempt, no money held back for nothing."""
    outcomes = defaultdict(list)
    for outcome in rows.outcomes:
        outcomes[outcome.reply].append(outcome)
    for reply in rows.replies:
        yield from _outcome(reply, [(found.state, found.ended_by) for found in outcomes[reply.id]])
    for (reply_id, attempt), count in Counter((call.reply, call.attempt) for call in rows.calls).items():
        if count > 1:
            yield Breach(LEDGER, f"reply {reply_id[:8]}", f"attempt {attempt} has {count} rows")
    running = {reply.id for reply in rows.open}
    yield from _unsettled(call for call in rows.calls if call.reply not in running)
    held = sum(call.reserved for call in rows.calls if not call.settled)
    if rows.reserved and not held:
        yield Breach(LEDGER, "budgets", f"{rows.reserved} pico-USD are reserved for no open call")
    if asked > rows.booked:
        yield Breach(LEDGER, "models", f"got {asked} requests, of which {rows.booked} have a row")


def _outcome(reply: ReplyRow, found: list[tuple[str, str]]) -> Iterator[Breach]:
    where = f"reply {reply.id[:8]}"
    if reply.is_open:
        if found:
            yield Breach(LEDGER, where, f"{reply.state} and has an outcome: {found}")
    elif found != [(reply.state, reply.ended_by)]:
        yield Breach(LEDGER, where, f"{reply.state} by {reply.ended_by} with the outcomes {found}")


def _unsettled(calls: Iterable[CallRow]) -> Iterator[Breach]:
    for call in calls:
        if not call.settled or call.cost is None:
            what = "settled without a cost" if call.settled else "never settled"
            yield Breach(LEDGER, f"reply {call.reply[:8]}", f"attempt {call.attempt} {what}")


def _source(rows: Rows, said: str) -> Iterator[Breach]:
    """A reply that one attempt completed is what the model said, to the letter."""
    attempts = Counter(call.reply for call in rows.calls)
    for reply in rows.replies:
        if reply.state == "completed" and attempts[reply.id] == 1 and reply.text != said:
            yield Breach(SOURCE, f"reply {reply.id[:8]}", _difference(reply.text, said))


def tally(rows: Rows) -> dict[str, int]:
    """Return how the replies ended: an answer, one that another process went on with, or what else."""
    counts: Counter[str] = Counter()
    for reply in rows.replies:
        kind = reply.state
        if reply.state == "completed" and reply.epoch > 1:
            kind = "continued by another process"
        elif reply.state == "failed":
            kind = f"failed with {'text' if reply.text else 'no text'} ({reply.ended_by})"
        elif reply.state == "truncated":
            kind = f"truncated ({reply.ended_by})"
        counts[kind] += 1
    return dict(sorted(counts.items()))
