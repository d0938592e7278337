"""How a site vouches for its people: its secrets, each shown once, and the claims that rules may use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminTextInputWidget

from assistant.embed.site_keys import new_secret, opened, retire
from assistant.identity import CLAIM_NAME, OVERLAP
from assistant.models import KnownClaim, Site, SiteSecret
from common.clock import now

MOST_SECRETS = 10  # that are not out of use; two are enough while one takes the other's place
SHOWN_RETIRED = 10


class ClaimForm(forms.Form):
    """A claim that staff want to use in rules before the site has sent it."""

    name = forms.CharField(
        label="Another claim",
        max_length=32,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Its name as your server writes it, such as seats: small letters, digits and _.",
    )

    def clean_name(self) -> str:
        """Refuse what a token could not have."""
        name: str = self.cleaned_data["name"].strip()
        if not CLAIM_NAME.fullmatch(name):
            raise forms.ValidationError("Small letters, digits and _, beginning with a letter.")
        return name


@dataclass(frozen=True)
class SecretView:
    """One secret as the page shows it, without itself."""

    kid: str
    pk: str
    made: datetime
    used: datetime | None
    until: datetime | None
    state: str
    badge: str
    good: bool


def view_of(row: SiteSecret, at: datetime) -> SecretView:
    """Return a secret's row with its state in words."""
    until = row.retired_at + OVERLAP if row.retired_at else None
    state, kind = "In use", "good"
    if until is not None:
        state, kind = ("Retired", "plain") if until <= at else ("Runs out", "warn")
    elif not opened(row.secret):
        state, kind = "Cannot be read: SECRET_KEY was changed", "bad"
    return SecretView(
        row.kid, str(row.pk), row.created_at, row.used_at, until, state, kind, until is None or until > at
    )


def site_identity(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a site's secrets and claims; a POST does what its button says."""
    if not request.user.has_perm("assistant.view_sitesecret"):
        raise PermissionDenied
    site = Site.objects.filter(pk=pk).first()
    if site is None:
        raise Http404("There is no such site.")
    if request.method != "POST":
        return _page(request, site, ClaimForm(), None)
    if not request.user.has_perm("assistant.change_sitesecret"):
        raise PermissionDenied
    with transaction.atomic():
        # One after the other: a double click finds what its first half has stored.
        list(Site.objects.select_for_update().filter(pk=pk))
        return _act(request, site)


def _act(request: HttpRequest, site: Site) -> HttpResponse:
    wanted, _, of = str(request.POST.get("do", "")).partition(":")
    if wanted == "make":
        if (made := _make(request, site, of)) is not None:
            return _page(request, site, ClaimForm(), made)  # no redirect: this answer alone has the secret
    elif wanted == "claim":
        if (form := _offer(request, site)).errors:
            return _page(request, site, form, None)
    elif wanted in ("retire", "refuse"):
        _retire(request, site, of, at_once=wanted == "refuse")
    else:
        messages.error(request, "Nothing was done: this page has no such button. Load it again.")
    return redirect(request.path)


def _offer(request: HttpRequest, site: Site) -> ClaimForm:
    form = ClaimForm(request.POST)
    if form.is_valid():
        KnownClaim.objects.get_or_create(site=site, name=form.cleaned_data["name"])
        messages.success(request, "The rules' form offers it now.")
    return form


def _page(
    request: HttpRequest, site: Site, form: ClaimForm, made: tuple[SiteSecret, str] | None
) -> HttpResponse:
    at = now()
    secrets = [view_of(row, at) for row in site.secrets.order_by("-created_at")]
    return TemplateResponse(
        request,
        "admin/desk/site_identity.html",
        {
            **admin.site.each_context(request),
            "title": f"Identity of {site.name}",
            "site": site,
            "good": [row for row in secrets if row.good],
            "retired": [row for row in secrets if not row.good][:SHOWN_RETIRED],
            "make": f"make:{newest.pk}" if (newest := _newest(site)) else "make:",
            "claims": KnownClaim.objects.filter(site=site),
            "form": form,
            "made": {"kid": made[0].kid, "secret": made[1]} if made else None,
            "may_change": request.user.has_perm("assistant.change_sitesecret"),
            "overlap_hours": int(OVERLAP.total_seconds() // 3600),
        },
        headers={"Cache-Control": "no-store"},
    )


def _newest(site: Site) -> SiteSecret | None:
    return site.secrets.order_by("-created_at", "-pk").first()


def _make(request: HttpRequest, site: Site, seen: str) -> tuple[SiteSecret, str] | None:
    """Make a secret, unless one was made since the page was opened: its newest was `seen`."""
    at, newest = now(), _newest(site)
    if newest is not None and str(newest.pk) != seen:
        messages.error(
            request,
            f"No secret was made: {newest.kid} was, after this page had been opened, and was shown to who "
            "made it. If nobody has copied it, refuse it at once and make another one.",
        )
        return None
    if sum(view_of(row, at).good for row in site.secrets.all()) >= MOST_SECRETS:
        messages.error(request, f"There are {MOST_SECRETS} secrets: retire those that no server uses.")
        return None
    made = new_secret(site)
    _note(request, site, f"Made the secret {made[0].kid}.")
    return made


def _retire(request: HttpRequest, site: Site, pk: str, at_once: bool) -> None:
    row = next((row for row in site.secrets.all() if str(row.pk) == pk), None)
    if row is None:
        messages.error(request, "Nothing was changed: this site has no such secret.")
        return
    # What a page of before says must not bring back for a day what is refused already.
    if row.retired_at and (not at_once or row.retired_at + OVERLAP <= now()):
        messages.info(request, f"Nothing was changed: {row.kid} was retired before.")
        return
    retire(row, now(), at_once)
    words = "is refused from now on" if at_once else "is refused from this time tomorrow on"
    _note(request, site, f"The secret {row.kid} {words}.")
    messages.success(request, f"{row.kid} {words}.")


def _note(request: HttpRequest, site: Site, words: str) -> None:
    user: Any = request.user
    LogEntry.objects.log_actions(user.pk, [site], CHANGE, change_message=words, single_object=True)


def urls(of: Any) -> list[URLPattern]:
    """Return the page's address under an admin site."""
    return [path("sites/<int:pk>/identity/", of.admin_view(site_identity), name="site_identity")]


def known_claims() -> set[str]:
    """Return the names of claims that sites have sent or staff have entered, for the rules' form."""
    return set(KnownClaim.objects.values_list("name", flat=True))
