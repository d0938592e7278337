"""Try a question: the same decision as production, on a page, and nothing kept of it."""

import pytest
from django.test import Client
from django.urls import reverse

from assistant.models import Turn
from assistant.pipeline import ConversationFacts, consider
from faq.models import AskedQuestion, Entry
from faq.services import save_entry
from routing import publishing
from routing.models import Condition, ModelCall, Rule
from routing.shares import share_of
from tests.admin.pages import make_conversation, text_of
from tests.flows.test_did_you_mean import ENTRIES, UNSURE

TRY = reverse("admin:try")


def tried(client: Client, text: str, **more: str) -> str:
    answer = client.post(TRY, {"text": text, **more})
    assert answer.status_code == 200
    return text_of(answer)


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("How do I reset my password?", ""),
        ("Does it send texts too?", ""),
        ("I want to talk to a person", "free"),
        ("Draft a message to my clients about new opening hours", "free"),
        ("Write a Python function that verifies your webhook signature", "pro"),
        ("x" * 8000, ""),
    ],
)
def test_it_decides_what_production_decides(support: Client, text: str, plan: str) -> None:
    answer = support.post(TRY, {"text": text, "plan": plan})
    expected = consider(text, ConversationFacts(plan=plan), publishing.current())
    shown = answer.context["decision"]
    assert shown.route == expected.route.slug
    assert [item.confidence for item in shown.candidates] == [
        item.confidence for item in expected.match.candidates[:5]
    ]
    assert [step.model for step in shown.ladder] == [view.model.id for view in expected.ladder]
    assert len(shown.tried) == len(expected.decision.tried)
    page = text_of(answer)
    assert expected.route.name in page
    assert expected.decision.rule_name in page


def test_an_approved_answer_is_shown_as_the_visitor_reads_it(support: Client) -> None:
    page = tried(support, "How do I reset my password?")
    assert "The visitor reads this approved answer" in page
    assert "Same words" in page


def test_a_model_route_shows_ladder_price_and_passages(support: Client) -> None:
    page = tried(support, "Does it send texts too?")
    assert "Asked first" in page
    assert "Costs at most" in page
    assert "unknown: no price" not in page
    assert "Nearest passages" in page


def test_what_is_offered_beside_the_answer_is_named(support: Client, seeded: None) -> None:
    kind, state = Entry.Kind.ANSWER, Entry.Status.PUBLISHED
    for question, answer in ENTRIES.items():
        save_entry(Entry(kind=kind, status=state, language="de", question=question, answer=answer))
    page = tried(support, UNSURE)
    assert "Did you mean, as buttons under the message" in page
    assert "it is offered as “did you mean”" in page
    assert all(page.count(question) >= 2 for question in ENTRIES), "as candidates and as an offer"
    certain = tried(support, next(iter(ENTRIES)))
    assert "Did you mean, as buttons" not in certain
    assert "The visitor reads this approved answer" in certain


def test_an_earlier_message_makes_it_a_follow_up(support: Client) -> None:
    text = "How do I connect my calendar?"
    alone = support.post(TRY, {"text": text}).context["decision"]
    after = support.post(TRY, {"text": text, "earlier": text}).context["decision"]
    again = [signal.value for signal in after.signals if signal.label == "asks the same again"]
    assert again == ["yes"]
    assert [s.value for s in alone.signals if s.label == "asks the same again"] == ["no"]


def test_an_edit_by_another_process_is_seen_at_once(support: Client, seeded: None) -> None:
    """The page looks at the version counters first, so it never shows an older configuration."""
    assert support.post(TRY, {"text": "thanks!"}).context["decision"].route == "small_talk"
    stale = publishing.current()
    Rule.objects.filter(route="small_talk").update(enabled=False)
    publishing.publish(by="another process")
    publishing._cache._newest = stale  # what a process holds that has not polled yet
    assert support.post(TRY, {"text": "thanks!"}).context["decision"].route != "small_talk"


def test_nothing_is_stored_and_the_last_real_answer_is_named(support: Client) -> None:
    make_conversation("thanks!")
    before = (Turn.objects.count(), AskedQuestion.objects.count(), ModelCall.objects.count())
    page = tried(support, "thanks!")
    assert "The same words were last asked" in page
    assert (Turn.objects.count(), AskedQuestion.objects.count(), ModelCall.objects.count()) == before


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Type a question"),
        ("   ", "Type a question"),
        ("y" * 8001, "at most 8000 characters"),
        ("a\x00b", "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_the_field(support: Client, text: str, complaint: str) -> None:
    answer = support.post(TRY, {"text": text})
    assert complaint in text_of(answer)
    assert answer.context["decision"] is None


def test_the_draft_is_tried_by_the_same_path_and_visitors_get_what_is_published(support: Client) -> None:
    rule = Rule.objects.create(position=0, name="Mine", route_id="complex", reason="A try.")
    text = "Does it send texts too?"
    published, draft = tried(support, text), tried(support, text, rule_set="draft")
    assert "Rule that fired: <b>Everything else</b>" in published and "On the draft" not in published
    assert "Rule that fired: <b>Mine</b>" in draft and "On the draft" in draft
    Condition.objects.create(rule=rule, signal="share", operator="at_most", value="50")

    def route(word: str) -> str:
        sent = {"text": text, "rule_set": "draft", "conversation": word}
        found: str = support.post(TRY, sent).context["decision"].route
        return found

    # Rule ids differ from run to run, so as many words as make one side alone unlikely: 1 in 2^15.
    routes = {word: route(word) for word in map(str, range(16))}
    expected = {word: "complex" if share_of(word, str(rule.pk)) <= 50 else "common" for word in routes}
    assert routes == expected and set(routes.values()) == {"complex", "common"}
    Rule.objects.filter(locked=True).update(enabled=False)
    assert "The last rule must be on" in tried(support, text, rule_set="draft")
