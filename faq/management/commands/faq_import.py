"""Imports an FAQ from a file, by the same steps as the admin: all of it, or nothing and what is wrong."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from faq import uploads
from faq.import_models import Upload, UploadRow
from faq.importing.documents import Options, Sheet, Unreadable, count, restored
from faq.importing.headings import IGNORE, ROLES, Mapping, columns_told, guess, restored_mapping

STEP_S = 60.0


class Command(BaseCommand):
    help = (
        "Import FAQ entries from CSV, Excel, HTML or Markdown pages (also a zip of them), or a JSON "
        "export of Zendesk, Intercom or Chatwoot. New entries are drafts; importing again updates them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--publish", action="store_true", help="publish what is imported")
        parser.add_argument(
            "--change-published", action="store_true", help="change entries that visitors are shown now"
        )
        parser.add_argument("--skip-errors", action="store_true", help="import the rows that have no error")
        parser.add_argument("--dry-run", action="store_true", help="say what would change and store nothing")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="ROLE=COLUMN",
            help=f"what a column is, by its heading or number: {', '.join(ROLES)}; may be repeated",
        )
        parser.add_argument("--sheet", help="the sheet of an Excel file, by its name or number")
        parser.add_argument("--language", default="en", help="of what names none (en)")
        parser.add_argument("--base-url", default="", help="makes relative links work; nothing is fetched")

    def handle(self, *args: Any, **options: Any) -> None:
        upload = self._read(options)
        try:
            self._told(upload)
            errors = upload.rows.filter(action=UploadRow.Action.ERROR).count()
            if options["dry_run"]:
                self.stdout.write(f"Would be: {self._summary(upload)}.")
                return
            if errors and not options["skip_errors"]:
                raise CommandError(
                    f"Nothing was imported, because of {count(errors, 'error')}. "
                    "Mend the file, or leave those rows out with --skip-errors."
                )
            self._store(upload, options["change_published"])
        finally:
            upload.delete()

    def _read(self, options: dict[str, Any]) -> Upload:
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        upload = None
        try:
            chosen = Options(options["base_url"], options["language"].lower())
            upload = uploads.create(data, path.name, None, chosen, publish=options["publish"])
            if upload.mapping:
                mapping = self._mapping(upload, options)
                self._columns(upload, mapping)
                uploads.confirm_mapping(upload, mapping)
            while uploads.advance(upload.pk, STEP_S):
                pass
            upload.refresh_from_db()
            if upload.state == Upload.State.FAILED:
                raise Unreadable(upload.failure)
        except Unreadable as error:
            if upload is not None:
                upload.delete()
            raise CommandError(f"{path.name}: {error}") from error
        return upload

    def _mapping(self, upload: Upload, options: dict[str, Any]) -> Mapping:
        """Return the guess with what the options say otherwise."""
        known = restored_mapping(upload.mapping or {})
        sheets = uploads.tables_of(upload).sheets
        number = _sheet(sheets, options["sheet"]) if options["sheet"] else known.sheet
        if number != known.sheet:
            known = guess(sheets[number], number)
        roles = list(known.roles)
        for told in options["map"]:
            role, _, column = told.partition("=")
            if role not in ROLES:
                raise Unreadable(f"--map {told}: {role} is none of {', '.join(ROLES)}.")
            place = _column(sheets[number], column)
            if role not in (IGNORE, "phrasings"):
                roles = [IGNORE if each == role else each for each in roles]
            roles[place] = role
        return Mapping(number, known.heading, tuple(roles))

    def _columns(self, upload: Upload, mapping: Mapping) -> None:
        """Say what each column was taken for: nobody confirms it here, and a wrong guess loses texts."""
        if any(mapping.roles):
            sheet = uploads.tables_of(upload).sheets[mapping.sheet]
            self.stderr.write(columns_told(sheet, mapping))

    def _told(self, upload: Upload) -> None:
        """Write what was noticed, and each row that cannot be imported."""
        for note in upload.notes:
            self.stderr.write(note)
        for row in upload.rows.filter(action=UploadRow.Action.ERROR):
            self._tell(row)

    def _tell(self, row: UploadRow) -> None:
        document = restored(row.document)
        self.stderr.write(f"{document.place}: {row.message}" + (f" [{row}]" if document.question else ""))

    def _summary(self, upload: Upload) -> str:
        number = Counter(upload.rows.values_list("action", flat=True))
        changed = number["changed"] + number["live"]
        return (
            f"{number['new']} new, {changed} changed, {number['unchanged']} unchanged, "
            f"{number['error']} left out"
        )

    def _store(self, upload: Upload, change_published: bool) -> None:
        uploads.approve_all(upload, change_published)
        uploads.begin(upload)
        while uploads.advance(upload.pk, STEP_S):
            upload.refresh_from_db()
            self.stderr.write(f"{upload.done:,} of {upload.total:,} rows")
        done = Counter(upload.rows.values_list("action", "outcome"))
        changed = done["changed", "stored"] + done["live", "stored"]
        refused = upload.rows.filter(outcome=UploadRow.Outcome.REFUSED)
        left_out = done["error", ""] + refused.count()
        self.stdout.write(
            f"{done['new', 'stored']} new, {changed} changed, {done['unchanged', '']} unchanged, "
            f"{left_out} left out."
        )
        if done["live", "kept"]:
            self.stdout.write(
                f"{count(done['live', 'kept'], 'published entry', 'published entries')} left as they are; "
                "--change-published changes them."
            )
        for row in refused:
            self._tell(row)
        if refused:
            raise CommandError("Some rows were refused because the FAQ changed during the import.")


def _sheet(sheets: tuple[Sheet, ...], told: str) -> int:
    names = [sheet.name for sheet in sheets]
    if told in names:
        return names.index(told)
    if told.isdecimal() and 1 <= int(told) <= len(sheets):
        return int(told) - 1
    raise Unreadable(f"--sheet {told}: the file has {', '.join(names)}.")


def _column(sheet: Sheet, told: str) -> int:
    headings = [cell.strip().lower() for cell in sheet.rows[0][1]] if sheet.rows else []
    if told.strip().lower() in headings:
        return headings.index(told.strip().lower())
    if told.isdecimal() and 1 <= int(told) <= sheet.width:
        return int(told) - 1
    raise Unreadable(f"No column “{told}”; the first row has: {', '.join(headings)}.")
