"""Review dates: what is overdue or due soon, and saying that many are still true."""

from datetime import timedelta

from common.clock import now
from common.versions import read_version
from faq.models import Entry
from faq.services import REVIEW_AFTER
from tests.staff.conftest import SignIn
from tests.staff.pages import LIST, page, publish


def test_what_is_due_soon_is_listed_and_reviewed_at_once(sign_in: SignIn) -> None:
    today = now().date()
    overdue, soon, later, draft = (
        publish(question, "x", status=status)
        for question, status in (
            ("Overdue?", "published"), ("Soon?", "published"), ("Later?", "published"), ("Draft?", "draft"),
        )
    )  # fmt: skip
    for entry, days in ((overdue, -1), (soon, 30), (later, 31), (draft, 3)):
        Entry.objects.filter(pk=entry.pk).update(review_by=today + timedelta(days=days), reviewed_on=None)
    support = sign_in("support")
    text = page(support.get(LIST, {"review": "soon"}))
    assert "Soon?" in text and not any(each in text for each in ("Overdue?", "Later?", "Draft?"))
    home = page(support.get("/admin/"))
    assert "Published entries that somebody should read again; 1 more are due within a month." in home

    before = read_version("faq")
    data = {"action": "review_selected", "_selected_action": [overdue.pk, soon.pk, draft.pk]}
    text = page(support.post(LIST, data, follow=True))
    assert "2 reviewed today; next time by" in text and "1 left as they are" in text
    assert read_version("faq") == before + 1
    for entry in (overdue, soon):
        entry.refresh_from_db()
        assert (entry.reviewed_on, entry.review_by) == (today, today + REVIEW_AFTER)
        assert entry.version == 1  # what it says has not changed
        last = entry.history.latest()
        assert (last.history_change_reason, str(last.history_user)) == ("Reviewed: still true", "support")
    draft.refresh_from_db()
    assert draft.reviewed_on is None
