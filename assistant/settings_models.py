"""What the team has set for the whole desk: one row."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class AssistantSettings(models.Model):
    """The one row in which the team says who the assistant is; part of every prompt's version."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=60, default="Support assistant")
    greeting = models.CharField(max_length=300, default="Ask me anything about our product.")
    tone = models.CharField(max_length=300, blank=True)
    house_instructions = models.TextField(blank=True)
    contact = models.CharField(max_length=200, blank=True, help_text="Where a person can be reached.")
    privacy_url = models.URLField(blank=True)
    link_hosts = models.TextField(
        blank=True, help_text="Hosts that answers may link to, one a line; other links become plain text."
    )
    time_zone = models.CharField(max_length=60, default="UTC")
    hours = models.CharField(max_length=120, blank=True, help_text="When people answer, in words.")
    opening_hours = models.TextField(blank=True)
    closed_on = models.TextField(blank=True)
    answer_within_hours = models.PositiveSmallIntegerField(default=8)
    confirm_requests = models.BooleanField(default=True)
    live_chat = models.BooleanField(default=True)
    live_wait_minutes = models.PositiveSmallIntegerField(
        default=3, validators=(MinValueValidator(1), MaxValueValidator(60))
    )
    live_shows_name = models.BooleanField(default=True)
    staff_email = models.EmailField(blank=True)
    alert_emails = models.TextField(blank=True)
    daily_cost_cap_usd = models.DecimalField(max_digits=10, decimal_places=4, default=5)
    monthly_cost_cap_usd = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    visitor_messages_a_minute = models.PositiveIntegerField(default=60)
    address_messages_a_minute = models.PositiveIntegerField(default=1200)
    visitor_usd_an_hour = models.DecimalField(
        max_digits=10, decimal_places=4, default=1, null=True, blank=True
    )
    address_usd_an_hour = models.DecimalField(
        max_digits=10, decimal_places=4, default=5, null=True, blank=True
    )
    label_faq = models.CharField(max_length=60, default="Approved answer")
    label_lite = models.CharField(max_length=60, default="AI answer")
    label_heavy = models.CharField(max_length=60, default="AI answer, larger model")
    # What the team says itself, by language and by the name of one of the texts above.
    in_languages = models.JSONField(default=dict, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "assistant settings"

    def __str__(self) -> str:
        return "Assistant settings"
