"""Counts what people ask, in steps of some seconds: read, compare, group, put to the desk, add up.

A counting is held by one worker at a time (`faq.claims`), and what it has worked out lies in FlowPart, so
that one that dies is gone on with. No model is asked and no text leaves the machine.
"""

import time
from collections.abc import Iterable
from uuid import uuid4

from celery import current_app
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from assistant.flow_models import FlowExample, FlowPart, FlowRun, QuestionFile
from assistant.flows import steps
from assistant.flows.parts import Overtaken
from common.clock import now, ticks
from faq import claims, index
from faq.models import AskedQuestion, Work
from routing import publishing
from routing.metrics import MANAGED

TASK = "assistant.count_flows"
WINDOWS = (7, 30, 90)  # days of live traffic
WHOLE_S = 600.0  # of a step at a terminal, where nothing waits behind it
LOOK_EVERY_S = 0.05
STEP_S = 4.0  # of one task: roll-ups and mails wait behind it on a desk with one worker


def order(by: str, file: QuestionFile | None = None, days: int = 0) -> FlowRun:
    """Have a file, or the live traffic of some days, counted; returns the open order if there is one."""
    try:
        with transaction.atomic():
            run = FlowRun.objects.create(file=file, days=0 if file else days, created_by=by[:150])
    except IntegrityError:
        return FlowRun.objects.get(file=file, days=0 if file else days, state__in=Work.OPEN)
    transaction.on_commit(lambda: tell(run.uuid))
    return run


def order_daily() -> list[FlowRun]:
    """Have each window of live traffic counted, unless nobody has ever asked anything."""
    if not AskedQuestion.objects.filter(purpose__in=MANAGED).exists():
        return []
    return [order("", days=days) for days in WINDOWS]


def tell(uuid: object) -> bool:
    """Tell the worker of an order; False when there is no broker, and then beat finds the row."""
    try:
        current_app.send_task(TASK, [str(uuid)], ignore_result=True, retry=False)
    except OperationalError:
        return False
    return True


def drive() -> list[FlowRun]:
    """Hand over again what no worker is at."""
    found = claims.waiting(FlowRun, now())
    for run in found:
        tell(run.uuid)
    return found


def advance(uuid: str, seconds: float = STEP_S) -> bool:
    """Go on with a counting for about `seconds`; return whether there is more to do."""
    holder = uuid4().hex
    run = claims.claim(FlowRun, uuid, holder, now())
    if run is None:
        return False
    publishing.refresh()
    index.refresh()
    until = ticks() + seconds
    try:
        while True:
            steps.STEPS[FlowRun.Phase(run.phase)](run, holder, until)
            run.refresh_from_db()
            if run.state not in Work.OPEN or ticks() > until:
                break
    except Overtaken:
        return False
    except steps.Nothing as nothing:
        claims.end(run, holder, Work.State.FAILED, now(), str(nothing))
        return False
    return run.state in Work.OPEN and claims.release(run, holder, now())


def finish(uuid: str) -> FlowRun:
    """Do a counting to its end in this process, or wait for whoever is at it: for the command line."""
    while True:
        advance(uuid, WHOLE_S)
        run = FlowRun.objects.get(uuid=uuid)
        if run.state not in Work.OPEN:
            return run
        time.sleep(LOOK_EVERY_S)


@transaction.atomic
def erase(uuids: Iterable[object]) -> None:
    """Let no counting hold erased questions: not as an example, and not in what is being worked out."""
    FlowExample.objects.filter(asked__in=list(uuids)).delete()
    running = FlowRun.objects.filter(file=None, state__in=Work.OPEN)
    FlowPart.objects.filter(run__in=running).delete()
    # Whoever is at one finds at its next write that it is not its any more, and it begins anew.
    running.update(phase=FlowRun.Phase.READING, holder="", done=0, total=0)
