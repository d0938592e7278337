"""The first page of the admin: what is to be done today, by role, instead of a list of tables."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from assistant.admin.decision import route_names
from assistant.admin.filters import ENDINGS
from assistant.admin.request_filters import unsent_mail
from assistant.models import LiveState, Reply, Request
from common.clock import now
from common.money import usd
from faq import health_shown, notices, review_count
from faq.models import Entry
from routing import caring
from routing.admin.budgets import WARN_SHARE
from routing.admin.marks import key_status, retirement
from routing.caps import OWN_SCOPES
from routing.models import CatalogueModel, CatalogueNotice, FlipRecord, Purpose, Route
from routing.standing import standing

DAYS_BACK = 7
ROWS = 5


@dataclass(frozen=True)
class Step:
    """One thing to look at: a number or a word, what it means, and where it leads."""

    title: str
    figure: str
    text: str
    url: str
    icon: str
    kind: str = "plain"


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the home page with the groups of steps that the user may take."""
    groups = [(title, steps()) for title, permission, steps in GROUPS if request.user.has_perm(permission)]
    complaints = _complaints() if request.user.has_perm("assistant.view_conversation") else []
    return {**context, "title": "Home", "groups": groups, "complaints": complaints, "days_back": DAYS_BACK}


def _link(name: str, **query: str) -> str:
    address = reverse(f"admin:{name}")
    return f"{address}?{urlencode(query)}" if query else address


def _since() -> Any:
    return now() - timedelta(days=DAYS_BACK)


def _support() -> list[Step]:
    first_day = f"{_since().date():%Y-%m-%d}"
    recent = Reply.objects.filter(purpose=Purpose.VISITOR, created_at__gte=_since())
    downs = recent.filter(rating=-1).values("conversation").distinct().count()
    failed = recent.filter(ENDINGS["unfinished"]).values("conversation").distinct().count()
    return [
        Step(
            "Try a question",
            "Try",
            "See which answer a visitor would get, and why.",
            _link("try"),
            "science",
            "lead",
        ),
        Step(
            "Thumbs down",
            str(downs),
            f"Conversations of the last {DAYS_BACK} days with an answer that somebody did not like.",
            _link("assistant_conversation_changelist", thumbs="down", updated_at_from=first_day),
            "thumb_down",
            "bad" if downs else "good",
        ),
        Step(
            "Failed or cut short",
            str(failed),
            f"Conversations of the last {DAYS_BACK} days with an answer that did not end well.",
            _link("assistant_conversation_changelist", answer="unfinished", updated_at_from=first_day),
            "error",
            "warn" if failed else "good",
        ),
    ]


def _inbox() -> list[Step]:
    waiting = Request.objects.filter(live=LiveState.WAITING).count()
    talking = Request.objects.filter(live=LiveState.WITH_STAFF).count()
    return [
        Step(
            "Waiting in the chat",
            str(waiting),
            "Visitors who wait for one of you now. While your inbox is open, others are offered a chat too.",
            _link("inbox"),
            "forum",
            "bad" if waiting else "good",
        ),
        Step("Talking now", str(talking), "Visitors in a chat with one of you.", _link("inbox"), "groups"),
    ]


def _requests() -> list[Step]:
    new = Request.objects.filter(state=Request.State.NEW)
    overdue = new.filter(answer_by__lt=now()).count()
    unsent = Request.objects.filter(unsent_mail(now())).exclude(state=Request.State.CLOSED).count()
    count = new.count()
    steps = [
        Step(
            "New requests",
            str(count),
            "Visitors who asked for one of you and wait for an answer.",
            _link("assistant_request_changelist", state__exact=Request.State.NEW),
            "support_agent",
            "warn" if count else "good",
        ),
        Step(
            "Past their promise",
            str(overdue),
            "New requests whose visitor was told an earlier time.",
            _link("assistant_request_changelist", overdue="yes"),
            "alarm",
            "bad" if overdue else "good",
        ),
    ]
    if unsent:
        steps.append(
            Step(
                "Mail not sent",
                str(unsent),
                "Requests of which a mail did not go out: each says why, and can be sent again.",
                _link("assistant_request_changelist", mail="unsent"),
                "mail_off",
                "bad",
            )
        )
    return steps


def _faq() -> list[Step]:
    drafts = Entry.objects.filter(status=Entry.Status.DRAFT).count()
    overdue = Entry.objects.filter(status=Entry.Status.PUBLISHED, review_by__lt=now().date()).count()
    soon = health_shown.due_soon(now().date()).count()
    published = Entry.objects.filter(status=Entry.Status.PUBLISHED).count()
    waiting = review_count.held()
    return [
        *(
            Step(each.title, each.figure, each.text, _link("faq_confidence"), each.icon, each.kind)
            for each in notices.notices()
        ),
        Step(
            "To review",
            str(waiting),
            "Questions that the FAQ nearly answered, answered wrongly, or should answer.",
            _link("faq_review"),
            "rate_review",
            "info" if waiting else "good",
        ),
        Step(
            "Published answers",
            str(published),
            "Entries that visitors and models can be answered from.",
            _link("faq_entry_changelist", status__exact=Entry.Status.PUBLISHED),
            "menu_book",
        ),
        Step(
            "Drafts",
            str(drafts),
            "Entries that nobody sees yet: finish and publish them.",
            _link("faq_entry_changelist", status__exact=Entry.Status.DRAFT),
            "edit_note",
            "info" if drafts else "good",
        ),
        Step(
            "Past their review date",
            str(overdue),
            f"Published entries that somebody should read again; {soon} more are due within a month.",
            _link("faq_entry_changelist", review="overdue"),
            "event_busy",
            "warn" if overdue else "good",
        ),
    ]


