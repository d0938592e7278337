"""Publishing past the guard: stopped once, with what clashes, and never without a person's word."""

import re

from faq import services, unpublished
from faq.models import Entry
from tests.staff.conftest import SignIn
from tests.staff.pages import LIST, form, page, publish

ASKED = ("How long can I return a parcel?", "Return period for a parcel")
STOPPED = "Not saved yet: look at this first"


def consent_of(text: str) -> str:
    found = re.search(r'name="publish_anyway" value="([0-9a-f.]+)"', text)
    assert found is not None
    return found[1]


def test_a_contradiction_stops_the_form_once_and_keeps_what_was_typed(sign_in: SignIn) -> None:
    other = publish(ASKED[0], "You have 30 days.", ASKED[1])
    support = sign_in("support")
    data = form("How long may I return a parcel?", "You have 14 days.", "parcel return deadline")
    text = page(support.post(f"{LIST}add/", data))
    assert STOPPED in text and "Contradicts" in text
    assert f'href="{LIST}{other.pk}/change/"' in text and f"no. {other.pk}" in text
    assert "<b>14 days</b> here, <b>30 days</b> there" in text
    assert "<dd>How long may I return a parcel?</dd>" in text and f"<dd>{ASKED[0]}</dd>" in text
    assert "You have 14 days.</textarea>" in text and 'value="parcel return deadline"' in text
    assert Entry.objects.count() == 1

    assert STOPPED in page(support.post(f"{LIST}add/", data | {"publish_anyway": "0123456789ab"}))
    assert Entry.objects.count() == 1
    given = {"publish_anyway": consent_of(text)}
    # The consent was to 14 days: another answer is another contradiction.
    text = page(support.post(f"{LIST}add/", data | given | {"answer": "You have 10 days."}))
    assert STOPPED in text and "<b>10 days</b> here" in text
    assert support.post(f"{LIST}add/", data | given).status_code == 302
    made = Entry.objects.exclude(pk=other.pk).get()
    assert made.status == "published"
    reason = made.history.latest().history_change_reason
    assert reason == f"Published all the same: no. {other.pk} (contradiction)"
    assert reason in page(support.get(f"{LIST}{made.pk}/history/"))


def test_what_was_published_all_the_same_is_not_asked_about_again(sign_in: SignIn) -> None:
    publish(ASKED[0], "You have 30 days.", ASKED[1])
    mine = publish("How long may I return a parcel?", "You have 14 days.")
    support = sign_in("support")
    change = f"{LIST}{mine.pk}/change/"
    assert (
        support.post(change, form(mine.question, "You have **14 days**.", category="Returns")).status_code
        == 302
    )
    text = page(support.post(change, form(mine.question, "You have 10 days.")))
    assert STOPPED in text and "<b>10 days</b> here" in text
    mine.refresh_from_db()
    assert mine.answer == "You have **14 days**."


def test_drafts_articles_and_other_languages_are_free(sign_in: SignIn) -> None:
    publish(ASKED[0], "You have 30 days.", ASKED[1])
    support = sign_in("support")
    clash = form("How long may I return a parcel?", "You have 14 days.")
    for free in ({"status": "draft"}, {"kind": "article"}, {"language": "de"}):
        assert support.post(f"{LIST}add/", clash | free).status_code == 302, free
    assert Entry.objects.count() == 4
    text = page(support.post(f"{LIST}add/", clash | {"status": "draft", "faq_entry_save_and_publish": "1"}))
    assert STOPPED in text and "a draft: nobody is shown it yet" in text


def test_the_opposite_may_stand_and_is_told_apart(sign_in: SignIn) -> None:
    publish("Can clients cancel a booking?", "Yes, online.")
    support = sign_in("support")
    text = page(support.post(f"{LIST}add/", form("Can't clients cancel a booking?", "Allow it.")))
    assert "Asks the opposite of" in text and "Both may stand." in text and "Contradicts" not in text
    publish("What are the limits of the Free plan?", "50 bookings.")
    data = form("What are the limits of the Pro plan?", "None.", "plan limits")
    text = page(support.post(f"{LIST}add/", data))
    assert "Only “pro” here and “free” there separate the two." in text
    assert "these do not: “plan limits”" in text


def test_many_at_once_are_published_but_for_those_that_clash(sign_in: SignIn) -> None:
    other = publish(ASKED[0], "You have 30 days.", ASKED[1])
    clash = publish("How long may I return a parcel?", "You have 14 days.", status="draft")
    clear = publish("Where can I park my bike?", "In Mill Lane.", status="draft")
    taken = publish(ASKED[0], "Any time.", status="draft")
    support = sign_in("support")
    chosen = {"action": "publish_selected", "_selected_action": [clash.pk, clear.pk, taken.pk]}
    text = page(support.post(LIST, chosen))
    assert "1 entry not published yet" in text and "Contradicts" in text
    assert dict(Entry.objects.values_list("pk", "status")) == {
        other.pk: "published", clash.pk: "draft", clear.pk: "published", taken.pk: "draft",
    }  # fmt: skip
    consent = re.search(rf'name="publish_anyway-{clash.pk}" value="([0-9a-f.]+)"', text)
    assert consent is not None
    again = {"action": "publish_selected", "_selected_action": [clash.pk]}
    text = page(support.post(LIST, again | {f"publish_anyway-{clash.pk}": consent[1]}, follow=True))
    assert "1 published." in text
    clash.refresh_from_db()
    assert clash.status == "published"
    assert clash.history.latest().history_change_reason.startswith("Published all the same")


def test_drafts_are_read_again_only_where_they_were_edited(db: None) -> None:
    first = publish("Where can I park?", "Mill Lane.", "parking", status="draft")
    second = publish("Do you sell vouchers?", "Yes.", status="draft")
    held = unpublished.current()
    assert set(held.entries) == {str(first.pk), str(second.pk)}
    assert unpublished.current() is held
    publish("How do I pay?", "By card.")
    second.question = "Do you sell gift cards?"

    services.publish(first)
    services.save_entry(second)
    now_held = unpublished.current()
    assert set(now_held.entries) == {str(second.pk)}
    assert now_held.entries[str(second.pk)].texts == ("Do you sell gift cards?",)
    assert [each.entry_id for each in now_held.matcher.rank("do you sell gift cards")][:1] == [str(second.pk)]
    unpublished.forget()
    assert unpublished.current().entries == now_held.entries
