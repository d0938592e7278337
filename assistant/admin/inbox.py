"""The inbox: who waits for a person, and the conversation with the one that is open, live.

Every button is a form's button and works without the script. The script asks `news` every second and a half:
a plain request that holds a thread for some milliseconds, the same in every process and without Redis.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from assistant import mail_queue
from assistant.admin import inbox_shown as shown
from assistant.limits import RateLimited
from assistant.models import LiveState, Request, RequestEvent
from assistant.person import inbox, live, live_shown, requests, summaries, transcripts
from common.clock import now
from common.text import clean
from faq import index

PERMISSION = "assistant.use_inbox"
ANSWER_LIMIT = 20_000  # characters of a mail
NOTE_LIMIT = 400
FAQ_SHOWN = 8
STATE_BADGES = {
    LiveState.OFFERED: "info", LiveState.WAITING: "warn", LiveState.WITH_STAFF: "good",
    LiveState.BACK: "plain", LiveState.CLOSED: "plain", LiveState.FAILED: "bad",
}  # fmt: skip


def staff(request: HttpRequest) -> User:
    """Return who asks. Raises PermissionDenied for whoever may not use the inbox."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm(PERMISSION):
        raise PermissionDenied
    return user


def waiting(request: HttpRequest) -> str:
    """Return how many visitors wait at this moment, for the menu; nothing when none does."""
    count = inbox.waiting()
    return str(count) if count else ""


def _row(request_id: UUID) -> Request:
    row = shown.found(request_id)
    if row is None:
        raise Http404("There is no such request.")
    return row


# ---- the page ------------------------------------------------------------------------------------


def page(
    site: AdminSite, request: HttpRequest, request_id: UUID | None = None, typed: str = ""
) -> HttpResponse:
    """Show the list, and beside it the conversation that is open."""
    user = staff(request)
    row = _row(request_id) if request_id else None
    context = {
        **site.each_context(request),
        "title": f"Inbox: request no. {row.number}" if row else "Inbox",
        "subtitle": None,
        **_list(inbox.lines(user, now()), row.pk if row else None),
        **(_pane(user, row, inbox.sign_of(row, now())) if row else {}),
        "typed": typed,
        "limit": live.SAY_LIMIT if row and _mode(row, user) == "live" else ANSWER_LIMIT,
        "note_limit": NOTE_LIMIT,
    }
    return TemplateResponse(request, "admin/desk/inbox.html", context)


def _list(found: list[inbox.Line], opened: UUID | None) -> dict[str, Any]:
    sections = [
        (name, title, [line for line in found if line.section == name]) for name, title in inbox.SECTIONS
    ]
    return {
        "sections": sections,
        "opened": opened,
        "list_sign": inbox.sign_of_list(found),
        "nothing": not found,
    }


def _pane(user: User, row: Request, sign: str) -> dict[str, Any]:
    """Return what the parts of an open conversation show."""
    may_read = user.has_perm("assistant.view_conversation")
    at = now()
    return {
        "row": row,
        "sign": sign,
        "mode": _mode(row, user),
        "mine": row.live == LiveState.WITH_STAFF and row.live_user_id == user.pk,
        "owner": inbox.name_of(row.live_user),
        "state_words": row.get_live_display() if row.live else row.get_state_display(),
        "state_badge": STATE_BADGES.get(LiveState(row.live), "plain") if row.live else "plain",
        "visitor_name": inbox.visitor_name(row.visitor),
        "here": inbox.is_here(row, at),
        # Of what is done, nobody looks whether its visitor is still there.
        "left": row.conversation_id and (row.live in inbox.RUNNING or row.state == Request.State.NEW),
        "writing": inbox.is_writing(row, at),
        "overdue": requests.overdue(row, at),
        "acts": _acts(row, user, at),
        "answer_label": _answer_label(row),
        "thread": shown.thread(row, may_read),
        "facts": shown.facts(row, may_read),
        "handed": shown.handed_over(row) if may_read else None,
        "summary": summaries.of(row),
        "history": shown.history(row),
        "sent": [(each, mail_queue.said(each, at)) for each in shown.transcripts(row)],
        "may_read": may_read,
    }


