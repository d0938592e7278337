"""The admin tells times in the desk's time zone, as its settings name it; pages of visitors stay in UTC."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from routing import desk


class DeskTimeMiddleware:
    """Activate the desk's time zone for requests under the admin, and only there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(reverse("admin:index")):
            return self.get_response(request)
        with timezone.override(desk.zone(desk.settings())):
            return self.get_response(request)
