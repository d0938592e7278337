"""The sites that embed the chat, as the socket and the pages ask for them."""

import logging
from collections.abc import Collection
from dataclasses import replace

from assistant.embed import bearers, site_keys
from assistant.guests import Guest, Standing, lists
from assistant.languages import DEFAULT, supported
from assistant.protocol import SIGN_IN, FrameError
from assistant.site_models import Site
from assistant.who import Who
from common.clock import now

logger = logging.getLogger(__name__)


def active(key: str) -> Site | None:
    """Return the site with this key, None for an unknown one and for one that is switched off."""
    return Site.objects.filter(key=key, is_active=True).first()


def origins_of(site: Site) -> tuple[str, ...]:
    """Return the origins that may show the site's chat, in the order in which staff wrote them."""
    return tuple(dict.fromkeys(line.strip() for line in site.origins.splitlines() if line.strip()))


def allows(site: Site, origin: str) -> bool:
    """Return whether a page of this origin may show the site's chat, by scheme, host and port."""
    return lists(origins_of(site), origin)


def bearer(who: Who, token: str | None) -> Who:
    """Return whom a token names on the visitor's site; without one the visitor stays who it is.

    Either has the token that the frame shall present from now on. Raises FrameError with `sign_in` for one
    that is not good here.
    """
    if token is None:
        return replace(who, token=who.token or bearers.issue(who.site, who.visitor_id))
    found = bearers.read(token, who.site)
    if found is None:
        raise FrameError("sign_in", SIGN_IN)
    kept = token if found.until else bearers.issue(who.site, found.visitor_id)
    return replace(who, visitor_id=found.visitor_id, token=kept, kid=found.kid)


def standing(guests: Collection[Guest]) -> Standing:
    """Return what holds now for some visitors of embedded chats, read at once for all."""
    rows = Site.objects.filter(key__in={guest.site for guest in guests}, is_active=True)
    kids = {guest.kid for guest in guests if guest.kid}
    good = site_keys.good(kids, now()) if kids else frozenset()
    return Standing({row.key: origins_of(row) for row in rows}, good)


def admit(who: Who, token: str | None, around: str = "") -> Who:
    """Let a visitor of an embedded chat in, or go on being there.

    Raises FrameError: `refused`, or `sign_in` for a token that is good no more.
    """
    who = replace(who, around=around or who.around)
    try:
        let_in = bearer(who, token)
    except FrameError:
        # A site that is off refuses whatever the token: to begin as somebody new would lead nowhere.
        _hold(replace(who, kid=""))
        raise
    _hold(let_in)
    return let_in


def _hold(who: Who) -> None:
    guest = who.guest
    against = standing([guest]).against(guest)
    if against is None:
        return
    logger.warning(
        "chat refused on the site %s (%s): %s; see Sites in the admin", guest.site, guest.around, against
    )
    raise against


def greeting_of(key: str, language: str) -> str:
    """Return what the site says in a language in place of the desk's greeting, "" for nothing of its own."""
    site = Site.objects.filter(key=key).only("greeting", "in_languages").first()
    return said_by(site, "greeting", language) if site else ""


def said_by(site: Site, name: str, language: str) -> str:
    """Return a text of a site in a language: its words for that one, else those of the field itself."""
    own = site.in_languages.get(supported(language) or DEFAULT) or {}
    return str(own.get(name) or getattr(site, name))


def in_each(site: Site, name: str) -> dict[str, str]:
    """Return a text of a site by the languages that it has words of their own for."""
    return {language: texts[name] for language, texts in site.in_languages.items() if texts.get(name)}
