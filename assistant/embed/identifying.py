"""What a proven token does: the person talks from now on, and takes along what this browser had said.

One hop through the database door. A token is used up in the transaction that believes it.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from assistant.embed import bearers
from assistant.embed.site_keys import key_of
from assistant.identity import LEEWAY_S, Identity, IdentityRefused, kid_of, verify
from assistant.limits import RateLimited, identity_limiter
from assistant.models import (
    Conversation,
    KnownClaim,
    Request,
    Site,
    SiteSecret,
    Turn,
    UsedToken,
    Visitor,
)
from assistant.privacy.erasing import MOVED
from assistant.token_counts import counts
from assistant.who import Who
from common.clock import now
from common.versions import raise_version

logger = logging.getLogger(__name__)

# As long as a working day: whoever comes back later is named by the site's page again, by a fresh token.
BEARER_S = 12 * 3600
USED_EVERY = timedelta(minutes=1)  # how exact "last used" is: every token would write the same row
CLAIMS_KEPT = 50  # names of a site; more are no names but values


@dataclass(frozen=True)
class Identified:
    """Who talks from now on, by which row if it is a person, and the conversation to be opened."""

    who: Who
    person: Visitor | None = None
    conversation_id: UUID | None = None

    def frame(self) -> dict[str, object]:
        """Return `identified`, the answer to the page."""
        return {
            "type": "identified",
            "verified": self.person is not None,
            "name": self.person.name if self.person else "",
            "email": self.person.email if self.person else "",
            "token": self.who.token,
            "conversation_id": str(self.conversation_id) if self.conversation_id else None,
        }


def signed_out(who: Who) -> Identified:
    """Return somebody new in the same browser: nothing leads from there to who talked before."""
    visitor_id = uuid4()
    token = bearers.issue(who.site, visitor_id) if who.site else ""
    return Identified(replace(who, visitor_id=visitor_id, plan="", session_key="", token=token, kid=""))


def identify(who: Who, token: str, wanted: UUID | None = None, at: datetime | None = None) -> Identified:
    """Let the person talk that a token proves. Raises IdentityRefused, having stored nothing.

    Conversations of `who`, until now known by the browser alone, go along; those of a person stay theirs.
    `wanted` is opened where it is the person's, else what they talked in last.
    """
    at = at or now()
    row: SiteSecret | None = None
    try:
        _count(who)
        row = (
            SiteSecret.objects.select_related("site").filter(kid=kid_of(token), site__is_active=True).first()
        )
        identity = verify(token, key_of(row) if row else None, at)
        if row is None or who.site not in ("", row.site.key):
            raise IdentityRefused("audience", claimed=(identity.site, identity.sub))
        with transaction.atomic():
            _use_up(row, identity, at)
            person = _person(row.site, identity, who, at)
            moved = _bring_along(who, person)
    except IdentityRefused as refused:
        counts.add(refused.reason)
        logger.warning(
            "identity token refused: %s (site %s)", refused.reason, row.site.key if row else "unknown"
        )
        raise
    counts.add("accepted")
    if moved:
        logger.info("%d conversations of a browser belong to a person of %s now", moved, identity.site)
    return Identified(_talking(who, person, row.kid, at), person, _to_open(person.pk, wanted))


def _talking(who: Who, person: Visitor, kid: str, at: datetime) -> Who:
    until = int(at.timestamp()) + BEARER_S
    return replace(
        who,
        visitor_id=person.pk,
        plan=person.plan,
        session_key="",
        site=person.site,
        token=bearers.issue(person.site, person.pk, until, kid),
        kid=kid,
    )


def is_other(who: Who, refused: IdentityRefused) -> bool:
    """Return whether a token that proves nobody is of somebody else than who talks now.

    A site that has signed another person in must not go on as the one before because a token failed.
    """
    row = Visitor.objects.filter(pk=who.visitor_id).only("site", "external_id").first()
    return row is not None and bool(row.external_id) and (row.site, row.external_id) != refused.claimed


def sweep(at: datetime) -> int:
    """Forget the ids of tokens that are refused by their time anyway; return how many."""
    return UsedToken.objects.filter(expires_at__lt=at).delete()[0]


def _count(who: Who) -> None:
    try:
        identity_limiter().take(who)
    except RateLimited as limited:
        raise IdentityRefused("too_many", f"Go on in {limited.retry_after} s.") from None


def _use_up(row: SiteSecret, identity: Identity, at: datetime) -> None:
    try:
        with transaction.atomic():
            kept_until = identity.expires_at + timedelta(seconds=2 * LEEWAY_S)
            UsedToken.objects.create(site=row.site, jti=identity.jti, expires_at=kept_until)
    except IntegrityError:
        raise IdentityRefused("used", claimed=(identity.site, identity.sub)) from None
    if row.used_at is None or at - row.used_at > USED_EVERY:
        SiteSecret.objects.filter(pk=row.pk).update(used_at=at)
    _note_claims(row.site, identity, at)


def _note_claims(site: Site, identity: Identity, at: datetime) -> None:
    known = set(KnownClaim.objects.filter(site=site).values_list("name", flat=True))
    room = max(0, CLAIMS_KEPT - len(known))
    fresh = [name for name in sorted(identity.claims) if name not in known][:room]
    KnownClaim.objects.bulk_create(
        [KnownClaim(site=site, name=name, seen_at=at) for name in fresh], ignore_conflicts=True
    )
    KnownClaim.objects.filter(site=site, name__in=identity.claims, seen_at__isnull=True).update(seen_at=at)


def _person(site: Site, identity: Identity, who: Who, at: datetime) -> Visitor:
    """Return the site's person, known by (site, sub) and nothing else, with what the token says of them."""
    said = {
        "name": identity.name,
        "email": identity.email,
        "plan": identity.plan,
        "claims": dict(identity.claims),
        "identified_at": at,
    }
    person, _ = Visitor.objects.update_or_create(
        site=site.key,
        external_id=identity.sub,
        defaults=said,
        create_defaults={**said, "language": who.language},
    )
    return person


