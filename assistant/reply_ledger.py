"""The ledger as dispatch sees it: each call is one hop through the database door."""

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction

from assistant import db
from assistant.models import Reply
from common.clock import ticks
from routing import recorder
from routing.attempts import AttemptResult, AttemptStart
from routing.models import ModelCall

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 30.0  # a running reply goes on from memory for this long without its database
RETRY_S = 0.5


class ReplyLost(Exception):
    """The reply is another process's by now, or has ended: nothing more may be done for it here."""


class DatabaseLedger:
    """The ledger of calls that belong to no running reply."""

    async def start(self, attempt: AttemptStart) -> None:
        await db.run(_start, attempt)

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        await db.run(_settle, attempt, result)


class ReplyLedger:
    """The ledger of one running reply under one epoch; a database that is away is waited for."""

    def __init__(self, reply: Reply) -> None:
        self._reply_id, self._epoch = reply.pk, reply.epoch

    async def start(self, attempt: AttemptStart) -> None:
        """Commit an attempt. Raises BudgetExhausted, ReplyLost, and DatabaseGone after PATIENCE_S."""
        await patiently(_start_of_reply, self._reply_id, self._epoch, attempt)

    async def settle(self, attempt: AttemptStart, result: AttemptResult) -> None:
        """Commit how an attempt ended; what cannot be stored now is settled with the reply's end."""
        try:
            await patiently(_settle, attempt, result)
        except db.DatabaseGone as error:
            logger.error("call %s is left to the end of its reply: %s", attempt.call_id, error)


async def patiently(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `work` does in the database, tried again while that is away, for up to PATIENCE_S.

    `work` may have been done by a try that nobody heard the end of. Raises DatabaseGone.
    """
    deadline, told = ticks() + PATIENCE_S, False
    while True:
        try:
            return await db.run(work, *args, **kwargs)
        except db.DatabaseGone as error:
            if ticks() > deadline:
                raise
            if not told:
                logger.error("%s waits for the database: %s", work.__name__.strip("_"), error)
            told = True
            await asyncio.sleep(RETRY_S)


def _start(attempt: AttemptStart) -> None:
    with transaction.atomic():
        recorder.start_call(attempt)


def _start_of_reply(reply_id: UUID, epoch: int, attempt: AttemptStart) -> None:
    with transaction.atomic():
        # Locked where that is possible: a claim and a new attempt of the former owner exclude each other.
        ours = Reply.objects.select_for_update().filter(pk=reply_id, epoch=epoch, state=Reply.State.STREAMING)
        if not ours.values_list("pk", flat=True):
            raise ReplyLost
        if not ModelCall.objects.filter(pk=attempt.call_id).exists():
            recorder.start_call(attempt)


def _settle(attempt: AttemptStart, result: AttemptResult) -> None:
    with transaction.atomic():
        recorder.settle_call(attempt, result)
