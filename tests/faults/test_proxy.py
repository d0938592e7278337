"""The fault proxy does what it is ordered to, to the byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.faults.polling import until
from tests.faults.proxy import FaultProxy, Way

HELLO = b"0123456789" * 20


class Echo:
    """A server that sends back what it gets and remembers it."""

    def __init__(self) -> None:
        self.got = b""
        self.ends: list[str] = []
        self.port = 0

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                self.got += data
                writer.write(data)
            self.ends.append("fin")
        except ConnectionResetError:
            self.ends.append("rst")
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    made = Echo()
    server = await made.serve()
    yield made
    server.close()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(echo.port) as made:
        yield made


async def dial(proxy: FaultProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def settled(echo: Echo, ends: int) -> list[str]:
    assert await until(lambda: len(echo.ends) >= ends, 10, 0.005)
    return echo.ends


async def test_a_healthy_line_forwards_everything_and_its_end(echo: Echo, proxy: FaultProxy) -> None:
    reader, writer = await dial(proxy)
    writer.write(HELLO)
    assert await reader.readexactly(len(HELLO)) == HELLO
    writer.write_eof()
    assert await reader.read() == b""
    assert await settled(echo, 1) == ["fin"]


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_line_is_cut_behind_exactly_so_many_bytes(
    echo: Echo, proxy: FaultProxy, way: Way, reset: bool
) -> None:
    proxy.cut_next(37, way, reset)
    reader, writer = await dial(proxy)
    writer.write(HELLO)
    back = b""
    try:
        while data := await reader.read(10):
            back += data
        assert not reset
    except ConnectionResetError:
        assert reset
    await settled(echo, 1)
    assert (echo.got if way == "up" else back) in (HELLO[:37], b"" if reset else HELLO[:37])
    other_reader, other = await dial(proxy)
    other.write(HELLO)
    assert await other_reader.readexactly(len(HELLO)) == HELLO, "only the next line was to be cut"
    other.close()


async def test_rst_reaches_both_ends_and_fin_is_an_orderly_end(echo: Echo, proxy: FaultProxy) -> None:
    for end, told in ((proxy.reset_all, "rst"), (proxy.close_all, "fin")):
        reader, writer = await dial(proxy)
        writer.write(HELLO)
        await reader.readexactly(len(HELLO))
        assert end() == 1
        if told == "rst":
            with pytest.raises(ConnectionResetError):
                await reader.read()
        else:
            assert await reader.read() == b""
        writer.close()
    assert await settled(echo, 2) == ["rst", "fin"]


async def test_a_half_open_line_says_nothing_until_it_flows_again(echo: Echo, proxy: FaultProxy) -> None:
    reader, writer = await dial(proxy)
    writer.write(b"a")
    await reader.readexactly(1)
    proxy.hold()
    writer.write(b"b")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.readexactly(1)
    assert echo.got == b"a"
    proxy.flow()
    assert await reader.readexactly(1) == b"b"
    writer.close()


async def test_refused_while_it_does_not_listen_and_back_on_the_same_port(
    echo: Echo, proxy: FaultProxy
) -> None:
    reader, writer = await dial(proxy)
    port = proxy.port
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await dial(proxy)
    writer.write(b"still")
    assert await reader.readexactly(5) == b"still", "lines that stand are left alone"
    await proxy.listen()
    assert proxy.port == port
    (await dial(proxy))[1].close()
    writer.close()


async def test_a_slow_line_takes_its_time_in_slices(echo: Echo, proxy: FaultProxy) -> None:
    loop = asyncio.get_running_loop()
    proxy.bytes_a_second = 2000
    reader, writer = await dial(proxy)
    begun = loop.time()
    writer.write(HELLO)
    await reader.readexactly(len(HELLO))
    assert loop.time() - begun >= 0.5 * len(HELLO) / proxy.bytes_a_second
    proxy.heal()
    proxy.delay_s = 0.05
    begun = loop.time()
    writer.write(b"x")
    await reader.readexactly(1)
    assert loop.time() - begun >= proxy.delay_s, "a delay is never shorter than it was ordered"
    writer.close()


async def test_a_target_that_is_away_looks_like_a_dead_host() -> None:
    async with FaultProxy(1) as proxy:
        reader, writer = await dial(proxy)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(1) == b"", "accepted by the proxy, and ended at once"
        assert proxy.lines == set()
        writer.close()
