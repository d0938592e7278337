"""How many of the models' answers stand in their passages: a sample, judged by the worker after they ended.

By the answer's words, else by the matcher's own vectors, or by a model where one is named. Only answers that
were judged count, so a rate of them is one of the sample and not of those that were easy to judge.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from assistant import judge_model
from assistant.models import Reply
from assistant.support import support
from assistant.weighing import nearest, semantic
from common.clock import ms_since, now, ticks
from faq import index
from faq.snapshot import Passage
from routing import publishing, recorder, telemetry
from routing.config import Config, ConfigError
from routing.models import Purpose, RollUpState, RouteOutcome
from routing.tally import GROUNDED

logger = logging.getLogger(__name__)

STEP_MS = 4_000  # a step begins no answer after this; a desk may have one worker, and mails wait behind it
CHUNK = 50  # answers looked up at once
SETTLED = timedelta(seconds=2)  # an end and its row are stored together, but clocks of two machines differ
# Further behind than this the worker goes on with the newest: what it leaves out is chosen by time alone.
LONGEST_BEHIND = timedelta(hours=1)


@dataclass(frozen=True)
class Judged:
    """How much of an answer stands in its passages, and how that was found: by words, meaning or model."""

    score: float
    by: str

    @property
    def label(self) -> str:
        """Return the judgement in a word."""
        return "grounded" if self.score >= GROUNDED else "ungrounded"


def sampled(reply_id: UUID, share: int) -> bool:
    """Return whether a reply belongs to the `share` percent that are judged: the same ones each time."""
    return reply_id.int % 100 < share


def judge(now: datetime) -> int:
    """Judge what has ended since the last run, for up to STEP_MS; return how many answers were judged."""
    share, began, judged = settings.ENV.grounded_share, ticks(), 0
    config = _config()
    if not share or config is None:
        return 0
    index.refresh()
    since = _since(now)
    while ms_since(began) < STEP_MS:
        rows = list(_ended(since, now - SETTLED)[:CHUNK])
        if not rows:
            break
        for row in rows:
            if ms_since(began) >= STEP_MS:
                break
            if sampled(row.reply_id, share):
                judged += _judge(row, config)
            since = row.ended_at
        RollUpState.objects.filter(pk=1).update(judged_until=since)
    return judged


def _config() -> Config | None:
    try:
        publishing.refresh()
        return publishing.current()
    except (publishing.NotPublished, ConfigError):
        return None  # nothing was ever answered here


def _since(now: datetime) -> datetime:
    state = RollUpState.objects.get_or_create(pk=1)[0]
    latest = now - LONGEST_BEHIND
    return latest if state.judged_until is None else max(state.judged_until, latest)


def _ended(since: datetime, until: datetime) -> QuerySet[RouteOutcome]:
    """Return whole answers of models that ended since a moment, in order; stored ones given again are not."""
    rows = RouteOutcome.objects.filter(
        ended_at__gt=since,
        ended_at__lt=until,
        purpose__in=(Purpose.VISITOR, Purpose.DEMO),
        state="completed",
        cached=False,
        judged_by="",
    )
    return rows.filter(~Q(answering_model="")).order_by("ended_at").only("reply_id", "route", "ended_at")


def _judge(row: RouteOutcome, config: Config) -> bool:
    reply = Reply.objects.filter(pk=row.reply_id).only("text", "decision", "turn_id").first()
    if reply is None:
        return False  # erased meanwhile
    passages = passages_of(reply.decision)
    found = weigh(reply.text, passages) if passages else None
    if found is None:
        return False
    found = _by_model(reply, row.route, passages, config, found)
    if found is None or not _store(row.reply_id, found):
        return False
    telemetry.tell(
        telemetry.of_evaluation(
            row.reply_id, reply.turn_id, row.route, found.score, found.label, found.by, now()
        )
    )
    return True


def passages_of(decision: dict[str, Any]) -> tuple[Passage, ...]:
    """Return the passages that an answer was given, none when one of them was edited or is gone since."""
    rows, found = index.current().rows, list[Passage]()
    for told in decision.get("passages", ()):
        row = rows.get(str(told.get("entry_id")))
        place = str(told.get("id")).rpartition(".")[2]
        if row is None or row.view.version != told.get("version") or not place.isdigit():
            return ()
        found.append(row.passage(int(place) - 1))
    return tuple(found)


def weigh(answer: str, passages: Sequence[Passage]) -> Judged | None:
    """Judge an answer by its words, and by meaning where those do not do; None where nothing can be said."""
    score = support(answer, passages)
    if score is None:
        return None
    if score == 1.0 or not semantic():
        return Judged(score, "words")
    meant = support(answer, passages, nearest)
    return Judged(score if meant is None else meant, "meaning")


def _by_model(
    reply: Reply, route: str, passages: Sequence[Passage], config: Config, found: Judged
) -> Judged | None:
    """Return what the judge says where one is named, None when that is nothing that can be used."""
    model = settings.ENV.grounded_judge
    if not model:
        return found
    try:
        score = judge_model.ask(model, route, reply.turn_id, reply.text, passages, config)
    except judge_model.NoJudge as error:
        logger.info("the judge was not asked, the vectors judge: %s", error)
        return found
    if score is None:
        logger.info("the judge's answer on reply %s is none of its kind; not judged", reply.pk)
        return None
    return Judged(score, "model")


def _store(reply_id: UUID, found: Judged) -> bool:
    with transaction.atomic():
        reply = Reply.objects.select_for_update().filter(pk=reply_id).only("decision").first()
        if reply is None:
            return False
        verdict = {**reply.decision.get("verdict", {}), "support": found.score, "judged_by": found.by}
        Reply.objects.filter(pk=reply_id).update(decision={**reply.decision, "verdict": verdict})
        return recorder.note_support(reply_id, found.score, found.by)
