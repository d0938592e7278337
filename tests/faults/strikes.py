"""Does to a running desk what a plan says; every fault ends by itself."""

import asyncio
import contextlib
import signal
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.page import Page
from tests.faults.plan import HORIZON_S, Strike, provider_fault
from tests.faults.rig import Program, Rig

IN_TURN_S = 45.0  # bounds a failure: somebody always comes to every point, on a busy machine later
BREATH_S = 1.0  # between two strikes in turn
UP_PATIENCE_S = 15.0  # a process that is being started is waited for, so that a strike strikes


class Moments:
    """Waits for the moments that pages report, by name."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[Page]]] = defaultdict(list)

    def __call__(self, event: str, page: Page) -> None:
        """Hear of an event; whoever has waited longest for it goes on."""
        waiting = self._waiting.get(event)
        while waiting:
            future = waiting.pop(0)
            if not future.done():
                future.set_result(page)
                return

    async def wait(self, event: str, seconds: float) -> Page | None:
        """Return the page at which an event happens next, None when it does not."""
        future: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        self._waiting[event].append(future)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None


@dataclass
class Striker:
    """Strikes a rig; `struck` hit something, `missed` did not, `at_point` came at their point."""

    rig: Rig
    moments: Moments = field(default_factory=Moments)
    struck: list[Strike] = field(default_factory=list)
    missed: list[Strike] = field(default_factory=list)
    at_point: set[Strike] = field(default_factory=set)

    async def run(self, strikes: tuple[Strike, ...]) -> None:
        """Do all strikes, each at its time, and wait until the last one is over."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for strike in strikes:
                await asyncio.sleep(max(0.0, begun + strike.at - loop.time()))
                group.create_task(self.strike(strike))

    async def run_in_turn(self, strikes: tuple[Strike, ...]) -> None:
        """Do all strikes, each when its point has come and the one before it has struck."""
        async with asyncio.TaskGroup() as group:
            for strike in strikes:
                target = await self._point(strike, IN_TURN_S)
                group.create_task(self._do(strike, target))
                await asyncio.sleep(BREATH_S)

    async def strike(self, strike: Strike) -> None:
        """Do one fault at its point and see it through to its end."""
        await self._do(strike, await self._point(strike, HORIZON_S))

    async def _point(self, strike: Strike, seconds: float) -> int:
        """Wait for the moment that a strike wants; return the process to strike."""
        page = await self.moments.wait(strike.point, seconds) if strike.point else None
        if page is None:
            return strike.target
        self.at_point.add(strike)
        return page.web

    async def _do(self, strike: Strike, target: int) -> None:
        hit = await DEEDS[strike.fault](self.rig, target, strike)
        (self.struck if hit else self.missed).append(strike)


