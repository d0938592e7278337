"""The story of a site whose people are signed in, at the socket of an embedded chat."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.flows.client import Chat
from tests.flows.conftest import NewChat
from tests.servers import DeskServer

SITE = "larkfield"  # the example's own
HELLO, OTHER = "hello", "thanks"  # small talk: answered at once


class Framed(Chat):
    """A chat in a frame: no cookie, a token of the desk's in `open`."""

    def __init__(self, base: str, token: str | None = None, **more: Any) -> None:
        super().__init__(base, "", **more)
        self.token = token
        self.identity: str | None = None

    async def __aenter__(self) -> "Framed":
        address = self.base.replace("http", "ws", 1) + f"/ws/chat/?embed={SITE}"
        self._socket = await connect(address, origin=self.origin, max_size=None)  # type: ignore[arg-type]
        await self.open()
        return self

    async def open(self) -> None:
        more = {name: value for name, value in (("token", self.token), ("identity", self.identity)) if value}
        self.identity = None
        await self.put(type="open", conversation_id=self.conversation_id, **more)
        await self.greeted()
        self.token = self.opened["token"]

    async def identify(self, token: str | None) -> dict[str, Any]:
        """Hand a site's token over, and open what the answer names; return that answer."""
        await self.put(type="identify", token=token)
        answer = await self.until(lambda frame: frame["type"] == "identified")
        self.token, self.conversation_id = answer["token"], answer["conversation_id"]
        await self.open()
        return answer


Token = Callable[..., str]


@pytest.fixture
def token(desk: DeskServer) -> Token:
    """Return a maker of tokens, as the site's server would sign them."""

    def make(sub: str, *more: str) -> str:
        return desk.manage("identity_token", "--site", SITE, "--sub", sub, *more).strip().splitlines()[-1]

    return make


async def test_a_person_is_the_same_on_every_device_and_gone_after_signing_out(
    desk: DeskServer, token: Token
) -> None:
    used = token(
        "ada", "--name", "Ada", "--email", "ada@example.com", "--plan", "free", "--claim", "seats=80"
    )
    async with Framed(desk.url) as phone:
        said = await phone.ask(HELLO)
        anonymous, conversation = phone.token, phone.conversation_id
        answer = await phone.identify(used)
        assert (answer["verified"], answer["name"], answer["email"]) == (True, "Ada", "ada@example.com")
        assert phone.conversation_id == conversation  # it went along
        assert phone.shown[said.reply_id].text == said.text
        assert phone.opened["plan"] == "free"
        assert phone.opened["person"]["email"] == "ada@example.com"
        await phone.ask(OTHER)

        # Once used, a token proves nothing, and says so; the one who talks stays, since it names the same.
        error = await phone.error(type="identify", token=used)
        assert (error["code"], error["reason"]) == ("identity_refused", "used")
        assert used not in str(phone.frames)

    # Another device names the person while it opens, and sees the same conversation.
    laptop = Framed(desk.url)
    laptop.identity = token("ada")
    async with laptop:
        assert [turn["text"] for turn in laptop.opened["turns"]] == [HELLO, OTHER]
        assert laptop.opened["person"]["email"] == ""  # this token says less

    # The frame comes back as the person by what it was given; as the browser it was before it is nobody.
    async with Framed(desk.url, phone.token, conversation_id=conversation) as back:
        assert len(back.opened["turns"]) == 2
        out = await back.identify(None)
        assert (out["verified"], out["conversation_id"]) == (False, None)
        assert back.opened["turns"] == []
        stranger = await back.error(type="open", conversation_id=conversation)
        assert stranger["code"] == "not_found"
    async with Framed(desk.url, anonymous) as old:
        stranger = await old.error(type="open", conversation_id=conversation)
        assert stranger["code"] == "not_found"


async def test_a_token_that_proves_nobody_leaves_an_anonymous_chat_and_signs_another_person_out(
    desk: DeskServer, token: Token
) -> None:
    framed = Framed(desk.url)
    framed.identity = "garbage"
    async with framed:
        refusal = next(frame for frame in framed.frames if frame["type"] == "error")
        assert (refusal["code"], refusal["reason"]) == ("identity_refused", "malformed")
        await framed.ask(HELLO)  # the chat goes on without it

        long = await framed.error(type="identify", token=token("ada", "--lifetime", "301"))
        assert long["reason"] == "lifetime"
        first = framed.conversation_id
        await framed.identify(token("ada"))
        assert framed.conversation_id == first

        # The site has signed bob in, and its token fails: nobody may go on as ada.
        await framed.put(type="identify", token=token("bob", "--lifetime", "301"))
        out = await framed.until(lambda frame: frame["type"] == "identified")
        assert (out["verified"], out["conversation_id"]) == (False, None)
        closed = await framed.error(type="send", client_message_id="m1", text="hello")
        assert closed["code"] == "not_open"


async def test_a_socket_that_still_shows_the_conversation_as_nobody_is_sent_away(
    desk: DeskServer, token: Token
) -> None:
    async with Framed(desk.url) as first:
        await first.ask(HELLO)
        async with Framed(desk.url, first.token, conversation_id=first.conversation_id) as second:
            await first.identify(token("eve"))
            await second.socket.wait_closed()
            assert second.socket.close_code == 4503  # comes back at once
        assert (await first.ask(OTHER)).done is not None  # and nobody else was


async def test_the_desks_own_page_takes_a_token_too_for_as_long_as_its_line_stands(
    new_chat: NewChat, token: Token
) -> None:
    async with new_chat() as chat:
        await chat.ask(HELLO)
        mine = chat.conversation_id
        await chat.put(type="identify", token=token("zoe"))
        answer = await chat.until(lambda frame: frame["type"] == "identified")
        assert answer["conversation_id"] == mine
        wrong = await chat.error(type="identify", token=7)
        assert wrong["code"] == "bad_frame"
