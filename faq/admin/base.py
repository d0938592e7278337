"""Unfold's classes with types, and the small marks that the FAQ's pages share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action as unfold_action

F = TypeVar("F", bound=Callable[..., Any])

# Unfold ships no types; its classes keep Django's interface, so Django's stubs stand in for them.
if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.admin.widgets import AdminFileWidget as FileInput
    from django.contrib.admin.widgets import AdminTextareaWidget as Textarea
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin
    from unfold.admin import TabularInline as UnfoldTabularInline
    from unfold.widgets import UnfoldAdminFileFieldWidget as FileInput
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea

    class ModelAdmin(UnfoldModelAdmin):
        def __class_getitem__(cls, item: object) -> type:
            return cls

    class TabularInline(UnfoldTabularInline):
        def __class_getitem__(cls, item: object) -> type:
            return cls


__all__ = ["FileInput", "ModelAdmin", "TabularInline", "Textarea", "action", "badge", "editors_url"]

View = Callable[[HttpRequest], HttpResponse]


def editors_url(page: "ModelAdmin[Any]", route: str, view: View, name: str) -> URLPattern:
    """Return an address of the admin that only those may open who may change this page's rows."""

    def allowed(request: HttpRequest) -> HttpResponse:
        if not page.has_change_permission(request):
            raise PermissionDenied
        return view(request)

    return path(route, page.admin_site.admin_view(allowed), name=name)


def badge(text: str, kind: str = "plain", title: str = "") -> SafeString:
    """Return a small coloured label; the text says what the colour means."""
    return format_html('<span class="desk-badge desk-{}" title="{}">{}</span>', kind, title, text)


def action(**options: Any) -> Callable[[F], F]:
    """Decorate a method as an action of Unfold, keeping its type."""
    return cast(Callable[[F], F], unfold_action(**options))
