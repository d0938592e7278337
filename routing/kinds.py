"""The words that several tables share: why a reply was made, how large a model is, what it speaks."""

from django.db import models


class Purpose(models.TextChoices):
    """Why a reply was made; managers' figures count visitors (and, marked, the example's)."""

    VISITOR = "visitor", "Visitor"
    STAFF_TEST = "staff_test", "Staff test"
    PROBE = "probe", "Probe"
    DEMO = "demo", "Example"
    SHADOW = "shadow", "Shadow"
    TRANSFER = "transfer", "Transfer test"
    SYNTHETIC = "synthetic", "Synthetic"
    STAFF_DRAFT = "staff_draft", "Staff draft"


class Tier(models.TextChoices):
    NONE = "none", "No model"
    LITE = "lite", "Lite"
    STANDARD = "standard", "Standard"
    HEAVY = "heavy", "Heavy"


class Wire(models.TextChoices):
    OPENAI = "openai", "OpenAI chat completions"
    GEMINI = "gemini", "Gemini"
    ANTHROPIC = "anthropic", "Anthropic messages"


class WhenSpent(models.TextChoices):
    """What a message gets whose budget is spent."""

    CHEAPER = "cheaper", "ask a cheaper tier"
    FAQ = "faq", "answer from the FAQ only"
    MESSAGE = "message", "say so and offer a person"
