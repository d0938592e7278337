"""One question put to models outside of any visitor's reply: a probe, a test case, a shadow answer.

It goes the way of a visitor's question, through the same ladder, deadlines and wires; its calls are booked
under the job's purpose.
"""

from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from common.clock import ms_since, ticks
from routing.dispatch import Ended, Job, Ledger, Text, run
from routing.providers.transport import Transport


@dataclass(frozen=True)
class Answered:
    """How one question was answered; times in ms from the request, None where there was no text."""

    reply_id: UUID
    state: str
    answering_model: str
    detail: str
    text: str
    first_text_ms: int | None
    total_ms: int
    attempts: int
    fallbacks: int
    ended_by: str = ""


async def ask(job: Job, ledger: Ledger, http: Transport) -> Answered:
    """Have `job` answered, settled and priced, and return how it went."""
    began, first_text_ms, written = ticks(), None, list[str]()
    async with aclosing(run(job, ledger, http)) as events:
        async for event in events:
            if isinstance(event, Text):
                if first_text_ms is None:
                    first_text_ms = ms_since(began)
                written.append(event.text)
            elif isinstance(event, Ended):
                total_ms = ms_since(began)
                if event.last is not None:
                    await ledger.settle(*event.last)
                return Answered(
                    job.reply_id,
                    event.state,
                    event.answering_model,
                    event.detail,
                    "".join(written),
                    first_text_ms,
                    total_ms,
                    event.attempts,
                    event.fallbacks,
                    event.ended_by,
                )
    raise RuntimeError("dispatch ended without saying how")
