"""The web sites that embed the chat: who may frame it, how it looks there, and how they vouch for people."""

import uuid

from django.db import models


class Site(models.Model):
    """A web site with the widget. Its key is public: it stands in the page's source."""

    class Position(models.TextChoices):
        RIGHT = "right", "Right"
        LEFT = "left", "Left"

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    is_active = models.BooleanField(default=True)
    origins = models.TextField(
        blank=True, help_text="Addresses that may show the chat, one a line, such as https://www.example.com."
    )
    accent = models.CharField(max_length=7, blank=True, help_text="A colour such as #0a6e5c.")
    position = models.CharField(max_length=5, choices=Position.choices, default=Position.RIGHT)
    launcher_label = models.CharField(max_length=40, blank=True)
    greeting = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=12, blank=True, help_text="Empty follows the visitor's browser.")
    in_languages = models.JSONField(default=dict, blank=True, editable=False)  # by language and name
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class SiteSecret(models.Model):
    """A key with which a site signs who its visitors are; two may be valid while one replaces the other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="secrets")
    kid = models.CharField(max_length=40, unique=True)
    secret = models.TextField()  # encrypted, see assistant/embed/site_keys.py
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.kid


class UsedToken(models.Model):
    """The id of an identity token that has been used; kept until the token would have expired anyway."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    jti = models.CharField(max_length=120)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["site", "jti"], name="a_token_is_used_once"),)

    def __str__(self) -> str:
        return self.jti


class KnownClaim(models.Model):
    """A custom claim that a site sends, by its name only, so that a rule's form can offer it."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="claims")
    name = models.CharField(max_length=32)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["site", "name"], name="a_claim_of_a_site_stands_once"),
        )

    def __str__(self) -> str:
        return self.name
