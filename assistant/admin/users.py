"""The people who sign in. Rights come from the three groups alone; only a superuser makes another one."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from assistant.admin import invite
from assistant.people.invitations import is_invited
from assistant.people.lockouts import with_locks
from faq.admin.base import action
from routing.admin.base import ModelAdmin, badge

admin.site.unregister(User)
admin.site.unregister(Group)  # the groups are those of assistant/roles.py, set again at every migrate


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin[User]):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "roles", "standing", "last_login")
    list_filter = ("groups", "is_active")
    actions = None
    actions_list = ("invite_colleague",)
    change_form_outer_before_template = "admin/people/user_before.html"
    filter_horizontal = ()
    formfield_overrides = {ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}}
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": (("first_name", "last_name"), "email")}),
        (
            "Rights",
            {
                "fields": ("groups", "is_active", "is_staff", "is_superuser"),
                "description": "What each group may see and change is written down in docs/roles.md.",
            },
        ),
        ("Dates", {"fields": (("last_login", "date_joined"),)}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return with_locks(super().get_queryset(request)).prefetch_related("groups")

    def get_urls(self) -> list[URLPattern]:
        acts = (
            ("unlock", invite.unlock),
            ("invite_again", invite.invite_again),
            ("drop_factor", invite.drop_factor),
        )
        urls: list[URLPattern] = super().get_urls()
        return [
            *(
                path(
                    f"<int:pk>/{name}/", self.admin_site.admin_view(view), {"page": self}, f"auth_user_{name}"
                )
                for name, view in acts
            ),
            *urls,
        ]

    @action(description="Invite", url_path="invite", icon="person_add", permissions=["add"])
    def invite_colleague(self, request: HttpRequest) -> HttpResponse:
        """Add a colleague by mail."""
        return invite.invite(self, request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        user = kwargs.get("obj")
        if isinstance(user, User) and self.has_change_permission(request, user):
            context["standing"] = invite.standing_of(user)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Else a member of the admin group could set a superuser's password and become one.
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # A person who leaves is made inactive: their name stays in the audit trail.
        return False

    @admin.display(description="Name", ordering="last_name")
    def full_name(self, obj: User) -> str:
        return obj.get_full_name() or "–"

    @admin.display(description="Role")
    def roles(self, obj: User) -> SafeString | str:
        marks = [badge(group.name, "plain") for group in obj.groups.all()]
        if obj.is_superuser:
            marks.append(badge("superuser", "info"))
        return format_html_join(" ", "{}", ((mark,) for mark in marks)) or "none"

    @admin.display(description="Standing")
    def standing(self, obj: User) -> SafeString:
        if not obj.is_active:
            return badge("inactive", "plain", "Cannot sign in.")
        if getattr(obj, "locked", False):
            return badge("locked", "bad", "Too many wrong passwords; open the account to unlock it.")
        if is_invited(obj):
            return badge("invited", "info", "Has not set a password yet.")
        return badge("active", "good")
