"""The steps of a counting: each does a piece of some seconds, stores it, and may be done again."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from assistant.flow_figures import Counts
from assistant.flow_models import Flow, FlowExample, FlowPart, FlowRun, QuestionFile
from assistant.flow_sampling import chosen
from assistant.flows import question_files
from assistant.flows.parts import (
    CHOSEN,
    FLOWS,
    GROUPS,
    TEXTS,
    VERDICTS,
    Asked,
    Overtaken,
    hold,
    keep,
    keep_vectors,
    kept,
    kept_vectors,
    questions,
)
from assistant.pipeline import ConversationFacts, consider
from common.clock import now, ticks
from faq import claims
from faq.embedder import shared_embedder
from faq.engine_models import key_of
from faq.flowing import LIKE, LIKE_IN_WORDS, Grouping, ordered, word_vectors
from faq.models import AskedQuestion, Work
from routing import publishing
from routing.config import Config
from routing.metrics import MANAGED
from routing.models import Purpose, RouteOutcome

MOST_MESSAGES = 50_000  # of live traffic, the newest: what a worker with 512 MB groups in its memory
EMBEDDED_AT_ONCE = 256  # some 0.5 s
JUDGED_AT_ONCE = 40  # some 0.6 s
MOST_JUDGED = 6_000  # different questions that are put to the desk: 15 ms of a core each
FLOWS_KEPT = 500  # the largest; the rest are summed up as flow 0
EXAMPLES = 12  # of a flow: a form prefilled with more is not read
EXAMPLE_LIMIT = 300  # characters, as a phrasing may have
AT_ONCE = 500  # ids in a query

Step = Callable[[FlowRun, str, float], None]


class Nothing(RuntimeError):
    """There is nothing to count; the message says so to whoever asked."""


# --- reading ---------------------------------------------------------------------------------------


def read(run: FlowRun, holder: str, until: float) -> None:
    """Collect the different questions, each with how often it was asked."""
    run.as_of = now()
    asked = _of_file(run.file) if run.file else _of_visitors(run)
    if not asked:
        raise Nothing(
            "Its questions were deleted." if run.file else "Nobody has asked anything in this time."
        )
    places = ordered([each.text for each in asked], [each.times for each in asked])
    rows = [[asked[place].key, asked[place].text, asked[place].times, asked[place].uuid] for place in places]
    FlowPart.objects.filter(run=run).delete()
    keep(run, holder, TEXTS, rows, phase=FlowRun.Phase.EMBEDDING, total=len(rows), done=0, as_of=run.as_of)


def _of_file(file: QuestionFile) -> list[Asked]:
    rows = ((key_of(text) or text, text, times, "") for text, _, times in question_files.rows_of(file))
    return _different(rows)


def _of_visitors(run: FlowRun) -> list[Asked]:
    rows = ((row.normalised or key_of(row.text) or row.text, row.text, 1, str(row.pk)) for row in _live(run))
    return _different(rows)


def _live(run: FlowRun) -> Iterator[AskedQuestion]:
    """Yield the messages of a window, the newest first."""
    at = run.as_of or now()
    found = AskedQuestion.objects.filter(purpose__in=MANAGED, created_at__lte=at)
    found = found.filter(created_at__gte=at - timedelta(days=run.days))
    yield from found.order_by("-created_at")[:MOST_MESSAGES].iterator(chunk_size=2000)


def _different(rows: Iterator[tuple[str, str, int, str]]) -> list[Asked]:
    """Return the questions that differ, in the wording that was used most, the first of equals."""
    wordings: dict[str, Counter[str]] = {}
    shown: dict[tuple[str, str], str] = {}
    for key, text, times, uuid in rows:
        wordings.setdefault(key, Counter())[text] += times
        shown.setdefault((key, text), uuid)
    found = []
    for key, texts in wordings.items():
        text = min(texts, key=lambda each: (-texts[each], each))
        found.append(Asked(key, text, texts.total(), shown[key, text]))
    return found


# --- comparing and grouping ------------------------------------------------------------------------


def embed(run: FlowRun, holder: str, until: float) -> None:
    """Work out the vectors of the next questions."""
    asked = questions(run)
    embedder = shared_embedder()
    if embedder is None:
        keep_vectors(run, holder, word_vectors([each.text for each in asked]), 0, len(asked))
        run.done = len(asked)
    while embedder is not None and run.done < len(asked):
        batch = asked[run.done : run.done + EMBEDDED_AT_ONCE]
        keep_vectors(run, holder, embedder.embed([e.text for e in batch]), run.done, run.done + len(batch))
        run.done += len(batch)
        if ticks() > until:
            break
    if run.done >= len(asked):
        hold(run, holder, phase=FlowRun.Phase.GROUPING, done=0)


def group(run: FlowRun, holder: str, until: float) -> None:
    """Give the next questions their flows; at the end choose those that are put to the desk."""
    asked = questions(run)
    vectors = kept_vectors(run, len(asked))
    so_far: list[int] = next(kept(run, FLOWS), [])
    weights = [each.times for each in asked]
    like = LIKE if shared_embedder() is not None else LIKE_IN_WORDS
    grouping = Grouping(vectors, weights, like, so_far)
    more = grouping.done < len(asked)
    while more:
        more = grouping.step()
        if ticks() > until:
            break
    if more:
        keep(run, holder, FLOWS, grouping.flow.tolist(), done=grouping.done)
        return
    flows = grouping.settled(lambda: hold(run, holder))
    keep(run, holder, GROUPS, flows)
    places = chosen([len(each) for each in flows], MOST_JUDGED)
    wanted = [flow[place] for flow, some in zip(flows, places, strict=True) for place in some]
    live = run.file is None
    phase = FlowRun.Phase.SUMMING if live else FlowRun.Phase.JUDGING
    keep(run, holder, CHOSEN, wanted, phase=phase, done=0, total=len(asked) if live else len(wanted))


# --- putting them to the desk ----------------------------------------------------------------------


def judge(run: FlowRun, holder: str, until: float) -> None:
    """Ask what the desk would do with the next questions, by the way of a visitor's message."""
    asked, wanted = questions(run), next(kept(run, CHOSEN))
    config = publishing.current()
    while run.done < len(wanted):
        batch = wanted[run.done : run.done + JUDGED_AT_ONCE]
        verdicts = [[place, *_verdict(asked[place].text, config)] for place in batch]
        done = run.done + len(batch)
        keep(run, holder, VERDICTS, verdicts, run.done, done=done, config_number=config.number)
        run.done = done
        if ticks() > until:
            break
    if run.done >= len(wanted):
        hold(run, holder, phase=FlowRun.Phase.SUMMING)


