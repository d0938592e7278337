"""A visitor inside a frame of another site: no cookie, a token in `open`, over both kinds of lines."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any, Self

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.flows.client import Chat
from tests.flows.conftest import new_cookie
from tests.flows.events import PATH, EventChat
from tests.servers import DeskServer

RESET = "How do I reset my password?"
MAKE = """
from assistant.models import Site
for key, more in {"shop": {"greeting": "Hi!"}, "blog": {}, "off": {"is_active": False}}.items():
    defaults = {"name": key, "origins": f"https://{key}.example", **more}
    Site.objects.update_or_create(key=key, defaults=defaults)
"""
SITE_OF = "from assistant.models import Conversation; print(Conversation.objects.get(pk='{}').visitor.site)"
UNMAKE = "from assistant.models import Site; Site.objects.filter(key__in=('shop', 'blog', 'off')).delete()"


@pytest.fixture(scope="module")
def shop(desk: DeskServer) -> Iterator[DeskServer]:
    """Give the desk three sites: two that are on, and one that is off."""
    desk.manage("shell", "-c", MAKE)
    yield desk
    desk.manage("shell", "-c", UNMAKE)


class Framed(Chat):
    """The chat in the frame of a site: no cookie goes along, whatever the browser holds for the desk."""

    def __init__(
        self,
        base: str,
        site: str,
        token: str | None = None,
        conversation_id: str | None = None,
        cookie: str = "",
        **more: str,
    ) -> None:
        """Open as the frame does; `more` are further fields of `open`, such as `around`."""
        super().__init__(base, cookie, conversation_id)
        self.site, self.token, self.more = site, token, more

    async def dialled(self) -> Self:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        url = f"{self.base.replace('http', 'ws', 1)}/ws/chat/?embed={self.site}"
        self._socket = await connect(url, origin=self.origin, additional_headers=headers)  # type: ignore[arg-type]
        await self.put(type="open", conversation_id=self.conversation_id, token=self.token, **self.more)
        return self

    async def __aenter__(self) -> Self:
        await self.dialled()
        await self.greeted()
        self.token = self.opened["token"]
        return self

    async def ended(self) -> tuple[str, str, int | None]:
        """Return code and words of the error with which the desk ends this line, and the close code."""
        error = await self.until(lambda frame: frame["type"] == "error")
        await self.socket.wait_closed()
        return error["code"], error["message"], self.socket.close_code

    async def refused(self) -> dict[str, Any]:
        """Dial and return the error that comes in place of `opened`."""
        with contextlib.suppress(ConnectionClosed):  # some are sent away before they have said anything
            await self.dialled()
        frame = await self.get()
        await self.socket.close()
        return frame


class FramedEvents(EventChat):
    """The same where sockets are blocked."""

    def __init__(
        self, base: str, site: str, token: str | None = None, conversation_id: str | None = None
    ) -> None:
        super().__init__(base, "", conversation_id)
        self.path, self.token = f"{PATH}?embed={site}", token

    async def follow(self) -> None:
        raise NotImplementedError  # the frames are sent by hand here

    async def stream(self, client: httpx.AsyncClient) -> list[dict[str, Any]]:
        """Return the first frames of a stream that is left again."""
        opening = {"type": "open", "conversation_id": self.conversation_id, "token": self.token}
        found: list[dict[str, Any]] = []
        headers = {"X-Desk-Open": json.dumps(opening)}
        async with client.stream("GET", self.base + self.path, headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:]))
                    return found
        return found

    async def to_its_end(self, client: httpx.AsyncClient, opened: asyncio.Event) -> list[str]:
        """Return the lines of a stream that the desk ends."""
        opening = {"type": "open", "conversation_id": self.conversation_id, "token": self.token}
        lines: list[str] = []
        headers = {"X-Desk-Open": json.dumps(opening)}
        async with client.stream("GET", self.base + self.path, headers=headers) as answer:
            async for line in answer.aiter_lines():
                lines.append(line)
                if '"opened"' in line:
                    opened.set()
        return lines

    async def hand_in(self, client: httpx.AsyncClient, *frames: dict[str, Any]) -> httpx.Response:
        body = {"conversation_id": self.conversation_id, "frames": frames, "token": self.token}
        return await client.post(self.base + self.path, json=body, headers={"Origin": self.base})


async def test_a_visitor_comes_back_by_token_and_the_row_names_the_site(shop: DeskServer) -> None:
    async with Framed(shop.url, "shop") as first:
        assert first.opened["assistant"]["greeting"] == "Hi!"
        assert "plans" not in first.opened
        answer = await first.finished(await first.send(RESET))
    assert first.token
    async with Framed(shop.url, "shop", first.token, first.conversation_id) as again:
        assert [shown.text for shown in again.shown.values()] == [answer.text]
    said = shop.manage("shell", "-c", SITE_OF.format(first.conversation_id))
    assert said.strip().splitlines()[-1] == "shop"


async def test_a_token_is_good_on_its_site_only_and_a_cookie_on_none(shop: DeskServer) -> None:
    async with Framed(shop.url, "shop") as mine:
        await mine.finished(await mine.send(RESET))
    assert (await Framed(shop.url, "blog", mine.token).refused())["code"] == "sign_in"
    assert (await Framed(shop.url, "shop", f"{mine.token}x").refused())["code"] == "sign_in"
    # Somebody else of the same site, with the conversation's id and no token, or another's.
    stranger = await Framed(shop.url, "shop", None, mine.conversation_id).refused()
    assert stranger["code"] == "not_found"
    # A cookie of the desk's own page counts for nothing here, and the token counts for nothing there.
    cookie = new_cookie()
    async with Chat(shop.url, cookie) as own:
        await own.finished(await own.send(RESET))
    found = await Framed(shop.url, "shop", None, own.conversation_id, cookie=cookie).refused()
    assert found["code"] == "not_found"
    async with connect(f"{shop.ws_urls[0]}", origin=shop.url) as bare:  # type: ignore[arg-type]
        assert json.loads(await bare.recv())["code"] == "sign_in"


async def test_a_site_that_is_off_or_unknown_opens_nothing_and_only_the_desks_page_may_ask(
    shop: DeskServer,
) -> None:
    for site in ("off", "nobody"):
        refused = await Framed(shop.url, site).refused()
        assert (refused["code"], refused["message"]) == ("refused", "The chat is switched off on this site.")
    for site, origin in (("no such key!", shop.url), ("shop", "https://shop.example")):
        # The site's own pages frame the chat; a socket is opened by the desk's page inside.
        chat = Framed(shop.url, site.replace(" ", "%20"))
        chat.origin = origin
        assert (await chat.refused())["code"] == "refused"


async def test_the_line_of_requests_takes_the_token_as_well(shop: DeskServer) -> None:
    chat = FramedEvents(shop.url, "shop")
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await chat.hand_in(client, {"type": "ping"})).json() == [{"type": "pong"}]
        (opened,) = await chat.stream(client)
        chat.conversation_id, chat.token = opened["conversation_id"], opened["token"]
        sent = {"type": "send", "client_message_id": "1", "text": RESET}
        answers = (await chat.hand_in(client, sent)).json()
        assert {"ack", "done"} <= {frame["type"] for frame in answers}
        (again,) = await chat.stream(client)
        assert [turn["text"] for turn in again["turns"]] == [RESET]
        # Without the token it is somebody else; with one of another site, nobody.
        chat.token = None
        assert (await chat.hand_in(client, sent)).json()[0]["code"] == "not_found"
        chat.token = opened["token"]
        chat.path = f"{PATH}?embed=blog"
        refused = await chat.hand_in(client, sent)
        assert (refused.status_code, refused.json()[0]["code"]) == (401, "sign_in")
        (foreign,) = await chat.stream(client)
        assert foreign["code"] == "sign_in"


SET = "from assistant.models import Site; Site.objects.filter(key='{}').update({})"
REFUSE = """
from assistant.models import SiteSecret
from assistant.embed.site_keys import retire
from common.clock import now
retire(SiteSecret.objects.get(site__key="shop"), now(), at_once=True)
"""


async def change(desk: DeskServer, code: str) -> None:
    """Change a row as staff do, while the lines go on."""
    await asyncio.to_thread(desk.manage, "shell", "-c", code)


async def test_a_site_that_is_switched_off_ends_the_lines_of_its_visitors_and_of_no_others(
    shop: DeskServer,
) -> None:
    opened = asyncio.Event()
    async with httpx.AsyncClient(timeout=60) as client:
        reading = FramedEvents(shop.url, "shop")
        stream = asyncio.create_task(reading.to_its_end(client, opened))
        await asyncio.wait_for(opened.wait(), 30)
        async with Framed(shop.url, "shop") as mine, Framed(shop.url, "blog") as other:
            await change(shop, SET.format("shop", "is_active=False"))
            off = "The chat is switched off on this site."
            assert await mine.ended() == ("refused", off, 4403)
            assert (await Framed(shop.url, "shop", mine.token).refused())["code"] == "refused"
            # Where sockets are blocked the stream ends by the same word, and nothing more is taken.
            *_, error, _, event, code, _ = await asyncio.wait_for(stream, 30)
            assert json.loads(error.removeprefix("data: "))["message"] == off
            assert (event, code) == ("event: close", 'data: {"code":4403}')
            sent = await reading.hand_in(client, {"type": "ping"})
            assert (sent.status_code, sent.json()[0]["code"]) == (403, "refused")
            assert (await other.finished(await other.send(RESET))).done is not None
            await change(shop, SET.format("shop", "is_active=True"))
            assert (await reading.hand_in(client, {"type": "ping"})).json() == [{"type": "pong"}]


async def test_an_address_that_is_taken_off_the_list_ends_the_lines_of_its_pages(shop: DeskServer) -> None:
    two = "origins='https://shop.example\\nhttps://old.example'"
    await change(shop, SET.format("shop", two))
    async with (
        Framed(shop.url, "shop", around="https://old.example") as old,
        Framed(shop.url, "shop", around="https://shop.example") as new,
        Framed(shop.url, "shop") as alone,  # in a tab of its own, where no page is around it
    ):
        await change(shop, SET.format("shop", "origins='https://shop.example'"))
        gone = ("refused", "This chat is not available on this site any more.", 4403)
        assert await old.ended() == gone
        again = await Framed(shop.url, "shop", old.token, around="https://old.example").refused()
        assert (again["code"], again["message"]) == gone[:2]
        for other in (new, alone):
            assert (await other.finished(await other.send(RESET))).done is not None
        assert all(frame["type"] != "error" for frame in [*new.frames, *alone.frames])


async def test_a_secret_that_is_refused_ends_the_lines_of_those_whom_it_vouched_for(shop: DeskServer) -> None:
    said = await asyncio.to_thread(shop.manage, "identity_token", "--site", "shop", "--sub", "ada")
    proof = said.strip().splitlines()[-1]
    async with Framed(shop.url, "shop", identity=proof) as person, Framed(shop.url, "shop") as nobody:
        # The frame comes back as the person by what it was given, until the secret is refused.
        async with Framed(shop.url, "shop", person.token) as back:
            assert back.opened["verified"] is True
        await change(shop, REFUSE)
        assert await person.ended() == (
            "sign_in",
            "You have been signed out here; load the page again.",
            4401,
        )
        assert (await Framed(shop.url, "shop", person.token).refused())["code"] == "sign_in"
        async with httpx.AsyncClient(timeout=60) as client:
            address = f"{shop.url}/embed/shop/my-data/download"
            for token, status in ((person.token, 401), (nobody.token, 200)):
                answer = await client.post(address, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == status
        assert (await nobody.finished(await nobody.send(RESET))).done is not None
