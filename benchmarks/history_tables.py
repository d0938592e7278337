"""The tables that a generated history is written into, with the columns in the order in which they come."""

from django.db import models

from assistant.models import Conversation, Reply, Request, Turn, Visitor
from faq.models import AskedQuestion
from routing.models import HourRow, MinuteRow, ModelCall, RouteOutcome

# What differs from day to day stands first.
TABLES: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "visitors": (Visitor, ("id", "created_at", "plan", "language")),
    "conversations": (Conversation, ("id", "visitor_id", "created_at", "updated_at", "state", "title")),
    "turns": (
        Turn, ("id", "conversation_id", "visitor_id", "client_message_id", "created_at", "ordinal", "text"),
    ),
    "asked": (
        AskedQuestion,
        (
            "uuid", "created_at", "candidates", "text", "normalised", "confidence", "threshold",
            "shown_entry", "route", "judged_by", "label", "language",
        ),
    ),
    "replies": (
        Reply,
        (
            "id", "turn_id", "conversation_id", "created_at", "started_at", "ended_at", "decision", "route",
            "tier", "answering_model", "cause", "state", "ended_by", "ordinal", "text", "html",
            "config_number", "escalated", "first_text_ms", "total_ms", "rating", "resolved",
        ),
    ),
    "outcomes": (
        RouteOutcome,
        (
            "reply_id", "turn_id", "conversation_id", "ended_at", "route", "tier", "answering_model", "cause",
            "state", "ended_by", "plan", "queue_ms", "match_ms", "first_text_ms", "total_ms", "attempts",
            "escalated_after", "escalated_by", "feedback", "resolved", "input_tokens", "output_tokens",
            "cost_pico", "heavy_cost_pico", "rolled_up", "config_number", "fallbacks", "continued",
            "truncated", "assumed",
        ),
    ),
    "calls": (
        ModelCall,
        (
            "id", "reply_id", "turn_id", "started_at", "ended_at", "purpose", "route", "tier", "plan",
            "provider", "asked_model", "answering_model", "config_number", "attempt", "cause",
            "first_text_ms", "duration_ms", "input_tokens", "output_tokens", "cost_pico", "finish_reason",
            "error_class", "http_status", "partial_output", "error_detail", "rolled_up",
        ),
    ),
    "requests": (
        Request,
        (
            "id", "visitor_id", "conversation_id", "client_request_id", "created_at", "answered_at", "number",
            "reason", "email", "text", "state", "mail_state",
        ),
    ),
    "minutes": (MinuteRow, ("minute", "route", "purpose", "model", "figures")),
    "hours": (HourRow, ("hour", "route", "purpose", "model", "figures")),
}  # fmt: skip