async def _up(program: Program) -> bool:
    """Wait for a process that is being started; False when it does not come up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(UP_PATIENCE_S):
            await program.up.wait()
    return program.alive


async def kill_web(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.webs[target].kill() or (await _up(rig.webs[target]) and rig.webs[target].kill())


async def term_web(rig: Rig, target: int, strike: Strike) -> bool:
    web = rig.webs[target]
    return web.send(signal.SIGTERM) or (await _up(web) and web.send(signal.SIGTERM))


async def kill_draining(rig: Rig, target: int, strike: Strike) -> bool:
    hit = await term_web(rig, target, strike)
    await asyncio.sleep(strike.span)
    rig.webs[target].kill()
    return hit


async def _paused(program: Program, seconds: float) -> bool:
    hit = program.send(signal.SIGSTOP) or (await _up(program) and program.send(signal.SIGSTOP))
    pid = program.pid
    await asyncio.sleep(seconds)
    if program.pid == pid:
        program.send(signal.SIGCONT)
    return hit


async def pause_web(rig: Rig, target: int, strike: Strike) -> bool:
    return await _paused(rig.webs[target], strike.span)


async def kill_worker(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.worker.kill() or (await _up(rig.worker) and rig.worker.kill())


async def kill_redis(rig: Rig, target: int, strike: Strike) -> bool:
    """Kill Redis; while it is to stay away, what starts again is killed as well."""
    hit = await _up(rig.redis) and rig.redis.kill()
    until = asyncio.get_running_loop().time() + strike.span
    while asyncio.get_running_loop().time() < until:
        rig.redis.kill()
        await asyncio.sleep(0.05)
    await _up(rig.redis)
    return hit


async def flush_redis(rig: Rig, target: int, strike: Strike) -> bool:
    await _up(rig.redis)
    return await asyncio.to_thread(rig.redis_does, "FLUSHALL")


async def full_redis(rig: Rig, target: int, strike: Strike) -> bool:
    """Leave Redis no room: it answers every write with an error."""
    await _up(rig.redis)
    hit = await asyncio.to_thread(rig.redis_does, "CONFIG", "SET", "maxmemory", "1")
    await asyncio.sleep(strike.span)
    await asyncio.to_thread(rig.redis_does, "CONFIG", "SET", "maxmemory", "0")
    return hit


async def pause_redis(rig: Rig, target: int, strike: Strike) -> bool:
    return await _paused(rig.redis, strike.span)


async def restart_postgres(rig: Rig, target: int, strike: Strike) -> bool:
    if rig.cluster is None:
        return False
    async with rig.restarting:
        await asyncio.to_thread(rig.cluster.restart_at_once)
    return True


async def hold_database(rig: Rig, target: int, strike: Strike) -> bool:
    """Let the database not answer for a while, its connections open."""
    if rig.database is None:
        return False
    rig.database.hold()
    await asyncio.sleep(strike.span)
    rig.database.flow()
    return True


async def cut_database(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.database is not None and rig.database.reset_all() > 0


async def lock_database(rig: Rig, target: int, strike: Strike) -> bool:
    try:
        await asyncio.to_thread(rig.lock_sqlite, strike.span)
    except sqlite3.OperationalError:
        return False
    return True


async def reset(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.proxies[target].reset_all() > 0


async def close(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.proxies[target].close_all() > 0


async def half_open(rig: Rig, target: int, strike: Strike) -> bool:
    proxy = rig.proxies[target]
    proxy.hold()
    hit = bool(proxy.lines)
    await asyncio.sleep(strike.span)
    proxy.flow()
    return hit


async def refuse(rig: Rig, target: int, strike: Strike) -> bool:
    rig.proxies[target].refuse()
    rig.proxies[target].reset_all()
    await asyncio.sleep(strike.span)
    await rig.proxies[target].listen()
    return True


async def slow(rig: Rig, target: int, strike: Strike) -> bool:
    proxy = rig.proxies[target]
    proxy.bytes_a_second = float(strike.amount)
    await asyncio.sleep(strike.span)
    proxy.bytes_a_second = 0.0
    return bool(proxy.lines)


async def delay(rig: Rig, target: int, strike: Strike) -> bool:
    proxy = rig.proxies[target]
    proxy.delay_s = strike.amount / 1000
    await asyncio.sleep(strike.span)
    proxy.delay_s = 0.0
    return bool(proxy.lines)


async def cut_down(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.proxies[target].cut_after(strike.amount, "down") > 0


async def cut_up(rig: Rig, target: int, strike: Strike) -> bool:
    return rig.proxies[target].cut_after(strike.amount, "up") > 0


async def provider(rig: Rig, target: int, strike: Strike) -> bool:
    fault = provider_fault(strike.amount)
    await asyncio.to_thread(rig.control.fault, fault, after_tokens=strike.amount % 40)
    return True


DEEDS: Mapping[str, Callable[[Rig, int, Strike], Awaitable[bool]]] = {
    deed.__name__: deed
    for deed in (
        kill_web, term_web, kill_draining, pause_web, kill_worker, kill_redis, flush_redis, full_redis,
        pause_redis, restart_postgres, hold_database, cut_database, lock_database, reset, close, half_open,
        refuse, slow, delay, cut_down, cut_up, provider,
    )
}  # fmt: skip