def _figures() -> list[Step]:
    changes = FlipRecord.objects.filter(changed_at__gte=_since())
    worse = sum(bool(row) for row in changes.values_list("worse", flat=True))
    return [
        Step(
            "Metrics",
            "Open",
            "Requests, times, cost and targets for each route.",
            _link("metrics"),
            "monitoring",
            "lead",
        ),
        Step(
            "Changes",
            str(changes.count()),
            f"Of models, prompts and rules in the last {DAYS_BACK} days; {worse} made something worse.",
            _link("routing_fliprecord_changelist"),
            "swap_vert",
            "warn" if worse else "plain",
        ),
        _spend(),
    ]


def _spend() -> Step:
    visitors = [each for each in standing(now()) if each.pot.scope not in OWN_SCOPES]
    day = visitors[0]  # the desk's own day stands first
    nearest = max(visitors, key=lambda each: each.share if each.pot.cap > 0 else 0.0)
    share = day.share if nearest is day else nearest.share
    worst = f" {share:.0%} of the budget for {nearest.name} is used." if nearest is not day else ""
    return Step(
        "Spent today",
        usd(day.spent),
        f"On visitors, of a daily cap of {usd(day.pot.cap)}.{worst if share >= WARN_SHARE else ''}",
        _link("routing_budget_changelist"),
        "payments",
        "bad" if share >= 1 else "warn" if share >= WARN_SHARE else "plain",
    )


def _machinery() -> list[Step]:
    today = now().date()
    on_ladders = CatalogueModel.objects.filter(steps__isnull=False).distinct().prefetch_related("prices")
    asked = CatalogueModel.objects.filter(pk__in=list(caring.ladders_by_model()))  # not those of the draft
    ending = [model for model in asked if retirement(model.retires_on, today)]
    ready = {model.pk for model in on_ladders if key_status(model).kind != "warn"}
    routes = Route.objects.filter(Q(kind=Route.Kind.MODEL), enabled=True).prefetch_related("steps")
    stuck = [route for route in routes if not ready & {step.model_id for step in route.steps.all()}]
    return [
        Step(
            "Routes without a model",
            str(len(stuck)),
            ", ".join(route.name for route in stuck)
            or "Every route has at least one model that can be asked.",
            _link("setup_models" if stuck else "routing_route_changelist"),
            "alt_route",
            "bad" if stuck else "good",
        ),
        Step(
            "Models that retire",
            str(len(ending)),
            ", ".join(model.label for model in ending) or "No model on a ladder retires soon.",
            _link("routing_cataloguemodel_changelist", life="soon"),
            "event",
            "bad" if ending else "good",
        ),
        *_care(),
    ]


def _care() -> list[Step]:
    """Return a step for each model that the daily check found not to answer as it should."""
    found = [
        notice
        for notice in caring.notices()
        if notice.kind not in (CatalogueNotice.Kind.RETIRED, CatalogueNotice.Kind.RETIRES)
    ][:ROWS]
    return [_care_step(notice, caring.pressing(notice, now())) for notice in found]


def _care_step(notice: CatalogueNotice, pressing: bool) -> Step:
    return Step(
        f"{notice.model}: {notice.get_kind_display().lower()}",
        "Act" if pressing else "Notice",
        notice.detail,
        _link("routing_cataloguemodel_changelist", life="care"),
        "build",
        "bad" if pressing else "warn",
    )


def _complaints() -> list[dict[str, Any]]:
    replies = (
        Reply.objects.filter(rating=-1, purpose=Purpose.VISITOR, created_at__gte=_since())
        .select_related("turn")
        .only("id", "route", "rating_reason", "rating_comment", "created_at", "turn__text", "conversation_id")
        .order_by("-created_at")[:ROWS]
    )
    names = route_names()
    return [
        {
            "reply": reply,
            "route": names.get(reply.route, reply.route),
            "url": reverse("admin:reply", args=[reply.pk]),
        }
        for reply in replies
    ]


GROUPS: tuple[tuple[str, str, Callable[[], list[Step]]], ...] = (
    ("Inbox", "assistant.use_inbox", _inbox),
    ("Requests for a person", "assistant.view_request", _requests),
    ("Conversations", "assistant.view_conversation", _support),
    ("FAQ", "faq.view_entry", _faq),
    ("Figures", "routing.view_metrics", _figures),
    ("Models and routes", "routing.view_route", _machinery),
)
