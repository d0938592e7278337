"""What staff sent while they were signed out: shown again and sent after signing in, so that no word is lost.

Nothing is stored: the answer to the request holds what it brought. Passwords are never given back.
"""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import csrf

LONG = 60  # characters: what a person wrote, and not an id or a choice


def given_back(request: HttpRequest) -> HttpResponse | None:
    """Return a page with what a form of the admin brought; None where there is nobody to show it to.

    A script that sends for itself reads no page; the sign-in and forms with passwords go their own way.
    """
    if request.method != "POST" or "text/html" not in request.headers.get("accept", ""):
        return None
    fields = [
        (name, value, len(value) > LONG or "\n" in value)
        for name, values in request.POST.lists()
        for value in map(str, values)
        if name != "csrfmiddlewaretoken"
    ]
    if not fields or any("password" in name for name, _, _ in fields):
        return None
    context = {
        **admin.site.each_context(request),
        "fields": fields,
        "files": bool(request.FILES),
        "address": request.get_full_path(),
        "home": reverse("admin:index"),
        "signed_in": request.user.is_authenticated,
    }
    return TemplateResponse(request, "admin/people/signed_out.html", context, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is of an earlier sign-in; only our own pages get back what they sent.

    Another site's form must not come back with a button that sends it in the name of whoever looks at it.
    """
    if request.path == reverse("admin:login"):
        return redirect("admin:login")  # opened before somebody signed in in another tab; it leads on
    ours = request.headers.get("origin") == f"{request.scheme}://{request.get_host()}"
    in_admin = request.path.startswith(reverse("admin:index"))
    page = given_back(request) if ours and in_admin else None
    return page or csrf.csrf_failure(request, reason)
