"""An export opens in a spreadsheet without running anything, and an import reads it back unchanged."""

import csv
import io
import json
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import load_workbook

from faq import example, exporting, services
from faq.engine_models import Negative
from faq.models import AskedQuestion, Entry

pytestmark = pytest.mark.django_db

FORMULA = '=HYPERLINK("https://evil.example","Click")'


def entry(question: str, answer: str, *phrasings: str, publish: bool = True) -> Entry:
    made = services.save_entry(Entry(question=question, answer=answer, category="@home"), list(phrasings))
    return services.publish(made) if publish else made


def run(path: Path, **options: str) -> str:
    out = StringIO()
    call_command("faq_export", str(path), stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", exporting.FORMATS)
def test_what_was_exported_is_imported_without_a_change(form: str, tmp_path: Path) -> None:
    example.load()
    entry(FORMULA, "+1 is\n- a list\n- of two", "-what?", "@me", "=1+1")
    path = tmp_path / f"faq.{form}"
    count = Entry.objects.count()
    assert run(path) == f"{count:,} entries written to {path}.\n"
    out = StringIO()
    call_command("faq_import", str(path), stdout=out, dry_run=True)
    assert f"Would be: 0 new, 0 changed, {count} unchanged, 0 left out." in out.getvalue()


def test_no_cell_of_a_table_is_a_formula() -> None:
    entry(FORMULA, "@cmd", "+phrasing")
    rows = csv.reader(io.StringIO(exporting.export(Entry.objects.all(), "csv").decode("utf-8-sig")))
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    book = load_workbook(io.BytesIO(exporting.export(Entry.objects.all(), "xlsx")))
    cells = [cell for row in book["FAQ"].iter_rows() for cell in row]
    assert FORMULA in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}


def test_a_row_says_how_the_entry_did_and_what_it_must_not_answer() -> None:
    made = entry("How do I pay?", "By card.")
    Negative.objects.create(entry=made, text="Who pays me?")
    for label in ("right", "right", "wrong", ""):
        AskedQuestion.objects.create(uuid=uuid4(), text="pay", shown_entry=str(made.pk), label=label)
    row = json.loads(exporting.export(Entry.objects.all(), "json"))[0]
    assert (row["Shown in 30 days"], row["Found right"], row["Found wrong"]) == (4, 2, 1)
    assert row["Must not be answered"] == ["Who pays me?"]
    assert row["Reviewed on"] == made.reviewed_on.isoformat() if made.reviewed_on else False


def test_what_excel_cannot_hold_is_refused_with_the_entry_named(tmp_path: Path) -> None:
    services.save_entry(Entry(question="The whole book", answer="x" * 40_000, kind="article"))
    with pytest.raises(CommandError, match="“The whole book”"):
        run(tmp_path / "faq.xlsx")
    assert not (tmp_path / "faq.xlsx").exists()
    assert run(tmp_path / "faq.csv").startswith("1 entries written")


def test_the_choice_is_kept_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    entry("One?", "1")
    entry("Two?", "2", publish=False)
    run(tmp_path / "faq.json", status="draft")
    assert [row["Question"] for row in json.loads((tmp_path / "faq.json").read_text())] == ["Two?"]
    with pytest.raises(CommandError, match="End the file's name in"):
        run(tmp_path / "faq.ods")
    with pytest.raises(CommandError, match="cannot be written"):
        run(tmp_path / "no" / "faq.csv")


def test_the_page_saves_a_file_and_is_for_those_who_see_the_faq(client: Client) -> None:
    entry("How do I pay?", "By card.")
    user = User.objects.create_user("reader", password="x", is_staff=True)
    client.force_login(user)
    assert client.get("/admin/faq/entry/export/").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_entry"))
    assert b"Export the FAQ" in client.get("/admin/faq/entry/export/").content
    saved = client.get("/admin/faq/entry/export/", {"format": "csv", "status": "published"})
    assert saved["Content-Disposition"].startswith('attachment; filename="faq-')
    assert "By card." in saved.content.decode("utf-8-sig")
    assert b"Select a valid choice" in client.get("/admin/faq/entry/export/", {"format": "pdf"}).content
