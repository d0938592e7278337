"""The socket speaks the language of the page, and says in which one an answer is."""

from websockets.asyncio.client import connect

from tests.flows.client import Chat
from tests.flows.conftest import NewChat, new_cookie
from tests.flows.test_did_you_mean import shell
from tests.servers import DeskServer

KNOWN = "How do I reset my password?"
ROW = """
from assistant.models import Visitor, Conversation
print("LANGUAGE=" + Visitor.objects.get(conversations__pk={conversation!r}).language)
"""


def stored(desk: DeskServer, chat: Chat) -> str:
    """Return the language in which the visitor of a chat is known."""
    return shell(desk, ROW.format(conversation=chat.conversation_id)).split("LANGUAGE=")[1].strip()


async def test_a_page_is_answered_in_its_language(new_chat: NewChat, desk: DeskServer) -> None:
    async with new_chat() as chat:
        assert chat.opened["suggestions_lang"] == "en"
        assert chat.opened["assistant"]["greeting"].startswith("Hello!")
        await chat.put(type="open", conversation_id=chat.conversation_id, language="ja")
        await chat.greeted()
        assert chat.opened["assistant"]["greeting"].startswith("こんにちは")
        assert chat.opened["person"]["answer_by_text"].endswith("お返事します。")
        assert chat.opened["suggestions_lang"] == "en", "the FAQ has nothing in Japanese"

        empty = await chat.error(type="send", client_message_id="m1", text=" ")
        assert (empty["code"], empty["message"]) == ("empty", "メッセージに文章がありません。")
        long = await chat.error(type="send", client_message_id="m2", text="x" * 8003)
        assert long["message"] == "長すぎます。上限の8,000文字を3文字超えています。"

        approved = (await chat.ask(KNOWN)).done or {}
        assert (approved["lang"], approved["sources"][0]["language"]) == ("en", "en")
        assert approved["notice"] == "", "it was asked in English"
        greeted = (await chat.ask("ありがとう")).done or {}
        assert (greeted["route"], greeted["lang"]) == ("small_talk", "ja")
        written = await chat.ask("Which of my calendars would you connect with the API, and why is that?")
        assert (written.done or {})["lang"] == "en"
        again = await chat.error(type="retry", reply_id=written.reply_id)
        assert again["message"].startswith("再試行できるのは、")
        assert stored(desk, chat) == "ja"

        # Another page of the same visitor, in another language; one that we do not speak changes nothing.
        await chat.put(type="open", conversation_id=chat.conversation_id, language="pt-BR")
        await chat.greeted()
        assert [turn["replies"][0]["lang"] for turn in chat.opened["turns"]] == ["en", "ja", "en"]
        assert stored(desk, chat) == "pt"
        await chat.put(type="open", conversation_id=chat.conversation_id, language="tlh")
        await chat.greeted()
        assert (await chat.error(type="send", client_message_id="m3", text=""))["message"] == (
            "A mensagem não tem texto."
        )


async def test_who_is_turned_away_reads_why_in_the_browsers_language(desk: DeskServer) -> None:
    address = desk.url.replace("http", "ws", 1) + "/ws/chat/"
    headers = {"Cookie": new_cookie(), "Accept-Language": "de-AT,en;q=0.3"}
    origin = "https://elsewhere.example"
    async with connect(address, origin=origin, additional_headers=headers) as socket:  # type: ignore[arg-type]
        told = str(await socket.recv())
    assert f"Diese Seite ({origin}) darf den Chat nicht benutzen." in told
