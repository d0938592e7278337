"""What staff choose when they import: the file with its options, and what each column is."""

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile

from faq.admin.base import FileInput
from faq.importing.checking import LANGUAGE_LIMIT
from faq.importing.documents import MAX_BYTES, Options, Sheet
from faq.importing.headings import IGNORE, ROLES, Mapping

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.json,.jsonl,.html,.htm,.md,.zip"
SAMPLES = 3  # of a column, for a person to know it by
_ROLE_NAMES = {
    "question": "Question",
    "answer": "Answer",
    "phrasings": "Other ways to ask",
    "category": "Category",
    "language": "Language",
    "ignore": "Not used",
}


class FileForm(forms.Form):
    """Takes a file and what it does not say of itself."""

    file = forms.FileField(
        widget=FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    language = forms.RegexField(
        r"^\s*[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?\s*$",
        max_length=LANGUAGE_LIMIT,
        initial="en",
        label="Language, where the file names none",
        error_messages={"invalid": "Use a language code such as en, de or pt-br."},
    )
    base_url = forms.URLField(
        required=False,
        max_length=300,
        assume_scheme="https",
        label="Address of the old help centre",
        help_text="Makes links such as /articles/12 work; without it only their words are kept. "
        "Nothing is fetched from it.",
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        upload = cast("UploadedFile[bytes]", self.cleaned_data["file"])
        if (upload.size or 0) > MAX_BYTES:
            raise forms.ValidationError(
                f"The file has {(upload.size or 0) / 2**20:,.1f} MB; "
                f"{MAX_BYTES // 2**20} MB are the most at once."
            )
        return upload

    def options(self) -> Options:
        """Return what was said beside the file."""
        return Options(self.cleaned_data["base_url"], self.cleaned_data["language"].strip().lower())


class MappingForm(forms.Form):
    """Says what each column of a sheet is, with the guess chosen."""

    heading = forms.BooleanField(required=False, label="The first row holds headings")

    def __init__(self, sheet: Sheet, number: int, mapping: Mapping, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sheet, self.number = sheet, number
        self.fields["heading"].initial = mapping.heading
        for place in range(sheet.width):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=[(role, _ROLE_NAMES[role]) for role in ROLES],
                initial=mapping.roles[place] if place < len(mapping.roles) else IGNORE,
                label=f"Column {place + 1}",
            )

    def columns(self) -> list[dict[str, Any]]:
        """Return each column with its field, its heading and its first texts."""
        rows = [cells for _, cells in self.sheet.rows]
        return [
            {
                "field": self[f"column_{place}"],
                "first": rows[0][place] if rows and place < len(rows[0]) else "",
                "samples": [cells[place] for cells in rows[1 : SAMPLES + 1] if place < len(cells)],
            }
            for place in range(self.sheet.width)
        ]

    def mapping(self) -> Mapping:
        """Return what was chosen."""
        roles = tuple(self.cleaned_data[f"column_{place}"] for place in range(self.sheet.width))
        return Mapping(self.number, self.cleaned_data["heading"], roles)
