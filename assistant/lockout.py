"""The page of an account that is locked after too many wrong passwords."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any = None) -> HttpResponse:
    """Return 429 with a plain message, in the look of the sign-in page; django-axes calls this."""
    wait = timedelta(hours=settings.AXES_COOLOFF_TIME)
    context = {
        **admin.site.each_context(request),
        "attempts": settings.AXES_FAILURE_LIMIT,
        "minutes": round(wait.total_seconds() / 60),
    }
    locked = render(request, "admin/locked_out.html", context, status=429)
    locked["Retry-After"] = str(int(wait.total_seconds()))
    return locked
