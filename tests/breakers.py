"""Breakers and retry budgets between two tests: here, and in a desk that runs beside."""

import time

from common.redis import sync_client
from routing import breaker, hedging
from routing.breaker_log import history, tell
from routing.breakers import Opened, Reset
from routing.retry_budget import HEDGES, RETRIES


def forget_calls() -> None:
    """Forget how the calls of this process went."""
    breaker.clear()
    RETRIES.clear()
    HEDGES.clear()
    hedging.forget()


def close_breakers(redis_url: str) -> None:
    """Close the breakers of a running desk, and wait for it only when there is one to close."""
    client = sync_client(redis_url)
    try:
        events = [event for _, event in history(client)]
        if not events or isinstance(events[-1], Reset):
            return
        tell(client, Reset(by="tests"))
        last = max((at for at, event in enumerate(events) if isinstance(event, Reset)), default=-1)
        if any(isinstance(event, Opened) for event in events[last + 1 :]):
            time.sleep(2 * breaker.IN_STEP_S)
    finally:
        client.close()
