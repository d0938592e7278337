"""Send the example company away before the desk is one's own, or bring it back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.example import leaving
from faq.models import Entry
from routing.publishing import CannotPublish


class Command(BaseCommand):
    help = (
        "Show what of the example company is on this desk (--list), remove it for good (--remove), or "
        "load it again (--load). Routes, rules and models stay; so does every conversation of a visitor."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--list", action="store_true", help="show what is here, change nothing")
        what.add_argument("--remove", action="store_true", help="remove entries, words, traffic and figures")
        what.add_argument("--load", action="store_true", help="load the example's entries again")
        parser.add_argument(
            "--edited",
            choices=(leaving.KEEP, leaving.ARCHIVE, leaving.REMOVE),
            default="",
            help="with --remove: what becomes of entries that staff have edited; keep makes them yours",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["edited"] and not options["remove"]:
            raise CommandError("--edited belongs to --remove.")
        if options["list"]:
            self._list(leaving.look())
        elif options["remove"]:
            self._remove(options["edited"])
        else:
            self._load()

    def _list(self, found: leaving.Found) -> None:
        self.stdout.write(
            "The example was sent away; it does not come back by itself."
            if found.removed
            else "The example belongs to this desk and is kept up to date by seed and upgrade."
        )
        self.stdout.write(f"entries: {found.entries}, of which edited by staff: {len(found.edited)}")
        self._name(found.edited)
        self.stdout.write(f"example conversations: {found.conversations}")
        self.stdout.write(f"settings in its words: {', '.join(found.settings) or 'none'}")
        self.stdout.write(f"settings in yours: {', '.join(found.staff_settings) or 'none'}")

    def _name(self, entries: tuple[Entry, ...] | list[Entry]) -> None:
        for entry in entries:
            self.stdout.write(f"  no. {entry.pk}: {entry.question}")

    def _remove(self, edited: str) -> None:
        try:
            gone = leaving.remove(edited)
        except leaving.StillEdited as error:
            self.stdout.write("Staff have edited these entries of the example:")
            self._name(error.edited)
            raise CommandError(
                "Nothing was removed. Say what becomes of them: --edited keep makes them entries of your "
                "own, --edited archive takes them out of use, --edited remove deletes them as well."
            ) from error
        except leaving.StillPlaying as error:
            raise CommandError(
                "Nothing was removed: example traffic is being played. Wait for its end, or remove it on the "
                "metrics page first."
            ) from error
        except CannotPublish as error:
            raise CommandError(
                f"Nothing was removed, because the rules cannot be published: {error}"
            ) from error
        self.stdout.write(
            f"Removed {gone.entries} entries, {gone.conversations} example conversations and the figures of "
            f"{gone.replies} example replies."
        )
        if gone.spared:
            done = "archived" if edited == leaving.ARCHIVE else "kept as your own"
            self.stdout.write(f"Edited entries {done}: {gone.spared}.")
        self.stdout.write(f"Settings back to neutral words: {', '.join(gone.settings) or 'none'}.")
        if gone.kept_settings:
            self.stdout.write(f"Settings kept as you wrote them: {', '.join(gone.kept_settings)}.")

    def _load(self) -> None:
        try:
            loaded = leaving.bring_back()
        except ValidationError as error:
            raise CommandError("Nothing was loaded. " + " ".join(error.messages)) from error
        self.stdout.write(
            f"{loaded.created} entries loaded, {loaded.updated} brought up to date, "
            f"{loaded.kept} as they were."
        )
