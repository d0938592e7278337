"""What staff's own calls cost stands beside the visitors' figures, in words, and in a budget apart."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from common import clock
from routing import budget, rollup
from routing.beside import beside
from routing.errors import BudgetExhausted
from routing.models import Budget, Purpose
from routing.recorder import settle_call, start_call
from tests.routing.ledger import attempt, result

pytestmark = pytest.mark.django_db


def called(purpose: str) -> int:
    now = clock.now()
    start = attempt(purpose=purpose, started_at=now)
    start_call(start)
    end = result(ended_at=now)
    settle_call(start, end)
    return end.cost_pico or 0


def test_drafts_are_a_row_of_their_own_and_no_visitors_figure(client: Client) -> None:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_metrics"))
    client.force_login(user)
    address = reverse("admin:metrics")
    assert 'id="beside"' not in client.get(address).content.decode()
    cost = called("staff_draft") + called("staff_draft")
    called("visitor")
    called("demo")
    rollup.roll_up(clock.now())

    text = client.get(address).content.decode()
    assert 'data-purpose="staff_draft"' in text and "answers they drafted or rewrote for staff" in text
    assert 'data-purpose="visitor"' not in text and 'data-purpose="demo"' not in text
    now = clock.now()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    (row,) = beside(day, now.replace(second=0, microsecond=0).replace(year=now.year + 1))
    assert (row.purpose, row.calls, row.cost_pico) == ("staff_draft", 2, cost)


def test_drafts_that_are_spent_leave_visitors_their_money() -> None:
    now = clock.now()
    with pytest.raises(BudgetExhausted, match="drafts"):
        budget.reserve(Purpose.STAFF_DRAFT, now, 10**15)
    budget.reserve(Purpose.STAFF_DRAFT, now, 5 * 10**12)
    with pytest.raises(BudgetExhausted):
        budget.reserve(Purpose.STAFF_DRAFT, now, 1)
    budget.reserve(Purpose.VISITOR, now, 10**12)
    assert set(Budget.objects.values_list("scope", flat=True)) == {"drafts", "all"}