def _verdict(text: str, config: Config) -> tuple[str, str, str, int]:
    """Return route, answering entry, the entry offered first, and the tokens a model would read."""
    found = consider(text, ConversationFacts(), config)
    best = found.match.best
    answered = best.entry_id if best is not None and found.route.kind == "faq" else ""
    offered = found.offer[0].entry_id if found.offer else ""
    return found.route.slug, answered, offered, found.read_tokens


# --- adding up -------------------------------------------------------------------------------------


def add_up(run: FlowRun, holder: str, until: float) -> None:
    """Store the flows with their figures, and drop what led to them and the countings before."""
    asked, flows = questions(run), next(kept(run, GROUPS))
    flow_of = {place: number for number, flow in enumerate(flows) for place in flow}
    counts = [_base(flow, asked) for flow in flows]
    figures = (
        _add_live(run, asked, flow_of, counts)
        if run.file is None
        else _add_verdicts(run, asked, flow_of, counts)
    )
    large = [number for number in range(len(flows)) if _is_flow(counts[number])][:FLOWS_KEPT]
    rest = Counts()
    for number in set(range(len(flows))) - set(large):
        rest = rest.merged(counts[number])
    with transaction.atomic():
        Flow.objects.filter(run=run).delete()
        _store(run, [(counts[number], [asked[place] for place in flows[number]]) for number in large])
        if rest.volume:
            Flow.objects.create(run=run, number=0, figures=rest.dump())
        run.parts.all().delete()
        if not claims.end(run, holder, Work.State.DONE, now(), figures=figures):
            raise Overtaken
        earlier = FlowRun.objects.filter(file=run.file, days=run.days).exclude(pk=run.pk)
        earlier.exclude(state__in=Work.OPEN).delete()


