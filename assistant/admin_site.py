"""The admin site of the desk: Unfold's, with the pages that belong to no single model."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite

from assistant.people import kept, switches

View = Callable[..., HttpResponse]


class DeskAdminConfig(AdminConfig):
    default_site = "assistant.admin_site.DeskAdminSite"


class DeskAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """The one admin site; its name stays `admin`, so `admin:...` addresses stay Django's."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the page that knows of the company's sign-in and the second factor, where there are any."""
        if not switches.is_on(settings.ENV):
            return super().login(request, extra_context)  # type: ignore[no-any-return]
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied  # that page would send them straight back here
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': wanted})}")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Guard a page; what a form brings of somebody who was signed out meanwhile is not thrown away."""
        guarded: View = super().admin_view(view, cacheable)

        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST" and not request.user.is_authenticated:
                back = kept.given_back(request)
                if back is not None:
                    return back
            return guarded(request, *args, **kwargs)

        return update_wrapper(page, guarded)

    def extra_urls(self) -> list[URLPattern]:
        """Return the pages beside the models; Unfold puts them in front of its own."""
        # This module is read before the apps are ready; the views need their models.
        from assistant.admin.backtests import urls as backtest_urls
        from assistant.admin.connection import urls as connection_urls
        from assistant.admin.flows import urls as flow_urls
        from assistant.admin.help_desk import urls as help_desk_urls
        from assistant.admin.inbox import urls as inbox_urls
        from assistant.admin.inbox_figures import urls as inbox_figure_urls
        from assistant.admin.locate import locate_reply, locate_turn
        from assistant.admin.rehearse import rehearse
        from assistant.admin.service_levels import urls as service_level_urls
        from assistant.admin.site_secrets import urls as site_secret_urls
        from assistant.admin.transfer import urls as transfer_urls
        from assistant.admin.try_page import try_question
        from assistant.admin.visitor_data import erase_visitor, export_visitor, visitor_data
        from faq.admin.confidence import urls as confidence_urls
        from faq.admin.health import urls as health_urls
        from faq.admin.review import urls as review_urls
        from routing.admin.breakers import urls as breaker_urls
        from routing.admin.cost import urls as cost_urls
        from routing.admin.flips import urls as flip_urls
        from routing.admin.metrics import urls as metrics_urls
        from routing.admin.rule_sets import urls as rule_set_urls
        from routing.admin.setup import set_up

        return [
            path("try/", self.admin_view(try_question), name="try"),
            path("rehearse/", self.admin_view(rehearse), name="rehearse"),
            path("models/set-up/", self.admin_view(set_up), name="setup_models"),
            path("visitor-data/", self.admin_view(visitor_data), name="visitor_data"),
            path(
                "visitor-data/<uuid:visitor_id>/export/",
                self.admin_view(export_visitor),
                name="visitor_export",
            ),
            path(
                "visitor-data/<uuid:visitor_id>/erase/", self.admin_view(erase_visitor), name="visitor_erase"
            ),
            path("reply/<uuid:reply_id>/", self.admin_view(locate_reply), name="reply"),
            path("turn/<uuid:turn_id>/", self.admin_view(locate_turn), name="turn"),
            *flow_urls(self),
            *site_secret_urls(self),
            *connection_urls(self),
            *confidence_urls(self),
            *health_urls(self),
            *review_urls(self),
            *metrics_urls(self),
            *cost_urls(self),
            *rule_set_urls(self),
            *breaker_urls(self),
            *service_level_urls(self),
            *flip_urls(self),
            *transfer_urls(self),
            *backtest_urls(self),
            *inbox_urls(self),
            *inbox_figure_urls(self),
            *help_desk_urls(self),
        ]
