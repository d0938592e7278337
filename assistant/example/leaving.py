"""Send the example company away, whole or not at all, or bring it back because somebody asks for it."""

from dataclasses import dataclass

from django.db import transaction

from assistant.example import cases, company, site, traffic
from assistant.models import AssistantSettings, Conversation
from assistant.settings_snapshot import as_snapshot
from common import example as choice
from common.clock import now
from faq import example as entries
from faq import services
from faq.models import Entry
from routing import example as figures
from routing.publishing import publish

# What may become of entries on which staff have worked.
KEEP, ARCHIVE, REMOVE = "keep", "archive", "remove"


class StillEdited(Exception):
    """Staff have worked on entries of the example, and nobody has said what becomes of them."""

    def __init__(self, edited: list[Entry]) -> None:
        super().__init__(f"{len(edited)} edited")
        self.edited = edited


class StillPlaying(Exception):
    """Example traffic is being played just now; it would write what is being removed."""


@dataclass(frozen=True)
class Found:
    """What of the example is on this desk."""

    removed: bool
    entries: int
    edited: tuple[Entry, ...]
    conversations: int
    settings: tuple[str, ...]
    staff_settings: tuple[str, ...]


@dataclass(frozen=True)
class Removed:
    """What went, and what staff had made their own."""

    entries: int
    spared: int
    conversations: int
    replies: int
    settings: tuple[str, ...]
    kept_settings: tuple[str, ...]


def look() -> Found:
    """Return what of the example is here."""
    row = AssistantSettings.objects.first() or AssistantSettings()
    return Found(
        removed=choice.removed(),
        entries=entries.entries().count(),
        edited=tuple(entries.edited()),
        conversations=Conversation.objects.filter(purpose=traffic.PURPOSE).count(),
        settings=tuple(company.its_words(row)),
        staff_settings=tuple(company.staff_words(row)),
    )


def remove(edited: str = "") -> Removed:
    """Remove entries, words in the settings, traffic and figures of the example, for good.

    `edited` says what becomes of entries that staff have worked on. The decision, the entries and the
    settings go in one transaction; the traffic follows in pieces, and a second call ends what a killed
    one began. Raises StillEdited and StillPlaying, having changed nothing.
    """
    if figures.running(figures.state(), now()):
        raise StillPlaying
    with transaction.atomic():
        touched = entries.edited()
        if touched and not edited:
            raise StillEdited(touched)
        choice.remember_removed(now())
        gone, spared = _remove_entries(touched, edited)
        cases.remove()
        site.remove()
        neutral, kept = _neutralise()
    replies, conversations = figures.remove(), traffic.remove()
    return Removed(gone, spared, conversations, replies, neutral, kept)


def _remove_entries(touched: list[Entry], edited: str) -> tuple[int, int]:
    spared = [] if edited == REMOVE else touched
    if edited == ARCHIVE:
        for entry in spared:
            services.archive(entry)
    entries.adopt(spared)
    return services.delete(list(entries.entries())), len(spared)


def _neutralise() -> tuple[tuple[str, ...], tuple[str, ...]]:
    row, _ = AssistantSettings.objects.get_or_create(pk=1)
    names = company.neutralise(row)
    if names:
        row.save()
        publish(
            by="example --remove",
            note="Without the example company",
            settings=as_snapshot(row),
            rule_set=False,
        )
    return tuple(names), tuple(company.staff_words(row))


@transaction.atomic
def bring_back() -> entries.Loaded:
    """Load the example's entries again, also those that were removed, and let it be seeded from now on.

    The assistant's settings stay as they are. Raises ValidationError, having changed nothing, when an
    entry of the example asks what a published entry answers already.
    """
    choice.forget_removed()
    cases.load(again=True)
    site.load()
    return entries.load(again=True)
