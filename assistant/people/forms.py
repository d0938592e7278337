"""The forms of people coming in, in the admin's look."""

import threading
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.contrib.auth.models import User
from django.template import loader
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from assistant.people.outgoing import hand_over
from assistant.roles import ROLES
from routing.admin.base import LineField

if TYPE_CHECKING:
    UserPasswordForm = SetPasswordForm[User]
else:
    UserPasswordForm = SetPasswordForm  # generic for the type checker only

ROLE_WORDS = {
    "support": "support: conversations, requests, FAQ, rules",
    "manager": "manager: figures and what changed",
    "admin": "admin: everything but making superusers",
}


class InviteForm(forms.Form):
    """Who is invited, and into which role."""

    email = forms.EmailField(
        label="E-mail",
        max_length=150,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off", "autofocus": True}),
        help_text="They sign in with it.",
    )
    first_name = LineField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget())
    last_name = LineField(max_length=150, required=False, widget=UnfoldAdminTextInputWidget())
    role = forms.ChoiceField(
        choices=[(role, ROLE_WORDS[role]) for role in ROLES], widget=UnfoldAdminSelectWidget()
    )

    def clean_email(self) -> str:
        """Refuse a domain that mail would not reach, or that only looks like another one."""
        address: str = self.cleaned_data["email"]
        domain = address.rpartition("@")[2].lower()
        try:
            sent = domain.encode("idna").decode("idna")
        except UnicodeError:
            sent = ""
        if sent != domain and not (sent and domain.isascii()):
            raise forms.ValidationError(
                "No mail would get there: what follows the @ has signs that cannot be seen, or that stand "
                "for another domain."
            )
        return address.lower()


class ResetForm(PasswordResetForm):
    """Asks for a new password. Whether an address is known is not to be learned from it."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Hand the mail over in a thread: an answer that waits for a mail server would tell who is known."""
        subject = loader.render_to_string(subject_template_name, context)
        text = loader.render_to_string(email_template_name, context)
        threading.Thread(target=hand_over, args=(to_email, subject, text)).start()


class NewPasswordForm(UserPasswordForm):
    """A new password, typed twice."""

    new_password1 = forms.CharField(
        label="New password",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "autofocus": True}),
        help_text="At least eight characters, no common password, and not like your name or address.",
    )
    new_password2 = forms.CharField(
        label="Once more",
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
