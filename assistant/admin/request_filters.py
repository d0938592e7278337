"""The filters of the request list."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from assistant.models import Mailed, Message, Request
from common.clock import now

# A mail that is still to be sent after this long has met a fault: a worker sends one within seconds.
SLOW = timedelta(minutes=2)
GIVEN_UP = (Mailed.MailState.FAILED, Mailed.MailState.NOT_CONFIGURED)


def unsent_mail(at: datetime) -> Q:
    """Return the condition of requests of which some mail did not go out: given up, or late."""
    late = Q(mail_state=Mailed.MailState.PENDING, created_at__lt=at - SLOW)
    wrong = Q(mail_state__in=GIVEN_UP) | late
    return wrong | Q(Exists(Message.objects.filter(wrong, request=OuterRef("pk"))))


class MailFilter(DropdownFilter):  # type: ignore[misc]
    title = "mail"
    parameter_name = "mail"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("unsent", "A mail was not sent"), ("fine", "All mails sent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        wanted = {"unsent": unsent_mail(now()), "fine": ~unsent_mail(now())}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


class OverdueFilter(DropdownFilter):  # type: ignore[misc]
    title = "promise"
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("yes", "Past the promised time")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(state=Request.State.NEW, answer_by__lt=now())
