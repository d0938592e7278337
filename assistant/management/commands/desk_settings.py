"""Read and change the assistant's settings at the terminal: `manage.py desk_settings name="Acme help"`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.forms import modelform_factory
from django.template.loader import render_to_string

from assistant.admin.settings import AssistantSettingsForm
from assistant.languages import DEFAULT, LANGUAGES, translatable
from assistant.models import AssistantSettings
from assistant.settings_snapshot import as_snapshot
from assistant.translating import said
from routing.publishing import publish

PAGE = "unavailable.html"
AWAY = translatable("{name} does not answer just now. Please try again in half a minute.")


def editable() -> dict[str, str]:
    """Return the names that staff may set, each with what it is called in the admin."""
    fields = AssistantSettings._meta.concrete_fields
    return {
        field.name: str(field.verbose_name) for field in fields if field.editable and not field.primary_key
    }


def read_pairs(pairs: list[str]) -> dict[str, str]:
    """Return NAME=VALUE arguments as a dict. Raises CommandError for a name that is none."""
    known, given = editable(), {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or name not in known:
            raise CommandError(f"{pair!r} sets nothing: write NAME=VALUE with one of {', '.join(known)}.")
        given[name] = value.replace(",", "\n").replace(" ", "") if name == "link_hosts" else value
    return given


def change(row: AssistantSettings, given: dict[str, str]) -> None:
    """Store the given values, checked as the admin checks them. Raises CommandError, storing nothing."""
    form = modelform_factory(AssistantSettings, form=AssistantSettingsForm, fields=list(given))(
        data=given, instance=row
    )
    for name in set(form.fields) - set(given):
        del form.fields[name]  # declared on the form itself, and not asked for
    if not form.is_valid():
        wrong = "; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items())
        raise CommandError(f"Nothing was changed. {wrong}")
    form.save()


def contact_link(contact: str) -> str:
    """Return where a contact leads, nothing when it is plain words."""
    if contact.startswith("https://"):
        return contact
    try:
        validate_email(contact)
    except ValidationError:
        return ""
    return f"mailto:{contact}"


class Command(BaseCommand):
    help = (
        "Show the assistant's settings, or change the ones given as NAME=VALUE and publish them. "
        "--page writes the page that the proxy shows while no process of the desk answers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pairs", nargs="*", metavar="NAME=VALUE")
        parser.add_argument("--page", metavar="FOLDER", type=Path, help=f"write {PAGE} into this folder")

    def handle(self, *args: Any, **options: Any) -> None:
        given = read_pairs(options["pairs"])
        row, _ = AssistantSettings.objects.get_or_create(pk=1)
        if given:
            with transaction.atomic():
                change(row, given)
                config = publish(
                    by="desk_settings",
                    note="assistant settings",
                    settings=as_snapshot(row),
                    rule_set=False,
                )
            self.stdout.write(f"Set {', '.join(given)}. Configuration {config.number}.")
        if options["page"]:
            self._write_page(row, options["page"])
        if not given and not options["page"]:
            for name in editable():
                self.stdout.write(f"{name}={getattr(row, name)}")

    def _write_page(self, row: AssistantSettings, folder: Path) -> None:
        # A file for everybody: the proxy that shows it cannot choose by the visitor's language.
        elsewhere = [(code, said(AWAY, code, name=row.name)) for code in LANGUAGES if code != DEFAULT]
        page = render_to_string(
            PAGE, {"desk": row, "link": contact_link(row.contact), "elsewhere": elsewhere}
        )
        try:
            (folder / PAGE).write_text(page, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{folder / PAGE} could not be written: {error.strerror}.") from error
        self.stdout.write(f"Written {folder / PAGE}.")
