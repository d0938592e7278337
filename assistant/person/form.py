"""The form of the plain page on which a visitor writes to the team without the chat."""

import re
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from assistant.languages import translatable
from assistant.translating import said

TOKEN = re.compile(r"[0-9a-f]{32}")
TOO_LONG = translatable("This is too long: {over} over the limit of {limit} characters.")
TEXT_LIMIT = 4_000  # code points, as for the form in the chat


def new_token() -> str:
    """Return what makes sending the same form twice one request."""
    return uuid4().hex


class PersonForm(forms.Form):
    """E-mail and message; the service that stores them has the last word on both."""

    email = forms.CharField(
        label=_("Your e-mail address"),
        max_length=254,
        error_messages={"required": _("Please give an e-mail address, so that the team can answer.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    text = forms.CharField(
        label=_("What should they know?"),
        strip=False,
        error_messages={"required": _("Please say in a few words what it is about.")},
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    with_conversation = forms.BooleanField(
        label=_("Send my last conversation with the assistant along"), required=False, initial=True
    )
    token = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, has_conversation: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_conversation:
            del self.fields["with_conversation"]

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\0", "").replace("\r\n", "\n").strip()
        if not text:
            raise forms.ValidationError(_("Please say in a few words what it is about."))
        if len(text) > TEXT_LIMIT:
            over = len(text) - TEXT_LIMIT
            raise forms.ValidationError(said(TOO_LONG, get_language() or "", over=over, limit=TEXT_LIMIT))
        return text

    def clean_token(self) -> str:
        """Return the token, a new one for a form that came without: nobody can mend a hidden field."""
        token = str(self.cleaned_data["token"])
        return token if TOKEN.fullmatch(token) else new_token()

    def mark_errors(self) -> str:
        """Tie each error to its field for screen readers; return the name of the first wrong field."""
        first = ""
        for name, field in self.fields.items():
            if name in self.errors:
                field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"{name}-error"}
                if not first:
                    field.widget.attrs["autofocus"] = True
                first = first or name
        return first
