"""Rules in the admin: edited as rows of a draft, and the last one stays what it is."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assistant.pipeline import ConversationFacts, consider
from routing import publishing
from routing.admin.rules import in_order, words_of
from routing.models import Condition, ConfigVersion, Rule
from tests.admin.pages import form_of, publish_draft, text_of

LIST = reverse("admin:routing_rule_changelist")


def route_of(text: str, plan: str = "") -> str:
    """Return where production sends a message now."""
    publishing.refresh()
    return consider(text, ConversationFacts(plan=plan), publishing.current()).route.slug


def change_url(rule: Rule) -> str:
    return reverse("admin:routing_rule_change", args=[rule.pk])


def new_rule(client: Client, **rows: Any) -> Any:
    """Send the form of a new rule with one condition row; `rows` overrides fields."""
    form = form_of(client.get(reverse("admin:routing_rule_add")))
    form |= {
        "name": "Parking",
        "route": "person",
        "reason": "Parking is a matter for a person.",
        "enabled": "on",
        "conditions-0-signal": "words",
        "conditions-0-operator": "contains",
        "conditions-0-value": "parking, garage",
        "conditions-0-group": "1",
    }
    return client.post(reverse("admin:routing_rule_add"), form | rows, follow=True)


def compared(signal: str, operator: str, value: str) -> dict[str, str]:
    """Return the fields of one condition row."""
    return {
        "conditions-0-signal": signal,
        "conditions-0-operator": operator,
        "conditions-0-value": value,
    }


def test_a_new_rule_changes_the_next_decision_once_it_is_published(support: Client) -> None:
    question = "Where is the parking for your office?"
    before = route_of(question)
    assert before != "person"
    answer = new_rule(support)
    assert "was added successfully" in text_of(answer)
    rule = Rule.objects.get(name="Parking")
    assert rule.position == Rule.objects.count() - 1  # in front of the last one
    assert Rule.objects.order_by("position").last().locked  # type: ignore[union-attr]
    assert "visitors notice nothing until it is published" in text_of(answer)
    assert route_of(question) == before
    publish_draft(support)
    assert route_of(question) == "person"
    newest = ConfigVersion.objects.first()
    assert newest is not None
    assert (newest.number, newest.created_by) == (2, "support")

    support.post(reverse("admin:routing_rule_delete", args=[rule.pk]), {"post": "yes"})
    assert route_of(question) == "person"
    publish_draft(support)
    assert route_of(question) == before


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"conditions-0-operator": "at_least"}, "cannot be compared by"),
        ({"conditions-0-signal": "questions", "conditions-0-operator": "at_least"}, "needs a number"),
        ({"conditions-0-signal": "plan", "conditions-0-operator": "is"}, "is one of"),
        ({"conditions-0-value": " , "}, "needs at least one word"),
        (
            {
                "conditions-0-signal": "text",
                "conditions-0-operator": "matches",
                "conditions-0-value": "park(ing",
            },
            "a parenthesis is opened and not closed, at character 5",
        ),
        (
            {
                "conditions-0-signal": "time",
                "conditions-0-operator": "during",
                "conditions-0-value": "Mon 9",
            },
            "has no time like 09:00-17:30",
        ),
        (compared("faq_confidence", "at_least", "1.5"), "is a number from 0 to 1, not 1.5"),
        (compared("depth", "at_least", "-1"), "is a number from 0 to 1,000,000, not -1"),
        (compared("message_tokens", "at_least", "1000001"), "is a number from 0 to 1,000,000"),
        (compared("share", "at_most", "0"), "is a number above 0, and at most 100, not 0"),
        (compared("share", "at_most", "101"), "from 0 to 100"),
        (compared("plan_name", "is", " "), "needs something to compare it with"),
        (compared("faq_entry", "is", ""), "needs something to compare it with"),
        (compared("language", "is_not", ""), "needs something to compare it with"),
        (compared("text", "matches", "x" * 201), "at most 200 characters (it has 201)"),
        ({"conditions-0-signal": ""}, "This field is required"),
        ({"conditions-0-signal": "nonsense"}, "Select a valid choice"),
    ],
)
def test_a_row_that_could_never_hold_is_refused_at_its_field(
    support: Client, changes: dict[str, str], complaint: str
) -> None:
    answer = new_rule(support, **changes)
    assert complaint in text_of(answer)
    assert not Rule.objects.filter(name="Parking").exists()
    assert ConfigVersion.objects.count() == 1


def test_a_browser_cuts_no_value(support: Client) -> None:
    page = support.get(reverse("admin:routing_rule_add")).content.decode()
    tags = re.findall(r"<input[^>]*conditions-[^>]*-value[^>]*>", page)
    assert len(tags) == 2 and not any("maxlength" in tag for tag in tags)


def test_a_row_that_holds_never_is_no_news_to_the_check_where_it_is_published(support: Client) -> None:
    rule = Rule.objects.get(name="Free plan")
    Condition.objects.create(rule=rule, signal="share", operator="at_most", value="0")
    address = reverse("admin:rule_set")
    assert "Rule “Free plan”: “share of the conversations, %” is a number above 0" in text_of(
        support.get(address)
    )
    assert "Nothing was published" in text_of(publish_draft(support))
    publishing.publish()  # as a release that let it in
    Rule.objects.filter(pk=rule.pk).update(reason="Another one.")
    assert "Published as version 3" in text_of(publish_draft(support))
    kept = new_rule(support, **compared("share", "at_most", "100"), **{"name": "All"})
    assert "was added successfully" in text_of(kept)


def test_two_people_on_one_rule_write_nothing_over_unread(support: Client) -> None:
    rule = Rule.objects.get(name="Free plan")
    first, second, third = (form_of(support.get(change_url(rule))) for _ in range(3))
    support.post(change_url(rule), first | {"route": "complex"})
    page = support.post(change_url(rule), second | {"route": "person"})
    assert "changed this rule while you had it open (route)" in text_of(page)
    assert "Stored meanwhile: “Complex”" in text_of(page)
    rule.refresh_from_db()
    assert rule.route_id == "complex"
    support.post(change_url(rule), form_of(page))
    rule.refresh_from_db()
    assert rule.route_id == "person", "who has read it may save again"

    support.post(change_url(rule), form_of(support.get(change_url(rule))) | {"conditions-0-value": "paid"})
    for _ in range(2):
        late = text_of(support.post(change_url(rule), third | {"name": "Late"}))
        assert "Its conditions now: plan: is paid." in late
    assert not Rule.objects.filter(name="Late").exists()


def test_a_comparison_without_a_value_drops_what_was_typed(support: Client) -> None:
    new_rule(support, **{"conditions-0-signal": "why", "conditions-0-operator": "is_true"})
    row = Condition.objects.get(rule__name="Parking")
    assert (row.signal, row.operator, row.value) == ("why", "is_true", "")


def test_a_rule_without_condition_is_warned_about(support: Client) -> None:
    answer = new_rule(support, **{"conditions-TOTAL_FORMS": "0"})
    assert "has no condition, so it always fires" in text_of(answer)
    assert "No condition: always fires" in text_of(answer)


def test_the_list_is_reordered_by_its_numbers(support: Client) -> None:
    """The free plan's rule moved in front of the FAQ: its visitors then get no approved answer."""
    question = "How do I reset my password?"
    assert route_of(question, plan="free") == "faq"
    names = list(Rule.objects.order_by("position").values_list("name", flat=True))
    form = form_of(support.get(LIST))
    place = names.index("Free plan")
    form[f"form-{place}-position"] = "1"
    support.post(LIST, {**form, "_save": "Save"})
    after = list(Rule.objects.order_by("position").values_list("name", flat=True))
    assert after == ["Free plan", *(name for name in names if name != "Free plan")]
    assert list(Rule.objects.order_by("position").values_list("position", flat=True)) == list(
        range(1, len(names) + 1)
    )
    assert route_of(question, plan="free") == "faq"
    page = text_of(publish_draft(support))
    assert "Published as version 2" in page
    assert route_of(question, plan="free") == "draft"


