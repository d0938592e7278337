"""Inviting, inviting again, unlocking: the acts on the Users page that are no edit of a row."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from assistant.models import AssistantSettings
from assistant.people import factors, lockouts
from assistant.people.forms import InviteForm
from assistant.people.invitations import (
    CannotInvite,
    Invitation,
    add_person,
    is_invited,
    send_invitation,
)
from routing.admin.base import ModelAdmin


def standing_of(user: User) -> dict[str, Any]:
    """Return what the page of a user says above its form."""
    return {
        "locked_from": lockouts.addresses_of(user),
        "minutes": round(settings.AXES_COOLOFF_TIME * 60),
        "invited": is_invited(user),
        "second_factor": factors.has_second_factor(user),
    }


def invite(page: ModelAdmin[User], request: HttpRequest) -> HttpResponse:
    """Show the form, and for a sent one add the person and mail the link."""
    if not page.has_add_permission(request):
        raise PermissionDenied
    form = InviteForm(request.POST) if request.method == "POST" else InviteForm()
    if form.is_valid():
        data = form.cleaned_data
        try:
            user = add_person(data["email"], data["first_name"], data["last_name"], data["role"])
        except CannotInvite as refusal:
            form.add_error("email", str(refusal))
        else:
            page.log_addition(request, user, f"Invited as {data['role']}.")
            return _sent(page, request, user)
    return _page(page, request, {"form": form})


def _sent(page: ModelAdmin[User], request: HttpRequest, user: User) -> HttpResponse:
    desk = (AssistantSettings.objects.first() or AssistantSettings()).name
    by = request.user
    inviter = (by.get_full_name() if isinstance(by, User) else "") or by.get_username()
    invitation = send_invitation(user, inviter, desk)
    if not invitation.problem and settings.ENV.mail is not None:
        messages.success(request, f"An invitation is on its way to {user.email}.")
        return redirect(reverse("admin:auth_user_changelist"))
    return _page(page, request, {"invitation": invitation, "mail_folder": settings.EMAIL_FILE_PATH})


def _page(page: ModelAdmin[User], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    invitation: Invitation | None = context.get("invitation")
    return TemplateResponse(
        request,
        "admin/people/invite.html",
        {
            **admin.site.each_context(request),
            "title": f"Invitation of {invitation.user}" if invitation else "Invite a colleague",
            "opts": User._meta,
            **context,
        },
    )


def _changeable(page: ModelAdmin[User], request: HttpRequest, pk: int) -> User:
    """Return the user; refused to whoever may not change it, a superuser by anybody but another one."""
    user = get_object_or_404(User, pk=pk)
    if not page.has_change_permission(request, user):
        raise PermissionDenied
    return user


def _back(user: User) -> HttpResponse:
    return redirect(reverse("admin:auth_user_change", args=[user.pk]))


@require_POST
def invite_again(request: HttpRequest, page: ModelAdmin[User], pk: int) -> HttpResponse:
    """Send the link once more to somebody who has not been here yet."""
    user = _changeable(page, request, pk)
    try:
        response = _sent(page, request, user)
    except CannotInvite as refusal:
        messages.error(request, str(refusal))
        return _back(user)
    page.log_change(request, user, "Invited again.")
    return response


@require_POST
def unlock(request: HttpRequest, page: ModelAdmin[User], pk: int) -> HttpResponse:
    """Take the lock off an account, from every address."""
    user = _changeable(page, request, pk)
    if lockouts.unlock(user):
        page.log_change(request, user, "Unlocked.")
        messages.success(request, f"{user} can sign in again.")
    else:
        messages.info(request, f"{user} was not locked any more.")
    return _back(user)


@require_POST
def drop_factor(request: HttpRequest, page: ModelAdmin[User], pk: int) -> HttpResponse:
    """Remove the second factor of somebody who has lost it."""
    user = _changeable(page, request, pk)
    if factors.drop(user):
        page.log_change(request, user, "Second factor removed.")
        messages.success(request, f"{user} signs in with the password alone until a new code is set up.")
    return _back(user)
