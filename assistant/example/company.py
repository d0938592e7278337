"""What the example company, Larkfield Bookings, says in the assistant's settings."""

from typing import Any

from assistant.models import AssistantSettings

# Without the example the row starts with the model's own neutral words.
LARKFIELD: dict[str, Any] = {
    "name": "Larkfield assistant",
    "greeting": "Hello! Ask me anything about Larkfield Bookings: bookings, calendars, reminders, plans, "
    "the API.",
    "tone": "Friendly, plain and short, as a colleague at the next desk would say it. British spelling.",
    "house_instructions": (
        "Larkfield Bookings is online booking for small studios, salons and clinics, with the plans Free, "
        "Pro "
        "and Studio, an API and webhooks. You speak with the people who run these businesses; those who book "
        "with them are called clients."
    ),
    "contact": "support@larkfield.example",
    "privacy_url": "https://larkfield.example/privacy",
    "link_hosts": "larkfield.example\nbook.larkfield.example\napi.larkfield.example",
    "time_zone": "Europe/London",
    "hours": "Monday to Friday, 9:00 to 17:00 (London)",
    "opening_hours": "Mon-Fri 09:00-17:00",
    "closed_on": "12-25\n12-26\n01-01",
    "staff_email": "support@larkfield.example",
    "in_languages": {
        "de": {
            "greeting": "Hallo! Fragen Sie mich alles zu Larkfield Bookings: Buchungen, Kalender, "
            "Erinnerungen, Tarife, die API."
        },
        "fr": {
            "greeting": "Bonjour\u202f! Posez-moi vos questions sur Larkfield Bookings\u00a0: réservations, "
            "agendas, rappels, offres, API."
        },
        "es": {
            "greeting": "¡Hola! Pregúnteme lo que quiera sobre Larkfield Bookings: reservas, calendarios, "
            "recordatorios, planes, la API."
        },
        "pt": {
            "greeting": "Olá! Pergunte-me o que quiser sobre o Larkfield Bookings: reservas, calendários, "
            "lembretes, planos, a API."
        },
        "ja": {
            "greeting": "こんにちは。予約、カレンダー、リマインダー、プラン、APIなど、"
            "Larkfield Bookingsについて何でもお尋ねください。"
        },
    },
}


# Half of all offices keep these hours: they are the example's only where its own words stand beside them.
ANYBODYS = ("time_zone", "opening_hours", "closed_on")


def its_words(row: AssistantSettings) -> list[str]:
    """Return the names of the settings in which the example's words still stand."""
    same = [name for name, value in LARKFIELD.items() if getattr(row, name) == value]
    return same if set(same) - set(ANYBODYS) else []


def staff_words(row: AssistantSettings) -> list[str]:
    """Return the names of the settings that hold neither the example's words nor the neutral ones."""
    blank, its = AssistantSettings(), its_words(row)
    return [name for name in LARKFIELD if name not in its and getattr(row, name) != getattr(blank, name)]


def neutralise(row: AssistantSettings) -> list[str]:
    """Put neutral words where the example's stand, in memory; return which settings that were."""
    blank = AssistantSettings()
    names = its_words(row)
    for name in names:
        setattr(row, name, getattr(blank, name))
    return names
