"""The example company's web site: a row of Sites whose pages are the desk's own, under its other name."""

from django.conf import settings

from assistant.models import Site

KEY = "larkfield"
GREETING = "Hello! What would you like to know about Larkfield Bookings?"
IN_LANGUAGES = {
    "de": {
        "greeting": "Hallo! Was möchten Sie über Larkfield Bookings wissen?",
        "launcher_label": "Fragen?",
    },
    "fr": {
        "greeting": "Bonjour\u202f! Que souhaitez-vous savoir sur Larkfield Bookings\u202f?",
        "launcher_label": "Des questions\u202f?",
    },
    "es": {
        "greeting": "¡Hola! ¿Qué le gustaría saber sobre Larkfield Bookings?",
        "launcher_label": "¿Preguntas?",
    },
    "pt": {
        "greeting": "Olá! O que gostaria de saber sobre o Larkfield Bookings?",
        "launcher_label": "Perguntas?",
    },
    "ja": {
        "greeting": "こんにちは。Larkfield Bookingsについて何をお知りになりたいですか。",
        "launcher_label": "ご質問はこちら",
    },
}


def load() -> Site:
    """Make the site, or add the addresses that this desk has by now; what staff wrote stays."""
    row, _ = Site.objects.get_or_create(
        key=KEY,
        defaults={
            "name": "Larkfield Bookings (example)",
            "accent": "#5b3fa6",
            "launcher_label": "Questions?",
            "greeting": GREETING,
            "in_languages": IN_LANGUAGES,
        },
    )
    if not row.in_languages and row.greeting == GREETING:  # as an older release made it
        row.in_languages = IN_LANGUAGES
        row.save(update_fields=["in_languages", "updated_at"])
    known = row.origins.split()
    origins = [*known, *(origin for origin in settings.ENV.origins if origin not in known)]
    if origins != known:
        row.origins = "\n".join(origins)
        row.save(update_fields=["origins", "updated_at"])
    return row


def remove() -> None:
    """Take the site away, with its keys."""
    Site.objects.filter(key=KEY).delete()