def test_a_dragged_list_numbers_from_nought_and_keeps_the_last_rule_last(support: Client) -> None:
    names = list(Rule.objects.order_by("position").values_list("name", flat=True))
    form = form_of(support.get(LIST))
    wanted = [len(names) - 1, *range(len(names) - 1)]  # the last row dragged to the top
    for position, row in enumerate(wanted):
        form[f"form-{row}-position"] = str(position)
    support.post(LIST, {**form, "_save": "Save"}, follow=True)
    assert list(Rule.objects.order_by("position").values_list("name", flat=True)) == names
    form["form-0-position"] = "99"
    answer = support.post(LIST, {**form, "_save": "Save"}, follow=True)
    after = list(Rule.objects.order_by("position").values_list("name", flat=True))
    assert after == [*names[1:-1], names[0], names[-1]]
    assert "it stays last" in text_of(answer)


def test_the_last_rule_is_neither_deleted_nor_switched_off_nor_narrowed(support: Client) -> None:
    last = Rule.objects.get(locked=True)
    assert support.post(reverse("admin:routing_rule_delete", args=[last.pk])).status_code == 403
    form = form_of(support.get(change_url(last)))
    assert not any(name.startswith("conditions-") for name in form)
    form.pop("enabled", None)
    form |= {
        "reason": "Anything else.",
        "conditions-TOTAL_FORMS": "1",
        "conditions-INITIAL_FORMS": "0",
        "conditions-0-signal": "why",
        "conditions-0-operator": "is_true",
        "conditions-0-group": "1",
    }
    support.post(change_url(last), form)
    last.refresh_from_db()
    assert (last.enabled, last.reason, last.conditions.count()) == (True, "Anything else.", 0)
    rows = form_of(support.get(LIST))
    row = Rule.objects.count() - 1
    rows.pop(f"form-{row}-enabled", None)
    support.post(LIST, {**rows, "_save": "Save"})
    last.refresh_from_db()
    assert last.enabled