def _base(flow: Sequence[int], asked: Sequence[Asked]) -> Counts:
    return Counts(volume=sum(asked[place].times for place in flow), different=len(flow))


def _is_flow(counts: Counts) -> bool:
    return counts.volume > 1


def _add_verdicts(
    run: FlowRun, asked: Sequence[Asked], flow_of: Mapping[int, int], counts: Sequence[Counts]
) -> dict[str, Any]:
    judged = 0
    for part in kept(run, VERDICTS):
        for place, route, entry, offered, tokens in part:
            counts[flow_of[place]].add(route, entry, offered, tokens, asked[place].times)
            judged += 1
    return {"different": len(asked), "judged": judged, "semantic": shared_embedder() is not None}


def _add_live(
    run: FlowRun, asked: Sequence[Asked], flow_of: Mapping[int, int], counts: Sequence[Counts]
) -> dict[str, Any]:
    place_of = {each.key: place for place, each in enumerate(asked)}
    example, first = 0, run.as_of
    batch: list[AskedQuestion] = []
    rows = _live(run)
    while batch := [row for _, row in zip(range(AT_ONCE), rows, strict=False)]:
        spent = _spent(batch)
        for row in batch:
            place = place_of.get(row.normalised or key_of(row.text) or row.text)
            if place is None:
                continue  # came in between, or was erased
            mine = counts[flow_of[place]]
            tokens, noted = spent.get(row.pk, (0, {"known": 0}))
            mine.add(row.route, row.shown_entry, row.suggested.split(",")[0], tokens, 1)
            mine.note(
                escalated=int(row.escalated), up=int(row.thumb == 1), down=int(row.thumb == -1), **noted
            )
            example += row.purpose == Purpose.DEMO.value
            first = row.created_at
    judged = sum(each.judged for each in counts)
    return {
        "different": len(asked),
        "judged": judged,
        "example": example,
        "first": first.date().isoformat() if first else "",
        "cut": judged >= MOST_MESSAGES,
        "semantic": shared_embedder() is not None,
    }


def _spent(rows: Sequence[AskedQuestion]) -> dict[Any, tuple[int, dict[str, int]]]:
    """Return by turn the tokens that its first reply read, and what all its replies cost where that is known.

    On the heavy model alone the turn would have had its first reply only.
    """
    found: dict[Any, list[RouteOutcome]] = {}
    for outcome in RouteOutcome.objects.filter(turn_id__in=[row.pk for row in rows]):
        found.setdefault(outcome.turn_id, []).append(outcome)
    spent: dict[Any, tuple[int, dict[str, int]]] = {}
    for turn, outcomes in found.items():
        first = min(outcomes, key=lambda each: (each.cause != "first", each.ended_at))
        tokens = first.input_tokens or 0
        if first.heavy_cost_pico is None or any(each.cost_pico is None for each in outcomes):
            spent[turn] = tokens, {"known": 0}
        else:
            cost = sum(each.cost_pico or 0 for each in outcomes)
            spent[turn] = tokens, {"known": 1, "cost": cost, "heavy": first.heavy_cost_pico}
    return spent


def _store(run: FlowRun, found: Sequence[tuple[Counts, Sequence[Asked]]]) -> None:
    """Store flows with their examples in few statements: SQLite has one writer."""
    flows = Flow.objects.bulk_create(
        Flow(run=run, number=number, figures=counts.dump()) for number, (counts, _) in enumerate(found, 1)
    )
    live = run.file is None
    FlowExample.objects.bulk_create(
        (
            FlowExample(
                flow=flow,
                place=place,
                text="" if live else each.text[:EXAMPLE_LIMIT],
                asked=each.uuid if live else None,
            )
            for flow, (_, members) in zip(flows, found, strict=True)
            for place, each in enumerate(members[:EXAMPLES])
        ),
        batch_size=AT_ONCE,
    )


STEPS: Mapping[FlowRun.Phase, Step] = {
    FlowRun.Phase.READING: read,
    FlowRun.Phase.EMBEDDING: embed,
    FlowRun.Phase.GROUPING: group,
    FlowRun.Phase.JUDGING: judge,
    FlowRun.Phase.SUMMING: add_up,
}
