"""The orders of staff for the models, worked off: proposed phrasings and edited answers, step by step.

An order is held by one worker at a time (`faq.claims`). Everything that belongs to one call is stored
in one conditional write, so a worker that dies leaves whole entries behind, and another one goes on
with the next.
"""

from uuid import UUID, uuid4

from assistant import drafting, watched_call
from common.clock import ms_since, now, ticks
from faq import claims, edits, paraphrases, proposals, rewriting
from faq.drafter import EDIT_TASK, PROPOSE_TASK, hand_over
from faq.models import AnswerEdit, Entry, ProposalRun, Work
from routing import rollup

# A step begins no call after this; with the longest call it stays under a minute. Short, because a desk
# may have one worker process, and mails and the roll-up wait behind it.
STEP_MS = 4_000

NO_LINE = "The model's answer held no usable phrasing. Try again, or write some yourself."
NO_ANSWER = "The model's answer was empty. Try again."


def propose(uuid: str) -> bool:
    """Go on with an order for phrasings for a step; return whether there is more to do."""
    holder, began = uuid4().hex, ticks()
    run = claims.claim(ProposalRun, uuid, holder, now())
    if run is None:
        return False
    watched_call.settle_lost(run.uuid)
    while ms_since(began) < STEP_MS:
        entry = proposals.next_entry(run)
        if entry is None:
            _end_run(run, holder)
            return False
        if not _ask_about(run, holder, entry):
            _books(run, holder)
            return False
    return claims.release(run, holder, now())


def _ask_about(run: ProposalRun, holder: str, entry: Entry) -> bool:
    """Ask for one entry's phrasings and store them; False when the run is over or not ours any more."""
    try:
        written = drafting.ask("light", proposals.call_for(entry), run.uuid, lambda: _say(run, holder))
    except drafting.NoModel as error:
        claims.end(run, holder, Work.State.FAILED, now(), str(error))
        return False
    if written is None:
        return False
    if written.problem:
        claims.end(run, holder, Work.State.FAILED, now(), written.problem, cost_pico=drafting.spent(run.uuid))
        return False
    lines = paraphrases.read_lines(written.text, proposals.known_texts(entry), entry.language)
    return proposals.store(run, holder, entry, lines, written.model, drafting.spent(run.uuid))


def _end_run(run: ProposalRun, holder: str) -> None:
    run.refresh_from_db(fields=["proposed", "skipped"])
    single = run.scope == ProposalRun.Scope.ENTRY
    if single and not run.proposed and run.skipped:
        claims.end(run, holder, Work.State.FAILED, now(), NO_LINE)
    else:
        claims.end(run, holder, Work.State.DONE, now(), done=run.wanted)


def edit(uuid: str) -> None:
    """Have one answer written or rewritten."""
    holder = uuid4().hex
    order = claims.claim(AnswerEdit, uuid, holder, now())
    if order is None:
        return
    watched_call.settle_lost(order.uuid)
    try:
        written = drafting.ask(
            edits.role_of(order.kind),
            edits.call_of(order),
            order.uuid,
            lambda: _say(order, holder),
        )
    except drafting.NoModel as error:
        claims.end(order, holder, Work.State.FAILED, now(), str(error))
        return
    if written is None:
        _books(order, holder)
        return
    text = rewriting.read_answer(written.text)
    problem = written.problem or ("" if text else NO_ANSWER)
    state = Work.State.FAILED if problem else Work.State.DONE
    cost = drafting.spent(order.uuid)
    if not claims.end(
        order, holder, state, now(), problem, output_text=text, model=written.model[:120], cost_pico=cost
    ):
        _books(order, holder)


def _say(order: Work, holder: str) -> bool:
    """Say that the order is worked on; keep the figures meanwhile, as this may be the only worker."""
    rollup.roll_up(now())
    return claims.say(order, holder, now())


def _books(order: Work, holder: str) -> None:
    """Store what an order has cost that staff have stopped meanwhile."""
    claims.close(order, holder, drafting.spent(order.uuid))


def drive() -> list[UUID]:
    """Hand over again what no worker is at, and close the books of what was stopped with its worker dead.

    Returns the orders that were handed over.
    """
    at, found = now(), list[UUID]()
    for kind, task in ((ProposalRun, PROPOSE_TASK), (AnswerEdit, EDIT_TASK)):
        for order in claims.waiting(kind, at):
            hand_over(task, str(order.uuid))
            found.append(order.uuid)
        for order in claims.abandoned(kind, at):
            watched_call.settle_lost(order.uuid)
            claims.close(order, order.holder, drafting.spent(order.uuid))
    return found