def test_a_rule_switched_off_in_the_list_is_passed_over(support: Client) -> None:
    assert route_of("I want to talk to a person") == "person"
    form = form_of(support.get(LIST))
    del form["form-0-enabled"]
    support.post(LIST, {**form, "_save": "Save"})
    assert Rule.objects.get(name="Asks for a person").enabled is False
    publish_draft(support)
    assert route_of("I want to talk to a person") != "person"


def test_the_rules_stand_in_plain_words(support: Client) -> None:
    page = text_of(support.get(LIST))
    assert "plan: is free" in page
    assert "Always last" in page
    assert "is_true" not in page.split("result_list")[1].split("</table>")[0]


def test_a_condition_that_no_engine_can_read_refuses_the_publication(support: Client) -> None:
    broken = Rule.objects.filter(locked=False).first()
    assert broken is not None
    row = Condition.objects.create(rule=broken, signal="gone", operator="is_true")
    form = form_of(support.get(reverse("admin:rule_set")))
    assert "there is no signal called" in text_of(support.get(reverse("admin:rule_set")))
    refused = text_of(support.post(reverse("admin:rule_set"), {**form, "publish": ""}, follow=True))
    assert "Nothing was published" in refused
    assert ConfigVersion.objects.count() == 1
    row.delete()
    Rule.objects.filter(pk=broken.pk).update(name="Mended")
    assert "Published as version 2" in text_of(publish_draft(support))


def test_a_moved_rule_takes_the_place_that_was_typed() -> None:
    rules = [Rule(pk=pk, name=str(pk), position=pk, locked=pk == 5) for pk in range(1, 6)]
    before = {rule.pk: rule.position for rule in rules}
    rules[3].position = 2  # the fourth to the second place
    assert [rule.pk for rule in in_order(rules, before)] == [1, 4, 2, 3, 5]
    rules[3].position, rules[0].position = 4, 3  # the first down to the third place
    assert [rule.pk for rule in in_order(rules, before)] == [2, 3, 1, 4, 5]
    rules[4].position = 0  # the locked one stays last, whatever was typed
    assert [rule.pk for rule in in_order(rules, before)][-1] == 5


def test_alternatives_and_their_conditions_in_words() -> None:
    rows = [
        Condition(group=2, signal="why", operator="is_true"),
        Condition(group=1, signal="plan", operator="is", value="paid"),
        Condition(group=1, signal="depth", operator="at_least", value="3"),
    ]
    assert words_of(rows) == [
        "plan: is paid and earlier messages in the conversation: at least 3",
        "asks why: yes",
    ]
