"""The inbox: who asked for a person, what was said, and the answer by e-mail and in the chat."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from assistant import mail_queue
from assistant.admin import inbox_shown
from assistant.admin.receipt import transcript
from assistant.admin.request_filters import GIVEN_UP, SLOW, MailFilter, OverdueFilter
from assistant.admin.searching import parsed_uuid
from assistant.admin.vouched import vouched
from assistant.models import Mailed, Message, Request
from assistant.person import inbox, live, requests
from common.clock import now
from common.text import shorten
from routing import desk
from routing.admin.base import ReadOnlyAdmin, badge
from routing.admin.filters import DayFilter

STATE_BADGES = {"new": "warn", "answered": "good", "closed": "plain"}
NEW_FIRST = Case(When(state=Request.State.NEW, then=Value(0)), default=Value(1)).asc()
TURNS_SHOWN = 30  # the last ones; the conversation's own page has them all
ANSWER_LIMIT = 20_000  # characters; more than any mail that is read to its end


def new_requests(request: HttpRequest) -> str:
    """Return how many requests wait, for the menu; nothing when none does."""
    count = Request.objects.filter(state=Request.State.NEW).count()
    return str(count) if count else ""


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin[Request]):
    """Rows are not edited: they are answered, closed, reopened, and their mails sent again."""

    list_display = ("subject", "standing", "reason", "asked", "promise")
    list_filter = (
        ("created_at", DayFilter),
        ("state", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        OverdueFilter,
        MailFilter,
    )
    list_filter_submit = True
    ordering = (NEW_FIRST, "-number")
    search_fields = ("text", "email")
    search_help_text = "Words of the request, an e-mail address, a number, or a visitor's id"

    def has_change_permission(self, request: HttpRequest, obj: Request | None = None) -> bool:
        return bool(request.user.has_perm("assistant.change_request"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Request]:
        return super().get_queryset(request).prefetch_related("messages")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Request], search_term: str
    ) -> tuple[QuerySet[Request], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found_id = parsed_uuid(term)
        if found_id is not None:
            return queryset.filter(Q(pk=found_id) | Q(visitor_id=found_id)), False
        wanted = Q(text__icontains=term) | Q(email__icontains=term)
        digits = term.lstrip("#")
        if digits.isdecimal() and len(digits) < 10:
            wanted |= Q(number=int(digits))
        return queryset.filter(wanted), False

    # -- the list --------------------------------------------------------------------------------

    @admin.display(description="Request", ordering="number")
    def subject(self, obj: Request) -> SafeString:
        return format_html(
            "{}<small class='desk-sub'>no. {}, {}</small>",
            shorten(obj.text, 70),
            obj.number,
            obj.email or "no e-mail address",
        )

    @admin.display(description="State", ordering="state")
    def standing(self, obj: Request) -> SafeString:
        marks = [badge(obj.get_state_display(), STATE_BADGES[obj.state])]
        marks += [_mail_badge(row) for row in (obj, *obj.messages.all()) if _went_wrong(row)][:1]
        return format_html_join(" ", "{}", ((mark,) for mark in marks))

    @admin.display(description="Asked", ordering="created_at")
    def asked(self, obj: Request) -> Any:
        return obj.created_at

    @admin.display(description="Answer promised by", ordering="answer_by")
    def promise(self, obj: Request) -> Any:
        if obj.answer_by and requests.overdue(obj, now()):
            return badge("Overdue", "bad", f"Promised by {localtime(obj.answer_by):%Y-%m-%d %H:%M}")
        return obj.answer_by or "no promise"

    # -- one request -----------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a request with its transcript; a POST does what its button says."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such request.")
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        typed = ""
        if request.method == "POST":
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            typed = str(request.POST.get("text", ""))
            if self._act(request, row, typed):
                return redirect(request.path)
            row = Request.objects.get(pk=row.pk)
        return self._page(request, row, typed, extra_context)

    def _act(self, request: HttpRequest, row: Request, typed: str) -> bool:
        """Do what the pressed button says; False when the page is to be shown again with what was typed."""
        wanted, _, of = str(request.POST.get("do", "")).partition(":")
        if wanted == "answer":
            return _answer(request, row, typed)
        if wanted in ("close", "reopen"):
            _set(request, row, wanted)
            return not typed.strip()  # what was typed for an answer stays in the field
        if wanted == "mail":
            again = next((mail for mail in (row, *row.messages.all()) if _mail_name(mail) == of), None)
            if again is not None:
                mail_queue.send_again(again)
                messages.success(request, "The mail is about to be sent again. Load the page anew to see.")
        return True

    def _page(
        self, request: HttpRequest, row: Request, typed: str, extra: dict[str, Any] | None
    ) -> HttpResponse:
        hosts = desk.settings().get("link_hosts") or ()
        link_entries = request.user.has_perm("faq.view_entry")
        turns = []
        if row.conversation is not None and request.user.has_perm("assistant.view_conversation"):
            recent = row.conversation.turns.prefetch_related("replies").order_by("-ordinal")
            turns = list(recent[:TURNS_SHOWN])[::-1]
        rows = row.messages.select_related("user").order_by("created_at")
        return TemplateResponse(
            request,
            "admin/desk/request.html",
            {
                **self.admin_site.each_context(request),
                "title": f"Request no. {row.number}",
                "subtitle": None,
                "opts": self.opts,
                "request_row": row,
                "state_badge": STATE_BADGES[row.state],
                "overdue": requests.overdue(row, now()),
                "mail": _mail_view(row),
                "written": [(message, _mail_view(message)) for message in rows],
                "turns": transcript(turns, hosts, link_entries),
                **vouched(row.visitor),
                "history": inbox_shown.history(row),
                "may_use_inbox": request.user.has_perm("assistant.use_inbox"),
                "typed": typed,
                "language": inbox_shown.language_name(row.language) if row.language else "",
                "running": row.live in inbox.RUNNING,
                "owner": inbox.name_of(row.live_user),
                "limit": ANSWER_LIMIT,
                "may_change": self.has_change_permission(request, row),
                **(extra or {}),
            },
        )


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _set(request: HttpRequest, row: Request, wanted: str) -> None:
    """Close a request, or make it new again."""
    try:
        if wanted == "close":
            live.end(row, _user(request))
        elif row.live in inbox.RUNNING:
            raise live.LiveRefused("The live chat of this request is still running.")
        else:
            requests.reopen(row, _user(request))
    except live.LiveRefused as refused:
        messages.error(request, refused.message)
    else:
        done = "closed" if wanted == "close" else "new again"
        messages.success(request, f"Request no. {row.number} is {done}.")


def _answer(request: HttpRequest, row: Request, typed: str) -> bool:
    """Store and send the typed answer; False, with the reason shown, when that could not be."""
    given = str(request.POST.get("seen", ""))
    seen = int(given) if given.isdecimal() and len(given) < 5 else -1
    if len(typed) > ANSWER_LIMIT:
        messages.error(request, f"The answer is too long: {len(typed):,} of {ANSWER_LIMIT:,} characters.")
        return False
    try:
        requests.answer(row.pk, _user(request), typed, seen)
    except requests.RequestRefused as refused:
        messages.error(request, refused.message)
        return False
    except requests.TakenMeanwhile:
        messages.warning(request, _taken(row))
        return False
    sent = f", and on its way to {row.email}" if row.email else "; there is no address to mail it to"
    messages.success(request, f"Stored, shown in the chat{sent}.")
    return True


def _taken(row: Request) -> str:
    last = (
        row.messages.filter(author=Message.Author.STAFF).select_related("user").order_by("created_at").last()
    )
    who = last.user.get_username() if last and last.user else "Somebody"
    return (
        f"{who} has answered since you opened this page: read it below. Yours was not sent; it is still in "
        "the field, and goes out when you press the button again."
    )


def _mail_name(row: Mailed) -> str:
    """Return by which name a "send again" button names a mail."""
    return f"{mail_queue.kind_of(row)}-{row.pk}"


def _went_wrong(row: Mailed) -> bool:
    waiting = row.mail_state == Mailed.MailState.PENDING
    late = waiting and (bool(row.mail_reason) or _stored_at(row) < now() - SLOW)
    return row.mail_state in GIVEN_UP or late


def _stored_at(row: Mailed) -> datetime:
    return row.created_at if isinstance(row, (Request, Message)) else now()


def _mail_badge(row: Mailed) -> SafeString:
    return badge("Mail not sent", "bad", mail_queue.said(row, now()))


def _mail_view(row: Mailed) -> dict[str, Any]:
    """Return what became of a mail as the page shows it."""
    wrong = _went_wrong(row)
    sent = row.mail_state == Mailed.MailState.SENT
    return {
        "label": "Mail sent" if sent else row.get_mail_state_display(),
        "badge": "good" if sent else "bad" if wrong else "plain",
        "words": mail_queue.said(row, now()),
        "again": wrong,
        "of": _mail_name(row),
    }
