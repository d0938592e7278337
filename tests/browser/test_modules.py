"""The page's own logic, run in the browser it is for: the reply log, the back-off, the counting."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.environment import ROOT

pytestmark = pytest.mark.browser

OPENED = {"type": "opened", "conversation_id": "c", "turns": []}
SENT = {"id": "m1", "text": "Hello?", "at": "2026-11-23T10:00:00Z"}
ACK = {"type": "ack", "client_message_id": "m1", "turn_id": "t", "reply_id": "r", "epoch": 1}

RUN = """
async ({sent, frames}) => {
  const log = await import("/log.js");
  let chat = log.emptyChat();
  if (sent) chat = log.compose(chat, sent);
  const effects = [];
  for (const frame of frames) {
    const result = log.apply(chat, frame);
    chat = result.chat;
    effects.push(result.effects.map((effect) => effect.kind));
  }
  const reply = chat.replies.r;
  return {chat, effects, reply, open: reply ? log.openText(reply) : ""};
}
"""


def run(page: Page, *frames: dict[str, Any], sent: dict[str, Any] | None = SENT) -> Any:
    """Feed frames to an empty log and return what it holds and asked for."""
    return page.evaluate(RUN, {"sent": sent, "frames": list(frames)})


def delta(seq: int, text: str, first: int | None = None) -> dict[str, Any]:
    frame = {"type": "delta", "reply_id": "r", "seq": seq, "text": text}
    return frame if first is None else {**frame, "first": first}


def status(seq: int, stage: str = "waiting") -> dict[str, Any]:
    return {"type": "status", "reply_id": "r", "seq": seq, "stage": stage, "label": "Thinking"}


def block(seq: int, upto: int, html: str) -> dict[str, Any]:
    return {"type": "block", "reply_id": "r", "seq": seq, "upto": upto, "html": html}


def snapshot(epoch: int, seq: int, text: str, html: str = "", upto: int = 0) -> dict[str, Any]:
    names = {"type": "snapshot", "reply_id": "r", "epoch": epoch, "seq": seq}
    return {**names, "text": text, "html": html, "upto": upto}


def done(seq: int, epoch: int = 1, **more: Any) -> dict[str, Any]:
    names = {"type": "done", "reply_id": "r", "epoch": epoch, "seq": seq, "state": "completed"}
    return {**names, "html": "<p>all</p>", **more}


def test_every_module_can_be_read_as_a_release_has_it(modules: Page) -> None:
    for path in (ROOT / "assistant/static/assistant").glob("*.js"):
        load = "(name) => import(`/${name}`).then(() => '', (error) => `${error}`)"
        ended = modules.evaluate(load, path.name)
        # This page has nothing that these two could begin with; they were read and began.
        begins = path.name in ("main.js", "jar.js")
        begun = begins and ended.startswith("TypeError: Cannot read properties of null")
        assert ended == "" or begun, f"{path.name}: {ended}"


def test_an_answer_from_ack_to_done(modules: Page) -> None:
    frames = (
        OPENED,
        ACK,
        status(1),
        delta(2, "One.\n\nTw"),
        block(3, 6, "<p>One.</p>"),
        delta(4, "o."),
        done(5),
    )
    result = run(modules, *frames[:-1])
    assert result["reply"]["text"] == "One.\n\nTwo."
    assert result["open"] == "Two."
    assert result["reply"]["state"] == "streaming"
    assert result["chat"]["outbox"] == []
    result = run(modules, *frames)
    assert result["reply"]["state"] == "completed"
    assert result["reply"]["html"] == "<p>all</p>"


def test_what_was_seen_is_ignored_and_what_is_missing_is_asked_for_once(modules: Page) -> None:
    result = run(modules, OPENED, ACK, delta(1, "a"), delta(1, "a"), delta(2, "b"), delta(2, "b", first=1))
    assert result["reply"]["text"] == "ab"
    result = run(modules, OPENED, ACK, delta(1, "a"), delta(3, "c"), delta(4, "d"), done(5))
    assert result["effects"][3:] == [["resume"], [], []]
    assert result["reply"]["text"] == "a"
    assert result["reply"]["awaiting"]
    assert result["reply"]["state"] == "streaming", "a done behind a gap ends nothing"
    result = run(modules, OPENED, ACK, delta(1, "a"), delta(3, "c"), delta(4, "bcd", first=2), done(5))
    assert result["reply"]["text"] == "abcd"
    assert result["reply"]["state"] == "completed"


def test_merged_deltas_stand_for_all_their_records(modules: Page) -> None:
    assert run(modules, OPENED, ACK, delta(3, "abc", first=1), delta(4, "d"))["reply"]["text"] == "abcd"
    result = run(modules, OPENED, ACK, delta(2, "ab", first=1), delta(3, "bc", first=2))
    assert result["effects"][-1] == ["resume"], "an overlap cannot be cut apart"
    assert result["reply"]["text"] == "ab"


def test_a_snapshot_replaces_and_an_older_epoch_does_not(modules: Page) -> None:
    frames = (
        OPENED,
        ACK,
        delta(1, "gone"),
        snapshot(2, 7, "kept 🙂 text", "<p>kept 🙂</p>", 7),
        delta(8, "!"),
    )
    result = run(modules, *frames)
    assert result["reply"]["text"] == "kept 🙂 text!"
    assert result["open"] == "text!", "offsets count code points"
    result = run(modules, *frames, snapshot(1, 9, "old"))
    assert result["reply"]["text"] == "kept 🙂 text!"


def test_a_done_of_a_new_epoch_asks_for_its_text(modules: Page) -> None:
    frames = (OPENED, ACK, delta(1, "a"), done(9, epoch=2))
    result = run(modules, *frames)
    assert result["effects"][-1] == ["resume"]
    result = run(modules, *frames, snapshot(2, 8, "new text"), done(9, epoch=2))
    assert result["reply"]["text"] == "new text"
    assert result["reply"]["state"] == "completed"


def test_a_done_rebuilt_from_the_row_ends_the_reply_once(modules: Page) -> None:
    frames = (
        OPENED,
        ACK,
        delta(1, "a"),
        done(1, label="AI answer"),
        done(2, label="twice"),
        delta(2, "late"),
    )
    result = run(modules, *frames)
    assert result["reply"]["label"] == "AI answer"
    assert result["reply"]["text"] == "a"


@pytest.mark.parametrize("offers", [False, True])
def test_a_quiet_reply_is_taken_away_and_leaves_the_answer_above_alone(modules: Page, offers: bool) -> None:
    turn = {
        "type": "turn",
        "turn_id": "t",
        "client_message_id": "m1",
        "text": "Hello?",
        "cause": "escalation",
    }
    waiting = {"type": "status", "reply_id": "r2", "seq": 1, "stage": "waiting", "label": "Asking"}
    first = (OPENED, ACK, delta(1, "a"), done(2), {**turn, "reply_id": "r2", "epoch": 1}, waiting)
    end = {**done(2), "reply_id": "r2", "state": "failed", "notice": "It failed.", "retryable": True}
    shown = run(modules, *first, end)
    assert shown["chat"]["turns"][0]["replyIds"] == ["r", "r2"]
    assert shown["chat"]["replies"]["r2"]["notice"] == "It failed."
    person = {"offer_person": True, "person_reason": "button"} if offers else {}
    result = run(modules, *first, {**end, "quiet": True, **person}, {**end, "quiet": True})
    assert result["effects"][-2:] == [["quiet"], []]
    assert result["chat"]["turns"][0]["replyIds"] == ["r"]
    assert list(result["chat"]["replies"]) == ["r"]
    assert (result["reply"]["state"], result["reply"]["problem"]) == ("completed", None)
    assert (result["reply"]["offersPerson"], result["reply"]["personReason"]) == (
        offers,
        "button" if offers else "",
    )


def test_the_alive_frame_shows_a_loss(modules: Page) -> None:
    alive = {"type": "alive", "reply_id": "r", "seq": 2}
    assert run(modules, OPENED, ACK, delta(2, "ab", first=1), alive)["effects"][-1] == []
    assert run(modules, OPENED, ACK, delta(1, "a"), alive)["effects"][-1] == ["resume"]
    assert run(modules, OPENED, ACK, {"type": "alive"})["effects"][-1] == []


def test_opened_is_the_truth_and_keeps_what_it_left_out(modules: Page) -> None:
    reply = {
        "reply_id": "r",
        "epoch": 1,
        "seq": 3,
        "state": "completed",
        "html": None,
        "text": None,
        "upto": 0,
    }
    turn = {"turn_id": "t", "client_message_id": "m1", "text": "Hello?", "replies": [reply]}
    again = {**OPENED, "turns": [turn]}
    result = run(modules, OPENED, ACK, delta(2, "ab", first=1), done(3), again)
    assert (result["reply"]["text"], result["reply"]["html"]) == ("ab", "<p>all</p>")
    running = {**reply, "state": "streaming", "text": "abc", "html": "<p>a</p>", "upto": 1, "seq": 6}
    result = run(modules, {**OPENED, "turns": [{**turn, "replies": [running]}]}, delta(7, "d"), delta(6, "c"))
    assert result["reply"]["text"] == "abcd"
    assert result["open"] == "bcd"


def test_opened_takes_back_nothing_of_a_running_answer_within_its_epoch(modules: Page) -> None:
    """Another process may know less of an answer than the page has seen."""
    running = {
        "reply_id": "r",
        "epoch": 1,
        "seq": 2,
        "state": "streaming",
        "html": "",
        "text": "a",
        "upto": 0,
    }
    turn = {"turn_id": "t", "client_message_id": "m1", "text": "Hello?", "replies": [running]}
    seen = (OPENED, ACK, delta(3, "abc", first=1))
    result = run(modules, *seen, {**OPENED, "turns": [turn]}, delta(3, "bc"), delta(4, "d"))
    assert (result["reply"]["text"], result["reply"]["seq"]) == ("abcd", 4)
    taken = {**turn, "replies": [{**running, "epoch": 2}]}
    result = run(modules, *seen, {**OPENED, "turns": [taken]})
    assert (result["reply"]["text"], result["reply"]["seq"]) == ("a", 2)


def test_a_message_leaves_the_outbox_when_it_is_stored_and_only_then(modules: Page) -> None:
    turn = {"turn_id": "t", "client_message_id": "m1", "text": "Hello?", "replies": []}
    assert len(run(modules, OPENED)["chat"]["outbox"]) == 1
    assert run(modules, {**OPENED, "turns": [turn]})["chat"]["outbox"] == []
    other = {**ACK, "type": "turn", "text": "Hello?"}
    result = run(modules, OPENED, other)
    assert result["chat"]["outbox"] == [], "the other tab's news of our own message counts as its ack"
    assert [turn["text"] for turn in result["chat"]["turns"]] == ["Hello?"]


def test_errors_stand_beside_what_they_are_about(modules: Page) -> None:
    error = {"type": "error", "code": "busy", "message": "Wait.", "retry_after": 3}
    (entry,) = run(modules, OPENED, {**error, "client_message_id": "m1"})["chat"]["outbox"]
    assert entry["problem"] == {"code": "busy", "message": "Wait.", "retryAfter": 3, "until": 3000}
    result = run(modules, OPENED, ACK, {**error, "reply_id": "r"})
    assert result["reply"]["problem"]["message"] == "Wait."
    assert run(modules, OPENED, ACK, error)["effects"][-1] == ["error"]


def test_older_messages_come_before_newer_ones(modules: Page) -> None:
    def turns(*names: str) -> list[dict[str, Any]]:
        return [{"turn_id": name, "client_message_id": name, "text": name, "replies": []} for name in names]

    result = run(
        modules,
        {**OPENED, "turns": turns("c", "d")},
        {"type": "history", "turns": turns("a", "b", "c")},
        sent=None,
    )
    assert [turn["id"] for turn in result["chat"]["turns"]] == ["a", "b", "c", "d"]


def test_the_pause_before_a_new_connection_is_random_below_a_growing_bound(modules: Page) -> None:
    bounds = modules.evaluate(
        """async () => {
          const {backoff} = await import("/socket.js");
          return [0, 1, 2, 5, 6, 40].map((attempt) => [backoff(attempt, 0), backoff(attempt, 1)]);
        }"""
    )
    assert bounds == [[0, 500], [0, 1000], [0, 2000], [0, 16000], [0, 30000], [0, 30000]]


@pytest.mark.parametrize(("text", "length"), [("abc", 3), ("🙂é", 2), ("e\u0301", 1), ("a\0b", 2), ("", 0)])
def test_a_length_is_counted_as_the_server_counts_it(modules: Page, text: str, length: int) -> None:
    counted = modules.evaluate('async (text) => (await import("/composer.js")).lengthOf(text)', text)
    assert counted == length


def test_a_screen_reader_is_told_again_every_seven_seconds(chromium: Browser, modules: Page) -> None:
    page = chromium.new_page()
    page.clock.install()
    page.goto(modules.url)
    page.clock.pause_at("2030-01-01")
    page.evaluate(
        """async () => {
          const {Announcer} = await import("/announce.js");
          window.region = {heard: [], set textContent(words) { if (words) this.heard.push(words); }};
          window.announcer = new Announcer(window.region);
          window.announcer.answering();
          window.announcer.answering();
        }"""
    )
    page.clock.run_for(6_900)
    assert page.evaluate("window.region.heard") == ["Assistant is answering"]
    page.clock.run_for(7_200)
    page.evaluate("window.announcer.answered('All of it')")
    page.clock.run_for(20_000)
    still = "Assistant is still answering"
    assert page.evaluate("window.region.heard") == ["Assistant is answering", still, still, "All of it"]
    page.close()


def test_a_wait_is_explained_after_5_s_and_offers_other_ways_after_15(modules: Page) -> None:
    told = modules.evaluate(
        """async () => {
          const {Answer} = await import("/answer.js");
          const {apply, compose, emptyChat} = await import("/log.js");
          let chat = compose(emptyChat(), {id: "m", text: "?", at: null});
          for (const frame of [
            {type: "ack", client_message_id: "m", turn_id: "t", reply_id: "r", epoch: 1},
            {type: "status", reply_id: "r", seq: 1, stage: "waiting", label: "Thinking"},
          ]) chat = apply(chat, frame).chat;
          let now = 0;
          const actions = {canAskPerson: () => true};
          const answer = new Answer(chat.replies.r, {name: "Desk", actions, now: () => now});
          answer.update(chat.replies.r, {latest: true, end: true, line: "online"});
          return [0, 4999, 5000, 14999, 15000].map((at) => {
            now = at;
            answer.tick();
            return answer.status.textContent;
          });
        }"""
    )
    assert told[0] == told[1] == "Thinking"
    assert told[2] == told[3]
    assert "longer questions" in told[2]
    assert told[4].endswith("Stop and ask again · Talk to a person")


ENDED = """
async (done) => {
  const {Answer} = await import("/answer.js");
  const {apply, compose, emptyChat} = await import("/log.js");
  let chat = compose(emptyChat(), {id: "m", text: "?", at: null});
  const ack = {type: "ack", client_message_id: "m", turn_id: "t", reply_id: "r", epoch: 1};
  for (const frame of [ack, done]) chat = apply(chat, frame).chat;
  const answer = new Answer(chat.replies.r, {name: "Desk", actions: {}, now: () => 0});
  answer.update(chat.replies.r, {latest: true, end: true, line: "online"});
  const notice = answer.foot.querySelector(".notice");
  const buttons = [...answer.foot.querySelectorAll("button")];
  return [
    notice?.dataset.kind,
    notice?.querySelector("p").textContent,
    buttons.map((button) => button.textContent).filter(Boolean),
  ];
}
"""


@pytest.mark.parametrize("said", ["No AI model can be asked until midnight (Europe/London).", ""])
def test_a_spent_budget_is_told_calmly_and_offers_no_second_try(modules: Page, said: str) -> None:
    spent = done(1, state="failed", ended_by="budget", notice=said, html="", retryable=True)
    kind, words, buttons = modules.evaluate(ENDED, spent)
    assert (kind, buttons) == ("aside", [])
    assert words == (said or "No AI model can be asked for the rest of the day.")
    broken = done(1, state="failed", ended_by="upstream", html="", retryable=True)
    kind, words, buttons = modules.evaluate(ENDED, broken)
    assert (kind, buttons) == ("failed", ["Retry"])


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.5, "just now"),
        (59, "59 min. ago"),
        (150, "2 hr. ago"),
        (3 * 1440 + 60, "3 days ago"),
        (-5, "just now"),
    ],
)
def test_a_stored_answer_says_when_it_was_written_and_by_which_model(
    modules: Page, minutes: float, words: str
) -> None:
    written = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    read = ENDED.replace(
        "const notice", "return answer.foot.querySelector('.chip').textContent; const notice"
    )
    frame = done(1, label="AI answer", stored={"written_at": written, "model": "Flash-Lite"})
    assert modules.evaluate(read, frame) == f"AI answer · stored {words} · Flash-Lite"
    assert modules.evaluate(read, {**frame, "stored": None}) == "AI answer"


def test_a_stopped_answer_suggests_nothing(modules: Page) -> None:
    more: dict[str, Any] = {"suggestions": ["What else?"], "html": "", "notice": "Stopped."}
    assert modules.evaluate(ENDED, done(1, state="cancelled", **more))[2] == []
    assert modules.evaluate(ENDED, done(1, state="completed", **more))[2] == ["What else?"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A **bold** word", "A bold word"),
        ("It costs **$9", "It costs $9"),
        ("It costs *", "It costs "),
        ("also 2**8 and 2 ** 8", "also 2**8 and 2 ** 8"),
        ("run `a ** b` or **not", "run `a ** b` or not"),
        ("an open `a **", "an open `a **"),
        ("これは**重要**です", "これは重要です"),
        ("```py\nf(**names)", "```py\nf(**names)"),
        ("* one", "* one"),
    ],
)
def test_the_open_text_shows_no_marks_of_bold_type(modules: Page, text: str, shown: str) -> None:
    assert modules.evaluate('async (text) => (await import("/log.js")).withoutMarks(text)', text) == shown


def test_the_log_knows_where_an_answer_was_interrupted(modules: Page) -> None:
    frames = (OPENED, ACK, status(1), delta(2, "One.\n\nTw"), status(3, "continuing"), delta(4, "o.\n\n"))
    assert run(modules, *frames)["reply"]["seam"] == 8
    assert run(modules, OPENED, ACK, status(1, "continuing"), delta(2, "All."))["reply"]["seam"] is None
    # A page that lost its line is told by `opened`; the smiley is two units of its text.
    back = {"reply_id": "r", "epoch": 2, "seq": 5, "state": "streaming", "html": "", "upto": 0}
    back["text"] = "a\U0001f600bc"
    turn = {"turn_id": "t", "client_message_id": "m1", "text": "Hello?", "replies": [{**back, "seam": 3}]}
    reply = run(modules, OPENED, ACK, delta(1, "a"), {**OPENED, "turns": [turn]})["reply"]
    assert (reply["seam"], reply["stage"]) == (4, "text")
    turn["replies"] = [{**back, "seam": None, "text": ""}]
    reply = run(modules, OPENED, {**OPENED, "turns": [turn]})["reply"]
    assert (reply["seam"], reply["stage"]) == (None, "waiting")
    parts = modules.evaluate(
        """async () => {
          const {openParts} = await import("/log.js");
          const text = "One.\\n\\nTwo.\\n\\nThree";
          const goesOn = openParts({text: " of them.\\n    code", cut: 0, seam: null});
          return [...[4, 6, 12].map((cut) => openParts({text, cut, seam: 8})), goesOn];
        }"""
    )
    assert parts.pop() == ["of them.\n    code", ""]  # goes on in mid-sentence
    assert parts == [["Tw", "o.\n\nThree"], ["Tw", "o.\n\nThree"], ["Three", ""]]


MARKED = """
async (frames) => {
  const {Answer} = await import("/answer.js");
  const {apply, compose, emptyChat} = await import("/log.js");
  let chat = compose(emptyChat(), {id: "m1", text: "?", at: null});
  for (const frame of frames) chat = apply(chat, frame).chat;
  let now = 0;
  const answer = new Answer(chat.replies.r, {name: "Desk", actions: {}, now: () => now});
  const view = {latest: true, end: true, line: "online"};
  answer.update(chat.replies.r, view);
  now = 6000;
  answer.tick();
  return [answer.root.contains(answer.seam), answer.seam.textContent, answer.why.textContent];
}
"""


def test_the_mark_of_an_interruption_names_no_other_model(modules: Page) -> None:
    """After a takeover it is most often the same model that goes on."""
    taken_over = (ACK, status(1), delta(2, "One"), snapshot(2, 2, "One"), status(3, "continuing"))
    marked, *words = modules.evaluate(MARKED, list(taken_over))
    assert marked
    assert words == [
        "interrupted here; the answer continues",
        "The answer was interrupted; the rest is being written.",
    ]
    assert not modules.evaluate(MARKED, [*taken_over[:-1], delta(3, " two")])[0]


OFFER = [{"entry_id": "7", "question": "Seven?", "language": "en"}]
CHOICE = {"type": "ack", "client_message_id": None, "turn_id": "t", "reply_id": "c", "epoch": 1}
CHOOSE = """
async ({sent, frames, chosen, later}) => {
  const log = await import("/log.js");
  let chat = log.compose(log.emptyChat(), sent);
  for (const frame of frames) chat = log.apply(chat, frame).chat;
  chat = log.choose(chat, "t", chosen);
  const pending = log.pendingChoices(chat);
  for (const frame of later) chat = log.apply(chat, frame).chat;
  const offer = log.offerOf(chat, chat.turns[0]);
  return {pending, offer, left: log.pendingChoices(chat), superseded: log.isSuperseded(chat, chat.replies.r)};
}
"""


def chosen(page: Page, *later: dict[str, Any]) -> Any:
    """Press the offered question and return what the log says of it after the frames of `later`."""
    frames = [OPENED, ACK, {**status(1), "did_you_mean": OFFER}]
    return page.evaluate(CHOOSE, {"sent": SENT, "frames": frames, "chosen": "7", "later": list(later)})


def test_a_choice_is_pending_until_the_desk_has_it(modules: Page) -> None:
    waiting = chosen(modules)
    assert (waiting["pending"], waiting["left"]) == ([["t", "7"]], [["t", "7"]])
    assert (waiting["offer"]["entries"], waiting["superseded"]) == (OFFER, False)
    made = chosen(modules, {**CHOICE, "cause": "choice", "chosen": "7"})
    assert (made["offer"]["answers"], made["left"], made["superseded"]) == ({"7": "c"}, [], True)


def test_a_choice_made_in_another_tab_is_found_when_the_line_is_back(modules: Page) -> None:
    replies = [
        {"reply_id": "r", "epoch": 1, "seq": 3, "state": "cancelled", "text": "", "did_you_mean": OFFER},
        {"reply_id": "c", "epoch": 1, "seq": 3, "state": "completed", "text": "Yes.", "chosen": "7"},
    ]
    turn = {"turn_id": "t", "client_message_id": "m1", "text": "Hello?", "replies": replies}
    assert chosen(modules, {**OPENED, "turns": [turn]})["left"] == []
    lost = chosen(modules, {**OPENED, "turns": [{**turn, "replies": replies[:1]}]})
    assert lost["left"] == [["t", "7"]], "it is sent again"


@pytest.mark.parametrize(("code", "withdrawn"), [("not_available", ["7"]), ("not_stored", [])])
def test_a_refused_choice_is_said_and_only_what_is_gone_goes(
    modules: Page, code: str, withdrawn: list[str]
) -> None:
    error = {"type": "error", "code": code, "message": "No.", "turn_id": "t", "entry_id": "7"}
    refused = chosen(modules, error)
    assert refused["left"] == []
    assert refused["offer"]["problem"]["message"] == "No."
    assert refused["offer"]["withdrawn"] == withdrawn


def test_a_snapshot_brings_the_offer(modules: Page) -> None:
    result = run(modules, OPENED, ACK, {**snapshot(2, 4, "Text"), "did_you_mean": OFFER}, done(5, epoch=2))
    assert result["reply"]["offer"] == OFFER


def test_waits_are_counted_as_the_desk_says_them(modules: Page) -> None:
    span = "async (seconds) => (await import('/words.js')).span(seconds)"
    waits = {0.4: "1 sec", 90: "90 sec", 90.5: "2 min", 3600: "60 min"}
    assert {seconds: modules.evaluate(span, seconds) for seconds in waits} == waits