def _bring_along(who: Who, person: Visitor) -> int:
    """Give the person what this browser said before it was known whose it is; return how many conversations.

    The browser is proven by its own signed value, the person by the token. What belongs to a person
    already, of whichever site, is never taken over.
    """
    if who.visitor_id == person.pk:
        return 0
    browser = Visitor.objects.select_for_update().filter(pk=who.visitor_id).first()
    if browser is None or browser.is_person:
        return 0
    _keep_apart(who.visitor_id, person.pk)
    moved = Conversation.objects.filter(visitor_id=who.visitor_id).update(visitor_id=person.pk)
    Turn.objects.filter(visitor_id=who.visitor_id).update(visitor_id=person.pk)
    requests = Request.objects.filter(visitor_id=who.visitor_id).update(visitor_id=person.pk)
    if moved or requests:
        raise_version(MOVED)
    return moved


def _keep_apart(browser: UUID, person: UUID) -> None:
    """Give messages of the browser new ids where the person used the same: ids are the page's own choice."""
    for turn in Turn.objects.filter(
        visitor_id=browser,
        client_message_id__in=Turn.objects.filter(visitor_id=person).values("client_message_id"),
    ):
        Turn.objects.filter(pk=turn.pk).update(client_message_id=turn.pk.hex)
    for request in Request.objects.filter(
        visitor_id=browser,
        client_request_id__in=Request.objects.filter(visitor_id=person).values("client_request_id"),
    ):
        Request.objects.filter(pk=request.pk).update(client_request_id=request.pk.hex)


def _to_open(visitor_id: UUID, wanted: UUID | None) -> UUID | None:
    rows = Conversation.objects.filter(visitor_id=visitor_id)
    if wanted is not None and rows.filter(pk=wanted).exists():
        return wanted
    latest = rows.exclude(state=Conversation.State.CLOSED).order_by("-updated_at")
    return latest.values_list("pk", flat=True).first()
