"""Celery's side of the conversations: ending what no process owns any more, and the example traffic."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task

from assistant import (
    alerts,
    catalogue_care,
    flip_care,
    grounding,
    mail_queue,
    report_mail,
    stored_answers,
    takeover,
    writing,
)
from assistant.db import DatabaseGone
from assistant.embed import identifying
from assistant.example import traffic
from assistant.flows import counting
from assistant.person import help_desk, letters, summaries, transcripts
from assistant.privacy import retention
from assistant.trials import backtests, shadowing, transferring
from common.clock import now
from faq.drafter import EDIT_TASK, PROPOSE_TASK
from routing import example, levels, rollup

logger = logging.getLogger(__name__)

EXAMPLE_STEP_S = 12.0  # the last answers of a step take some seconds more
ORPHANED_FOR = timedelta(seconds=30)  # long enough for a living process to have claimed its work


@shared_task(name="assistant.end_orphans")
def end_orphans() -> None:
    """End replies whose process has been gone for ORPHANED_FOR and that are too old to be gone on with.

    For a desk without a web process: a living one has taken them over. Generation never runs here.
    """
    for reply_id in takeover.end_orphans(ORPHANED_FOR, at_least=takeover.YOUNG):
        logger.warning("reply %s lost its process and was ended", reply_id)


@shared_task(name=example.TASK)
def play_example() -> None:
    """Play a few seconds of the example traffic that was asked for, and come again for the rest.

    In steps, because the roll-up waits behind it: a worker of one process still keeps its promise.
    """
    try:
        more = traffic.play_step(EXAMPLE_STEP_S)
    except DatabaseGone as error:
        example.end(now(), f"The database did not answer: {error}")
        raise
    rollup.roll_up(now())
    if more:
        play_example.delay()


@shared_task(name=example.REMOVE_TASK)
def remove_example() -> None:
    """Delete the example's conversations after its figures."""
    traffic.remove()


@shared_task(name=PROPOSE_TASK)
def propose_phrasings(uuid: str) -> None:
    """Go on with an order for phrasings, and come again for the rest."""
    if writing.propose(uuid):
        propose_phrasings.delay(uuid)


@shared_task(name=EDIT_TASK)
def edit_answer(uuid: str) -> None:
    """Have an answer written or rewritten for staff."""
    writing.edit(uuid)


@shared_task(name="assistant.drive_drafts")
def drive_drafts() -> None:
    """Hand over again what a dead worker or a lost message left behind."""
    for uuid in writing.drive():
        logger.warning("order %s was at no worker and is handed over again", uuid)


@shared_task(name=transferring.TASK)
def run_transfer_test(uuid: str) -> None:
    """Go on with a transfer test, and come again for the rest."""
    if transferring.step(uuid):
        run_transfer_test.delay(uuid)


@shared_task(name="assistant.drive_transfer_tests")
def drive_transfer_tests() -> None:
    """Hand over again the transfer tests that a dead worker or a lost message left behind."""
    for uuid in transferring.drive():
        logger.warning("transfer test %s was at no worker and is handed over again", uuid)


@shared_task(name=backtests.TASK)
def backtest(uuid: str) -> None:
    """Go on with a backtest, and come again for the rest."""
    if backtests.work(uuid):
        backtest.delay(uuid)


@shared_task(name="assistant.drive_backtests")
def drive_backtests() -> None:
    """Hand over again what a dead worker or a lost message left behind."""
    for uuid in backtests.drive():
        logger.warning("backtest %s was at no worker and is handed over again", uuid)
        backtest.delay(str(uuid))


@shared_task(name=shadowing.TASK)
def shadow() -> None:
    """Decide what visitors asked lately by the draft that is being shadowed, and come again for the rest."""
    if shadowing.look():
        shadow.delay()


@shared_task(name=mail_queue.TASK)
def send_mail(kind: str, pk: str) -> None:
    """Send the mail of a request, a message or a transcript, if it is still to be sent."""
    _deliver(kind, UUID(pk))


def _deliver(kind: str, pk: UUID) -> None:
    if kind == "transcript":
        transcripts.deliver(pk)
    else:
        letters.deliver(kind, pk)


@shared_task(name="assistant.send_due_mails")
def send_due_mails() -> None:
    """Send the mails whose next try has come, and those that no worker was told about."""
    for kind, pk in mail_queue.due(now()):
        _deliver(kind, pk)


@shared_task(name=help_desk.TASK)
def tell_help_desk() -> None:
    """Tell the help desk what is due: what no worker heard of, and what comes again after a failure."""
    help_desk.deliver_due(now())


@shared_task(name=summaries.TASK)
def summarise_request(pk: str) -> None:
    """Write the summary of a conversation that a person has to take over."""
    summaries.write(UUID(pk))


@shared_task(name="assistant.watch_service_levels")
def watch_service_levels() -> None:
    """Judge the routes' targets, and tell whoever is to be told."""
    levels.watch(now(), alerts.tell)
    alerts.deliver_due(now())


@shared_task(name="assistant.send_reports")
def send_reports() -> None:
    """Mail the reports of the metrics page that are due, and those whose next try has come."""
    if count := report_mail.send_due(now()):
        logger.info("%d reports mailed", count)


@shared_task(name="assistant.check_catalogue")
def check_catalogue() -> None:
    """Look at the models on the ladders, once a day."""
    catalogue_care.run(now())


@shared_task(name="assistant.watch_changes")
def watch_changes() -> None:
    """Count what follows each change of models, prompts and rules, and roll back what broke a limit."""
    flip_care.run(now())


@shared_task(name="assistant.forget_stored_answers")
def forget_stored_answers() -> None:
    """Delete stored answers that no message can be answered with any more."""
    if count := stored_answers.forget_outlived():
        logger.info("%d stored answers have outlived what they rest on", count)


@shared_task(name="assistant.retention")
def retain() -> None:
    """Delete what has reached its age, for less than a minute; what is left follows at once."""
    if not retention.run(now()).finished:
        retain.delay()


@shared_task(name="assistant.judge_support")
def judge_support() -> None:
    """Judge for some seconds how much of the last answers stands in their passages."""
    grounding.judge(now())


@shared_task(name=counting.TASK)
def count_flows(uuid: str) -> None:
    """Go on with counting what people ask, and come again for the rest."""
    if counting.advance(uuid):
        count_flows.delay(uuid)


@shared_task(name="assistant.drive_flows")
def drive_flows() -> None:
    """Hand over again the countings that a dead worker or a lost message left behind."""
    for run in counting.drive():
        logger.warning("counting %s was at no worker and is handed over again", run.uuid)


@shared_task(name="assistant.what_people_ask")
def what_people_ask() -> None:
    """Count what visitors have asked lately, once a day."""
    counting.order_daily()


@shared_task(name="assistant.sweep_tokens")
def sweep_tokens() -> None:
    """Forget the ids of identity tokens whose time is over."""
    identifying.sweep(now())
