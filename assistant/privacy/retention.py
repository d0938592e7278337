"""Delete what has reached its age: in chunks, each committed, so that visitors never wait for it.

Idempotent and resumable: every run looks at the tables anew, and what a run does not reach within its
time is done by the next one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from assistant.flow_models import QuestionFile
from assistant.flows import question_files
from assistant.models import (
    BacktestRun,
    Conversation,
    Deletion,
    Message,
    Reply,
    Request,
    RetentionPolicy,
    Visitor,
)
from assistant.privacy.classes import SESSIONS, VISITORS
from assistant.privacy.erasing import ERASED, overwrite
from assistant.trials import backtests
from common.clock import ticks
from common.versions import raise_version
from faq.import_models import Upload
from faq.models import AnswerEdit, AskedQuestion, Proposal, ProposalRun
from routing import cache_store, rollup
from routing.models import ModelCall, RouteOutcome, StoredAnswer
from routing.unlinking import silence

CHUNK = 50  # rows a transaction: some milliseconds of SQLite's one writer
PAGE = 5000  # ids looked up at once; a query for each chunk would walk over the kept rows again and again
BUDGET_S = 45.0  # a task stays under a minute, whatever there is to do
# SQLite's waiting writers look again after up to 0.1 s, so without a pause they would meet a lock each time.
BREATH_S = 0.1
VISITOR_DAYS = 1  # a visitor's row is made with the first message, so one without any is left over


@dataclass
class Report:
    """What a run deleted by class, and whether it came to the end."""

    counts: dict[str, int] = field(default_factory=dict)
    finished: bool = True


@dataclass(frozen=True)
class Store:
    """Rows of one class that are due, and how a chunk of them goes."""

    kind: str
    due: QuerySet[Any]
    remove: Callable[[Sequence[Any]], object]


def run(now: datetime, dry_run: bool = False, budget_s: float = BUDGET_S) -> Report:
    """Delete what is due, for at most `budget_s`; with `dry_run` only count it."""
    policy, _ = RetentionPolicy.objects.get_or_create(pk=1)
    report, deadline = Report(), ticks() + budget_s
    if dry_run:
        for store in stores(policy, now):
            report.counts[store.kind] = report.counts.get(store.kind, 0) + store.due.count()
        return report
    RetentionPolicy.objects.filter(pk=1).update(ran_at=now)
    for store in stores(policy, now):
        if not _empty(store, now, report, deadline):
            report.finished = False
            break
    if any(report.counts.values()):
        transaction.on_commit(overwrite)
    if report.finished:
        RetentionPolicy.objects.filter(pk=1).update(finished_at=now)
    return report


def _empty(store: Store, now: datetime, report: Report, deadline: float) -> bool:
    """Delete all that is due of one store; False when the time ran out before."""
    # In no order: by their keys, a database would walk over all that is kept to find the few that are due.
    while ids := list(store.due.order_by().values_list("pk", flat=True)[:PAGE]):
        for at in range(0, len(ids), CHUNK):
            if ticks() > deadline:
                return False
            chunk = ids[at : at + CHUNK]
            with transaction.atomic():
                store.remove(chunk)
                _count(store.kind, now, len(chunk))
            report.counts[store.kind] = report.counts.get(store.kind, 0) + len(chunk)
            if connection.vendor == "sqlite":
                time.sleep(BREATH_S)
    return True


def _count(kind: str, now: datetime, count: int) -> None:
    Deletion.objects.get_or_create(day=now.date(), kind=kind)
    Deletion.objects.filter(day=now.date(), kind=kind).update(count=F("count") + count)


def stores(policy: RetentionPolicy, now: datetime) -> Iterator[Store]:
    """Yield what is due by `policy`, conversations before the visitors whom they leave behind."""

    def before(name: str) -> datetime:
        return now - timedelta(days=getattr(policy, name))

    yield Store("conversations", _conversations(before("conversations")), _remove_conversations)
    yield _deleting("requests", _requests(before("requests")))
    old = AskedQuestion.objects.filter(created_at__lt=before("asked_questions"))
    yield Store("asked_questions", old.order_by("pk"), _remove_asked)
    yield _deleting("stored_answers", StoredAnswer.objects.filter(written_at__lt=before("stored_answers")))
    yield Store("partial_outputs", _speaking(before("partial_outputs")), silence)
    for table in (ModelCall, RouteOutcome):
        due = table._default_manager.filter(ended_at__lt=before("ledger"), rolled_up=True)
        yield Store("ledger", due.order_by("pk"), rollup.delete_from_ledger(table, before("ledger")))
    yield _deleting("staff_log", LogEntry.objects.filter(action_time__lt=before("staff_log")))
    for model in (AccessAttempt, AccessFailureLog, AccessLog):
        yield _deleting("sign_in_log", model.objects.filter(attempt_time__lt=before("sign_in_log")))
    yield _deleting("uploads", Upload.objects.filter(created_at__lt=before("uploads")))
    held = Q(rows__isnull=False) | Q(table__isnull=False)
    files = QuestionFile.objects.filter(held, created_at__lt=before("uploads")).order_by("pk")
    yield Store("uploads", files, question_files.forget_texts)
    decided = Q(decided_at__lt=before("drafts"))
    yield _deleting("drafts", Proposal.objects.exclude(state__in=Proposal.WAITING).filter(decided))
    for work in (AnswerEdit, ProposalRun, BacktestRun):
        yield _deleting("drafts", work.objects.filter(ended_at__lt=before("drafts")))
    yield _deleting(VISITORS, _visitors(now - timedelta(days=VISITOR_DAYS)))
    yield _deleting(SESSIONS, Session.objects.filter(expire_date__lt=now))


def _deleting(kind: str, due: QuerySet[Any]) -> Store:
    model: type[models.Model] = due.model
    return Store(kind, due, lambda ids: model._default_manager.filter(pk__in=ids).delete())


def _conversations(edge: datetime) -> QuerySet[Conversation]:
    """Return old conversations in which nobody waits for anything."""
    running = Reply.objects.filter(conversation=OuterRef("pk"), state__in=("queued", "streaming"))
    waiting = Request.objects.filter(conversation=OuterRef("pk"), state=Request.State.NEW)
    idle = Conversation.objects.filter(
        updated_at__lt=edge, state__in=(Conversation.State.OPEN, Conversation.State.CLOSED)
    )
    return idle.exclude(Exists(running)).exclude(Exists(waiting))


def _remove_conversations(ids: Sequence[Any]) -> None:
    # Staff's mails belong to the request, which is kept longer.
    Message.objects.filter(conversation_id__in=ids, request__isnull=False).update(
        conversation=None, after_turn=None
    )
    replies = Reply.objects.filter(conversation_id__in=ids).values_list("pk", flat=True)
    cache_store.forget(replies=list(replies))
    Conversation.objects.filter(pk__in=ids).delete()
    raise_version(ERASED)


def _remove_asked(ids: Sequence[Any]) -> None:
    AskedQuestion.objects.filter(pk__in=ids).delete()
    backtests.erase(ids)


def _requests(edge: datetime) -> QuerySet[Request]:
    over = Coalesce("closed_at", "answered_at", "created_at")
    done = Request.objects.exclude(state=Request.State.NEW).annotate(over=over)
    waiting = Q(conversation__state__in=(Conversation.State.WAITING, Conversation.State.WITH_STAFF))
    return done.filter(over__lt=edge).exclude(waiting)


def _speaking(edge: datetime) -> QuerySet[ModelCall]:
    words = ~Q(partial_output="") | ~Q(error_detail="")
    return ModelCall.objects.filter(words, started_at__lt=edge, ended_at__isnull=False)


def _visitors(edge: datetime) -> QuerySet[Visitor]:
    busy = (
        Exists(Conversation.objects.filter(visitor=OuterRef("pk"))),
        Exists(Request.objects.filter(visitor=OuterRef("pk"))),
    )
    idle = Visitor.objects.filter(~busy[0], ~busy[1], created_at__lt=edge)
    return idle.exclude(identified_at__gte=edge)
