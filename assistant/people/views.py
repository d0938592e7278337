"""Pages for people who are on their way in: asking for a new password, and setting one."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import views
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy

from assistant import mailing
from assistant.models import AssistantSettings
from assistant.people import lockouts
from assistant.people.forms import NewPasswordForm, ResetForm
from assistant.people.invitations import tokens
from assistant.people.limits import TooMany, Window

HOUR_S = 3600
# A person forgets one password; an office behind one address has a bad morning.
by_email = Window(3, HOUR_S)
by_address = Window(20, HOUR_S)


def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Too many requests",
        "minutes": -(-error.retry_after // 60),
    }
    response = render(request, "admin/people/too_many.html", context, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response


class ForgottenPassword(views.PasswordResetView):
    """Ask for a link by mail. Known and unknown addresses get the same answer."""

    form_class = ResetForm
    template_name = "admin/people/password_reset.html"
    email_template_name = "admin/people/password_reset_mail.txt"
    subject_template_name = "admin/people/password_reset_subject.txt"
    success_url = reverse_lazy("admin_password_reset_done")

    def form_valid(self, form: Any) -> HttpResponse:
        if settings.ENV.rate_limits:
            try:
                by_address.take(self.request.META.get("REMOTE_ADDR", ""))
                by_email.take(form.cleaned_data["email"].lower())
            except TooMany as error:
                return _too_many(self.request, error)
        # Links lead to the desk's own address, whatever host the request claims.
        self.extra_email_context = {
            "address": mailing.address_of(""),
            "desk": (AssistantSettings.objects.first() or AssistantSettings()).name,
        }
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            **admin.site.each_context(self.request),
            "title": "New password",
            "mail_works": mailing.configured(),
        }


class ResetSent(views.PasswordResetDoneView):
    """Say what happens next."""

    template_name = "admin/people/password_reset_sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            **admin.site.each_context(self.request),
            "title": "Look into your mail",
        }


class NewPassword(views.PasswordResetConfirmView):
    """Set a password by a link that works once."""

    form_class = NewPasswordForm
    template_name = "admin/people/new_password.html"
    success_url = reverse_lazy("admin:login")
    heading = "New password"

    def get_user(self, uidb64: str) -> User | None:
        """Return whom a link is for: nobody once the account was switched off, as nobody signs in with it."""
        user: User | None = super().get_user(uidb64)
        return user if user and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user: User = form.user
        lockouts.unlock(user)  # who can read this mail need not wait out somebody's guesses
        messages.success(self.request, f"Your password is set. Sign in as {user.get_username()}.")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            **admin.site.each_context(self.request),
            "title": self.heading,
            "person": getattr(self, "user", None),
        }


class AcceptInvitation(NewPassword):
    """Set the first password by the link of an invitation."""

    token_generator = tokens
    heading = "Welcome"