def _mode(row: Request, user: User) -> str:
    """Return how this colleague may write: `live`, `mail`, or not at all."""
    if row.live == LiveState.WITH_STAFF:
        return "live" if row.live_user_id == user.pk else ""
    if row.live in (LiveState.WAITING, LiveState.OFFERED) or not (row.email or row.conversation_id):
        return ""
    return "mail"


def _answer_label(row: Request) -> str:
    if row.email:
        return f"Answer to {row.email} by e-mail, and in the chat"
    return "Answer in the chat; the visitor has left no e-mail address"


def _acts(row: Request, user: User, at: Any) -> list[tuple[str, str, bool]]:
    """Return the buttons above a conversation: verb, words, and whether it is the one to press."""
    live_state, mine = row.live, row.live_user_id == user.pk
    if live_state == LiveState.WAITING:
        return [("take", "Take", True), ("close", "Close", False)]
    if live_state == LiveState.WITH_STAFF and mine:
        return [
            ("back", "Hand back to the assistant", False),
            ("release", "Release to colleagues", False),
            ("close", "Close", False),
        ]
    if live_state == LiveState.WITH_STAFF:
        return [] if live.is_there(row.live_user) else [("take", "Take over", True)]
    if live_state == LiveState.BACK:
        return [("take", "Take again", False)]
    acts: list[tuple[str, str, bool]] = []
    if live_state in (LiveState.NONE, LiveState.FAILED) and row.conversation_id and inbox.is_here(row, at):
        acts.append(("offer", "Offer a live chat", False))
    if row.state == Request.State.CLOSED:
        return [*acts, ("reopen", "Make it new again", False)]
    return [*acts, ("close", "Close", False)]


# ---- what is new ---------------------------------------------------------------------------------


def news(request: HttpRequest) -> HttpResponse:
    """Answer what has changed since the signs that the page names, and note that its reader is there.

    A POST, as it notes who is available and who is writing.
    """
    user = staff(request)
    said = request.POST
    if said.get("available") == "1":
        live.present(user)
    else:
        if said.get("available") == "0":
            live.absent(user)
        live.looking(user)
    opened = _opened(said.get("open", ""))
    if opened is not None and said.get("writing") == "1":
        live.writing(opened.pk, user)
    lines = inbox.lines(user, now())
    answer: dict[str, Any] = {
        "now": now().isoformat(),
        "waiting": [str(line.pk) for line in lines if line.section == "waiting"],
        "offered": _offered(user, now()),
    }
    if said.get("list") != inbox.sign_of_list(lines):
        answer["list"] = _rendered(request, "_inbox_list", _list(lines, opened.pk if opened else None))
    # Before the parts are read: what comes meanwhile is news for the next look.
    sign = inbox.sign_of(opened, now()) if opened is not None else ""
    if opened is not None and said.get("sign") != sign:
        context = _pane(user, opened, sign)
        answer |= {"mode": context["mode"], "seen": opened.answers, "sign": sign}
        answer["parts"] = {
            name: _rendered(request, f"_inbox_{name}", context) for name in ("head", "thread", "facts")
        }
    return JsonResponse(answer)


def _offered(user: User, at: Any) -> str:
    """Return in words whether visitors are offered a live chat at this moment, and why not."""
    by_mail = "visitors are offered an answer by e-mail."
    if not live_shown.settings().get("live_chat", True):
        return f"Live chat is switched off in the assistant settings: {by_mail}"
    if not live_shown.is_open(at):
        return f"Outside the opening hours {by_mail}"
    there = set(live_shown.there().values_list("pk", flat=True))
    if not there:
        return f"Nobody is available: {by_mail}"
    if user.pk in there:
        return "Visitors are offered a live chat."
    return "A colleague is available: visitors are offered a live chat."


