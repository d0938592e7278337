"""A person, live: what the visitor does, each as one conditional UPDATE, and each as often as they like.

Sync, one hop through the database door each. A visitor's move that comes too late changes nothing; the
caller shows how the live chat stands then.
"""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from assistant import live_states, mail_queue, words
from assistant.languages import note_language, translatable
from assistant.models import Conversation, LiveState, Mailed, Message, Request, RequestEvent
from assistant.person import help_desk, live, live_shown, requests
from assistant.person.requests import HandedOver, RequestRefused, Wish
from assistant.selectors import NotFound, conversation_of
from assistant.services import NotAvailable
from assistant.who import Who
from assistant.words.live import live_words
from common.clock import now
from common.text import clean
from routing import desk

REASON_LIMIT = 400  # code points: a sentence or two
DOINGS = ("accept", "back", "cancel", "decline", "email", "end", "transcript", "writing")


def ask(who: Who, wish: Wish) -> HandedOver:
    """Have a visitor wait for a person in the chat; while one is asked or here already, that stays the one.

    When nobody of the team is there it is a request by e-mail, or with no address RequestRefused with the
    code `nobody_there`. Raises as `requests.create` does.
    """
    earlier = requests.earlier_request(who, wish.client_request_id) or _running(who, wish.conversation_id)
    if earlier is not None:
        return requests.handed_over(earlier, repeated=True)
    can = live_shown.available()
    if not can and not wish.email.strip():
        language = note_language(clean(wish.text), who.language)
        raise RequestRefused("email", live_words(language).nobody_there, "nobody_there")
    try:
        asked = requests.create(who, wish, live=can)
    except IntegrityError:
        # Another tab asked at the same moment.
        running = _running(who, wish.conversation_id)
        if running is None:
            raise
        return requests.handed_over(running, repeated=True)
    return requests.handed_over(asked, repeated=False)


def _running(who: Who, conversation_id: UUID | None) -> Request | None:
    if conversation_id is None:
        return None
    rows = Request.objects.filter(conversation_id=conversation_id, conversation__visitor_id=who.visitor_id)
    return rows.filter(live__in=live_states.RUNNING).first()


def do(who: Who, request_id: UUID, doing: str, email: str = "") -> UUID:
    """Do what a visitor wants with their live chat, and return its conversation.

    Raises NotFound for another visitor's, NotAvailable for what does not fit any more, RequestRefused for an
    address that cannot be answered.
    """
    request = _mine(who, request_id)
    if doing == "writing":
        _rows(request).filter(live=LiveState.WITH_STAFF).update(visitor_writing_at=now())
    elif doing == "email":
        leave_email(request, email or request.email)
    elif doing == "transcript":
        _transcript(request, email)
    else:
        _move(request, doing)
    if request.conversation_id is None:
        raise NotFound("conversation")
    return request.conversation_id


def _mine(who: Who, request_id: UUID) -> Request:
    request = Request.objects.filter(pk=request_id, visitor_id=who.visitor_id).first()
    if request is None or request.conversation_id is None:
        raise NotFound("request")
    conversation_of(who, request.conversation_id)
    return request


def _rows(request: Request) -> Any:
    return Request.objects.filter(pk=request.pk)


MOVE_OF = {"accept": "accept", "decline": "decline", "cancel": "cancel", "back": "return", "end": "end"}
TOO_LATE = {
    LiveState.WITH_STAFF: translatable("Somebody from the team has taken this conversation meanwhile."),
    LiveState.WAITING: translatable("You are waiting for somebody from the team."),
}


def _move(request: Request, doing: str) -> None:
    move = MOVE_OF[doing]
    with transaction.atomic():
        if not live.change(_rows(request), move):
            state = Request.objects.get(pk=request.pk).live
            if state != live_states.MOVES[move].to:
                raise NotAvailable(TOO_LATE.get(LiveState(state), translatable("This live chat has ended.")))
            return
        request.refresh_from_db()
        if move == "accept":
            _rows(request).filter(live_taken_at=None).update(live_taken_at=now())
            live.begin_with(request, request.live_user)
            help_desk.note(
                request, RequestEvent.Kind.TAKEN, request.live_user, "The visitor accepted the offer."
            )
            return
        said = live.words_of(request)
        if move in ("return", "end"):
            live.tell(request, said.back_yourself if move == "return" else said.closed)
        live.settle(request)
        _note(request, move)


NOTES = {
    "return": (RequestEvent.Kind.BACK, "By the visitor."),
    "end": (RequestEvent.Kind.CLOSED, "By the visitor."),
    "cancel": (RequestEvent.Kind.CLOSED, "The visitor did not want to wait."),
    "decline": (RequestEvent.Kind.DECLINED, "By the visitor."),
}


def _note(request: Request, move: str) -> None:
    kind, words = NOTES[move]
    help_desk.note(request, kind, None, words)


def leave_email(request: Request, email: str) -> None:
    """Store where a visitor can be answered; with nobody there it is a request by e-mail from now on."""
    email = requests.checked(clean(email).strip(), request.text, request.language)
    with transaction.atomic():
        _rows(request).exclude(email=email).update(email=email)
        alone = request.live == LiveState.WITH_STAFF and not live.is_there(request.live_user)
        if (request.live == LiveState.WAITING or alone) and live.change(_rows(request), "leave_email"):
            request.refresh_from_db()
            live.settle(request)
            requests.note_nobody_came(request)
            help_desk.note(request, RequestEvent.Kind.FAILED, None, "The visitor prefers an e-mail.")
        request.refresh_from_db()
        if request.live == LiveState.FAILED:
            by_mail(request)
        live.touch(request)


def by_mail(request: Request) -> None:
    """Have a request whose live chat failed answered by e-mail, once: say so, and mail the team."""
    fresh = _rows(request).filter(mail_state=Mailed.MailState.NONE)
    if not request.email or not fresh.update(mail_state=Mailed.MailState.PENDING, mail_reason=""):
        return
    request.refresh_from_db()
    values = desk.settings()
    text = words.received(values, request.language, request.number, request.email, request.answer_by)
    receipt = Message(
        request=request, author=Message.Author.SYSTEM, text=text, html=requests.paragraphs(text)
    )
    receipt.mail_state, receipt.mail_reason = requests.receipt_mail(values, request)
    requests.place(receipt)
    _rows(request).update(state=Request.State.NEW, closed_at=None)
    live.set_state(request, Conversation.State.WAITING)
    mail_queue.send_soon(request, receipt)


def _transcript(request: Request, email: str) -> None:
    email = requests.checked(clean(email).strip() or request.email, request.text, request.language)
    live.request_transcript(request.pk, email)
    live.touch(request)


def rate(who: Who, request_id: UUID, rating: int, reason: str) -> UUID:
    """Store how good a conversation with the team was, 1 to 5, in place of an earlier rating.

    Raises NotFound, and NotAvailable for one in which nobody of the team ever was.
    """
    request = _mine(who, request_id)
    taken = _rows(request).filter(live_taken_at__isnull=False)
    if not taken.update(person_rating=rating, person_rating_reason=clean(reason).strip()[:REASON_LIMIT]):
        raise NotAvailable(live.words_of(request).rate_first)
    help_desk.note(request, RequestEvent.Kind.RATED, None, f"{rating} of 5")
    live.touch(request)
    if request.conversation_id is None:
        raise NotFound("conversation")
    return request.conversation_id
