"""How much one sender may send and spend: the buckets as tables, and the way of a message through them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from assistant import ending, limits, queueing, services, words
from assistant.buckets import Buckets, Rate, Want
from assistant.ending import ReplyEnd
from assistant.limits import AnswersSpent, Guard, RateLimited, money_rates, network_of
from assistant.models import AssistantSettings, Reply
from assistant.settings_snapshot import as_snapshot
from assistant.starting import Started
from assistant.who import Who
from common.clock import ticks
from faq import index
from routing import dispatch, publishing
from routing.models import ModelCall
from tests.breakers import forget_calls
from tests.example_rows import make_once

COMPARE = "Compare Pro and Studio for 3 locations; what happens if we downgrade?"
RESET = "How do I reset my password?"
USD = 10**12


# ---- buckets ---------------------------------------------------------------------------------------


def test_a_bucket_gives_its_burst_at_once_and_then_what_comes_back() -> None:
    buckets, want = Buckets(), (Want("a", Rate(3, 0.5)),)
    assert [buckets.take(want, 0.0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert buckets.take(want, 1.0) == 1.0
    assert buckets.take(want, 2.0) == 0.0
    assert [buckets.take(want, 1000.0) for _ in range(4)] == [0, 0, 0, 2.0]


def test_of_two_buckets_nothing_is_taken_while_one_lacks_it() -> None:
    buckets = Buckets()
    mine, ours = Want("mine", Rate(2, 1.0)), Want("ours", Rate(1, 0.25))
    assert buckets.take((mine, ours), 0.0) == 0.0
    assert buckets.take((mine, ours), 0.0) == 4.0
    assert buckets.take((mine,), 0.0) == 0.0
    assert buckets.take((mine,), 0.0) == 1.0


def test_to_look_whether_something_could_be_taken_takes_nothing() -> None:
    buckets, want = Buckets(), (Want("a", Rate(1, 1.0)),)
    assert [buckets.have(want, 0.0), buckets.have(want, 0.0), buckets.take(want, 0.0)] == [True, True, 0.0]
    assert [buckets.have(want, 0.5), buckets.have(want, 1.0)] == [False, True]


def test_more_than_a_bucket_holds_takes_a_full_one_and_leaves_a_debt() -> None:
    buckets, large = Buckets(), (Want("a", Rate(10, 1.0), 25.0),)
    assert buckets.take(large, 0.0) == 0.0
    assert buckets.take((Want("a", Rate(10, 1.0)),), 0.0) == 16.0
    assert buckets.take(large, 0.0) == 25.0
    buckets.give((Want("a", Rate(10, 1.0), 20.0),), 0.0)
    assert buckets.take((Want("a", Rate(10, 1.0), 5.0),), 0.0) == 0.0
    buckets.give((Want("a", Rate(10, 1.0), 500.0),), 0.0)  # never more than the burst
    assert buckets.take(large, 0.0) == 0.0


ADDRESSES = [
    ("192.0.2.7", "192.0.2.7"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ("unix:", "unix:"),
]


@pytest.mark.parametrize(("address", "network"), ADDRESSES)
def test_a_network_of_ipv6_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("seconds", "language", "text"),
    [
        (1, "en", "1 s"),
        (90, "de", "90 s"),
        (91, "en", "2 min"),
        (3600, "fr", "60\u00a0min"),
        (61, "ja", "61秒"),
    ],
)
def test_waits_in_words(seconds: int, language: str, text: str) -> None:
    assert words.wait_text(seconds, language) == text


@pytest.mark.parametrize(
    ("values", "visitor", "address"),
    [
        ({}, USD, 5 * USD),
        ({"visitor_usd_an_hour": "0.50", "address_usd_an_hour": None}, USD // 2, None),
        ({"visitor_usd_an_hour": "0.00", "address_usd_an_hour": "36"}, None, 36 * USD),
    ],
)
def test_money_comes_back_within_an_hour(
    values: dict[str, Any], visitor: int | None, address: int | None
) -> None:
    rates = money_rates(values)
    assert (rates.visitor and rates.visitor.burst, rates.address and rates.address.burst) == (
        visitor,
        address,
    )
    if rates.address:
        assert rates.address.a_second * 3600 == pytest.approx(address)


# ---- the way of a message --------------------------------------------------------------------------


@pytest.fixture
def seeded(db: None) -> Iterator[None]:
    make_once("limits", lambda: call_command("seed", verbosity=0))
    _forget()
    yield
    _forget()


def _forget() -> None:
    publishing.forget()
    index.forget()
    forget_calls()
    limits.limiter.cache_clear()
    limits.allowance.cache_clear()


def allow(**values: Any) -> None:
    row = AssistantSettings.objects.get()
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    row.refresh_from_db()
    publishing.publish(settings=as_snapshot(row))
    publishing.forget()


def sender(**facts: Any) -> Who:
    return Who(facts.pop("visitor_id", None) or uuid4(), "pro", **facts)


def ask(who: Who, text: str = COMPARE, conversation_id: Any = None) -> Started:
    return services.accept_message(
        who, conversation_id or uuid4(), str(uuid4()), text, ticks(), uuid4(), Guard(who)
    )


def end(started: Started, cost: int) -> None:
    """End a running reply as its runner would, at a cost."""
    assert started.generation is not None and started.generation.job.first is not None
    first = started.generation.job.first
    last = (first, dispatch.unsent(first))
    assert ending.finish_reply(
        started.reply, ReplyEnd("completed", "finish", "Yes.", 3, last=last), started.generation.config
    )
    assert ModelCall.objects.get(pk=first.call_id).cost_pico == 0


@pytest.mark.parametrize("shared", ["visitor_id", "session_key", "address"])
def test_paid_answers_end_for_a_visitor_a_session_and_an_address_and_the_faq_goes_on(
    seeded: None, shared: str
) -> None:
    allow(visitor_usd_an_hour="0.0001", address_usd_an_hour="0.0001")
    same: dict[str, Any] = {shared: {"visitor_id": uuid4(), "address": "2001:db8::1"}.get(shared, "session")}
    first = ask(sender(**same))
    assert first.generation is not None
    replies = Reply.objects.count()
    with pytest.raises(AnswersSpent) as refused:
        ask(sender(language="de", **same))
    limited = refused.value
    assert limited.code == "answers_spent"
    assert limited.retry_after > 3600  # the first answer was more than an hour's worth
    assert limited.message.startswith("Die KI-Antworten sind vorerst aufgebraucht; in ")
    assert Reply.objects.count() == replies  # nothing was stored
    assert ask(sender(**same), RESET).reply.route == "faq"
    assert ask(sender(**same), "thanks!").reply.route == "small_talk"
    assert ask(sender()).generation is not None


def test_what_an_answer_did_not_cost_comes_back_when_it_has_ended(seeded: None) -> None:
    allow(visitor_usd_an_hour="0.0001")
    who = sender()
    started = ask(who)
    with pytest.raises(AnswersSpent):
        ask(who)
    end(started, cost=0)
    assert ask(who).generation is not None


def test_a_message_that_is_not_paid_by_the_budgets_takes_nothing_of_its_sender(seeded: None) -> None:
    allow(visitor_usd_an_hour="0.0001", daily_cost_cap_usd="0")
    who = sender()
    assert [ask(who).reply.ended_by for _ in range(3)] == ["budget"] * 3


def test_a_message_that_has_waited_meets_the_limit_when_its_turn_comes(seeded: None) -> None:
    allow(visitor_usd_an_hour="0.0001", address_usd_an_hour=None)
    who, conversation = sender(), uuid4()
    running = ask(who, conversation_id=conversation)
    assert ask(who, "And what does it cost for 20 locations, and why?", conversation).reply.state == "queued"
    assert ask(who, RESET, conversation).reply.state == "queued"
    ask(sender(visitor_id=who.visitor_id, address="192.0.2.1"), RESET)  # a free one stays free
    Reply.objects.filter(pk=running.reply.pk).update(state="completed")
    started = queueing.start_queued(conversation, uuid4(), ticks())
    assert started is not None and started.generation is None
    assert (started.reply.ended_by, started.reply.decision["budget"]["scope"]) == ("budget", "visitor")
    assert "used up for now; there are more in" in started.reply.notice
    free = queueing.start_queued(conversation, uuid4(), ticks())
    assert free is not None and free.reply.route == "faq"


def test_a_flood_of_messages_is_refused_also_when_they_are_free(seeded: None) -> None:
    allow(visitor_messages_a_minute=2)
    who = sender()
    for _ in range(2):
        ask(who, RESET)
    with pytest.raises(RateLimited) as refused:
        ask(who, RESET)
    limited = refused.value
    assert limited.code == "rate_limited" and 0 < limited.retry_after <= 30
    assert limited.message.endswith(f"in a short time. You can go on in {limited.retry_after} s.")
    allow(visitor_messages_a_minute=0)
    ask(who, RESET)


def test_without_limits_a_load_test_meets_none(seeded: None, settings: Any) -> None:
    settings.ENV = replace(settings.ENV, rate_limits=False)
    _forget()
    allow(visitor_messages_a_minute=1, visitor_usd_an_hour="0.0001", daily_cost_cap_usd="50")
    who = sender()
    assert all(ask(who).generation for _ in range(5))