def _opened(raw: str) -> Request | None:
    try:
        return shown.found(UUID(raw))
    except ValueError:
        return None


def _rendered(request: HttpRequest, name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"admin/desk/{name}.html", context, request)


# ---- what is done --------------------------------------------------------------------------------


def say(site: AdminSite, request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Store what a colleague writes in a live chat; the same id is stored once.

    Without the script a refused message comes back in the field.
    """
    user, row = staff(request), _row(request_id)
    live.looking(user)
    text, message_id = str(request.POST.get("text", "")), str(request.POST.get("client_message_id", ""))
    try:
        message = live.say(row.pk, user, text, message_id)
    except live.LiveRefused as refused:
        if _wants_json(request):
            return JsonResponse({"problem": refused.message}, status=409)
        messages.error(request, refused.message)
        return page(site, request, request_id, text)
    else:
        if _wants_json(request):
            return JsonResponse({"key": f"message-{message.pk}"})
    return redirect("admin:inbox_request", row.pk)


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


def act(site: AdminSite, request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Do what the pressed button says, and lead back to the conversation."""
    user, row = staff(request), _row(request_id)
    live.looking(user)
    verb = str(request.POST.get("do", ""))
    if verb == "answer":
        typed = str(request.POST.get("text", ""))
        if not _answer(request, user, row, typed):
            return page(site, request, request_id, typed)
        return redirect(f"{address_of(row)}?sent=1")  # by which the script knows that the draft is over
    note = clean(str(request.POST.get("note", "")))[:NOTE_LIMIT]
    try:
        done = ACTS[verb](row, user, note) if verb in ACTS else ""
    except live.TakenMeanwhile:
        owner = inbox.name_of(_row(request_id).live_user) or "A colleague"
        messages.warning(request, f"{owner} has taken this conversation meanwhile.")
    except (live.LiveRefused, requests.RequestRefused) as refused:
        messages.error(request, refused.message)
    else:
        if done:
            messages.success(request, done)
    return redirect("admin:inbox_request", row.pk)


# Each does one thing to a request and returns what to say of it: nothing where the page shows it anyway.


def _take(row: Request, user: User, note: str) -> str:
    live.take(row.pk, user)
    return ""


def _back(row: Request, user: User, note: str) -> str:
    live.give_back(row.pk, user)
    return "The assistant answers again."


def _release(row: Request, user: User, note: str) -> str:
    live.release(row.pk, user)
    return "Released: your colleagues see it as waiting."


def _offer(row: Request, user: User, note: str) -> str:
    live.offer(row.pk, user)
    return ""


def _close(row: Request, user: User, note: str) -> str:
    live.end(row, user, note)
    return f"Request no. {row.number} is closed."


def _reopen(row: Request, user: User, note: str) -> str:
    requests.reopen(row, user)
    return f"Request no. {row.number} is new again."


def _summary(row: Request, user: User, note: str) -> str:
    summaries.order(row, user)
    return ""


def _send_transcript(row: Request, user: User, note: str) -> str:
    if row.conversation is None:
        raise requests.RequestRefused("text", "There is no conversation to send.", "empty")
    try:
        made = transcripts.send(row.conversation, row.email, row.language, user)
    except RateLimited as limited:
        minutes = max(1, round(limited.retry_after / 60))
        words = "this address, or this conversation, has had its share of transcripts"
        raise live.LiveRefused(f"Not sent: {words}. The next one can go out in {minutes} min.") from None
    return f"The transcript is on its way to {made.email}."


ACTS: Mapping[str, Callable[[Request, User, str], str]] = {
    "take": _take,
    "back": _back,
    "release": _release,
    "offer": _offer,
    "close": _close,
    "reopen": _reopen,
    "summary": _summary,
    "transcript": _send_transcript,
}


def _answer(request: HttpRequest, user: User, row: Request, typed: str) -> bool:
    """Send an answer by e-mail; False, with the reason shown, when that could not be."""
    if len(typed) > ANSWER_LIMIT:
        messages.error(request, f"The answer is too long: {len(typed):,} of {ANSWER_LIMIT:,} characters.")
        return False
    seen = str(request.POST.get("seen", ""))
    try:
        requests.answer(row.pk, user, typed, int(seen) if seen.isdecimal() and len(seen) < 5 else -1)
    except requests.RequestRefused as refused:
        messages.error(request, refused.message)
        return False
    except requests.TakenMeanwhile:
        last = row.events.filter(kind=RequestEvent.Kind.ANSWERED).select_related("user").last()
        who = inbox.name_of(last.user) if last else "Somebody"
        messages.warning(
            request,
            f"{who} has answered since you opened this page: read it above. Yours was not sent; it is still "
            "in the field, and goes out when you press the button again.",
        )
        return False
    sent = f", and on its way to {row.email}" if row.email else "; there is no address to mail it to"
    messages.success(request, f"Stored, shown in the chat{sent}.")
    return True


# ---- the FAQ -------------------------------------------------------------------------------------

_LINK = re.compile(r"\[([^\]]+)\]\((\S+?)\)")
_FENCE = re.compile(r"^ *(?:```|~~~)[^\n]*\n?", re.MULTILINE)
_MARKS = re.compile(r"\*\*|(?<!\w)__|__(?!\w)|`|^#{1,6} ", re.MULTILINE)


def plain(answer: str) -> str:
    """Return an approved answer as plain text: what staff write is no Markdown."""
    return _MARKS.sub("", _FENCE.sub("", _LINK.sub(r"\1: \2", answer))).strip()


def faq(request: HttpRequest) -> HttpResponse:
    """Answer the approved answers nearest to what was typed, for the composer."""
    staff(request)
    wanted = clean(str(request.GET.get("q", "")))[:300].strip()
    index.refresh()
    ids = dict.fromkeys(passage.entry_id for passage in index.nearest_passages(wanted, limit=3 * FAQ_SHOWN))
    entries = [entry for entry in map(index.entry, ids) if entry is not None] if wanted else index.starters()
    found = [
        {"question": entry.question, "answer": plain(entry.answer), "language": entry.language}
        for entry in list(entries)[:FAQ_SHOWN]
    ]
    return JsonResponse({"entries": found})


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the addresses of the inbox, for the admin site's own list."""

    def listed(request: HttpRequest) -> HttpResponse:
        return page(site, request)

    def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
        return page(site, request, request_id)

    # Whoever had to sign in before something could be sent is led back to the address that it was sent to.
    def done(request: HttpRequest, request_id: UUID) -> HttpResponse:
        return act(site, request, request_id) if request.method == "POST" else back(request_id)

    def said(request: HttpRequest, request_id: UUID) -> HttpResponse:
        return say(site, request, request_id) if request.method == "POST" else back(request_id)

    def back(request_id: UUID) -> HttpResponse:
        return redirect("admin:inbox_request", request_id)

    return [
        path("inbox/", site.admin_view(require_GET(listed)), name="inbox"),
        path("inbox/news/", site.admin_view(require_POST(news)), name="inbox_news"),
        path("inbox/faq/", site.admin_view(require_GET(faq)), name="inbox_faq"),
        path("inbox/<uuid:request_id>/", site.admin_view(require_GET(one)), name="inbox_request"),
        path("inbox/<uuid:request_id>/do/", site.admin_view(done), name="inbox_do"),
        path("inbox/<uuid:request_id>/say/", site.admin_view(said), name="inbox_say"),
    ]


def address_of(row: Request) -> str:
    """Return where a request stands in the inbox."""
    return reverse("admin:inbox_request", args=[row.pk])
