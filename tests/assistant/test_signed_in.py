"""A signed-in visitor's plan is the group's, until the sign-out or the group's end."""

from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from assistant.selectors import plan_of
from assistant.signed_in import signed_in
from assistant.who import Who

VISITOR = "7c9f5a0e-6f0b-4c55-9d2f-0a6c0e6f7b11"


@pytest.mark.django_db
def test_the_plan_follows_the_group_and_the_session(client: Client) -> None:
    user = User.objects.create_user("ada", password="long-enough-for-a-test")
    user.groups.add(Group.objects.create(name="plan-pro"), Group.objects.create(name="readers"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    key = client.session.session_key or ""
    who = Who(visitor_id=UUID(VISITOR), plan="free", session_key=key)

    found = signed_in(key)
    assert found is not None
    assert (found.user_id, found.plan) == (user.pk, "pro")
    assert plan_of(who) == "pro"

    user.groups.clear()
    assert plan_of(who) == "free"

    user.groups.add(Group.objects.get(name="plan-pro"))
    client.logout()
    assert signed_in(key) is None
    assert plan_of(who) == "free"
    assert signed_in("") is None
