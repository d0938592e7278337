"""What staff choose for a file of old questions: the file, and what its columns are."""

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile

from faq.admin.base import FileInput
from faq.importing.asking import DAY, QUESTION, ROLES, TIMES, UNUSED, Columns
from faq.importing.documents import MAX_BYTES, Sheet

ACCEPTED = ".csv,.tsv,.txt,.xlsx"
SAMPLES = 3  # of a column, for a person to know it by
_ROLE_NAMES = {
    QUESTION: "The question",
    DAY: "Date",
    "channel": "Channel",
    TIMES: "How often it was asked",
    UNUSED: "Not used",
}


class QuestionFileForm(forms.Form):
    """Takes a file."""

    file = forms.FileField(
        widget=FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        upload = cast("UploadedFile[bytes]", self.cleaned_data["file"])
        if (upload.size or 0) > MAX_BYTES:
            raise forms.ValidationError(f"{MAX_BYTES // 2**20} MB are the most at once; split the file.")
        return upload


class ColumnsForm(forms.Form):
    """Says what each column of a table is, with the guess chosen."""

    heading = forms.BooleanField(required=False, label="The first row holds headings")

    def __init__(self, sheet: Sheet, guessed: Columns, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sheet = sheet
        self.fields["heading"].initial = guessed.heading
        for place in range(sheet.width):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                choices=[(role, _ROLE_NAMES[role]) for role in ROLES],
                initial=guessed.roles[place] if place < len(guessed.roles) else UNUSED,
                label=f"Column {place + 1}",
            )

    def columns(self) -> list[dict[str, Any]]:
        """Return each column with its field, its first cell and some further ones."""
        rows = [cells for _, cells in self.sheet.rows[: SAMPLES + 1]]
        return [
            {
                "field": self[f"column_{place}"],
                "first": rows[0][place] if rows and place < len(rows[0]) else "",
                "samples": [cells[place] for cells in rows[1:] if place < len(cells)],
            }
            for place in range(self.sheet.width)
        ]

    def chosen(self) -> Columns:
        """Return what was chosen."""
        roles = tuple(self.cleaned_data[f"column_{place}"] for place in range(self.sheet.width))
        return Columns(self.cleaned_data["heading"], roles)
