"""What `manage.py faq_import` does with files, on the same code as the admin."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from faq import services
from faq.import_models import Upload
from faq.models import Entry
from tests.imports.make_files import FOLDER

pytestmark = pytest.mark.django_db


def run(path: Path, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("faq_import", str(path), stdout=out, stderr=err, **options)
    assert Upload.objects.count() == 0  # the file is not kept
    return out.getvalue(), err.getvalue()


def write(folder: Path, body: str) -> Path:
    path = folder / "faq.csv"
    path.write_text(body, encoding="utf-8")
    return path


def test_importing_twice_updates_and_never_doubles(tmp_path: Path) -> None:
    head = "question,answer,phrasing_1,category\n"
    body = (
        head + "How do I pay?,By card.,Payment,Money\n" + "".join(f"Question {i}?,x,,\n" for i in range(60))
    )
    assert run(write(tmp_path, body))[0] == "61 new, 0 changed, 0 unchanged, 0 left out.\n"
    assert set(Entry.objects.values_list("status", flat=True)) == {"draft"}
    assert run(write(tmp_path, body))[0] == "0 new, 0 changed, 61 unchanged, 0 left out.\n"

    changed = body.replace("By card.", "By card or cash.").replace("Payment,", "Paying,")
    assert run(write(tmp_path, changed), publish=True)[0] == "0 new, 61 changed, 0 unchanged, 0 left out.\n"
    entry = Entry.objects.get(question="How do I pay?")
    assert (entry.answer, entry.category, entry.status) == ("By card or cash.", "Money", "published")
    assert entry.reviewed_on is not None
    assert list(entry.phrasings.values_list("text", flat=True)) == ["Payment", "Paying"]
    assert Entry.objects.count() == 61

    assert run(write(tmp_path, body))[0] == (
        "0 new, 0 changed, 60 unchanged, 0 left out.\n"
        "1 published entry left as they are; --change-published changes them.\n"
    )
    assert run(write(tmp_path, body), change_published=True)[0].startswith("0 new, 1 changed")
    entry.refresh_from_db()
    assert entry.answer == "By card."


def test_what_was_a_draft_in_the_old_system_is_never_published_by_an_import(tmp_path: Path) -> None:
    run(FOLDER / "zendesk.json", publish=True, skip_errors=True)
    standing = dict(Entry.objects.values_list("source", "status"))
    assert standing == {
        "zendesk:101:en-us": "published",
        "zendesk:101:de": "published",
        "zendesk:103:en-us": "draft",
    }
    services.publish(Entry.objects.get(source="zendesk:103:en-us"))
    again = tmp_path / "zendesk.json"
    body = (FOLDER / "zendesk.json").read_text().replace("An invoice is sent", "No invoice is sent")
    again.write_text(body)
    assert "1 published entry left" in run(again, publish=True, skip_errors=True)[0]
    assert "No invoice" not in Entry.objects.get(source="zendesk:103:en-us").answer


def test_with_an_error_nothing_is_imported_unless_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "question,answer\nHow?,x\n,y\nhow,z\n")
    with pytest.raises(CommandError, match="Nothing was imported, because of 2 errors"):
        run(path)
    assert Entry.objects.count() == 0
    out, err = run(path, skip_errors=True)
    assert out == "1 new, 0 changed, 0 unchanged, 2 left out.\n"
    told, wrong = err.split("\n", 1)
    assert told == "Read: question from “question”, answer from “answer”."
    assert wrong == "line 3: The question is empty.\nline 4: “how” stands in line 2 already. [how]\n"


def test_a_dry_run_tells_and_stores_nothing() -> None:
    assert run(FOLDER / "chatwoot.json", dry_run=True)[0] == (
        "Would be: 2 new, 0 changed, 0 unchanged, 1 left out.\n"
    )
    assert Entry.objects.count() == 0


def test_columns_and_sheets_can_be_named(tmp_path: Path) -> None:
    path = write(
        tmp_path, "Kunde fragt,Notiz,Wir sagen\nWie zahle ich?,lang lang lang lang lang,Mit Karte.\n"
    )
    run(path, map=["question=1", "answer=Wir sagen", "category=2"], language="de")
    entry = Entry.objects.get(language="de", question="Wie zahle ich?")
    assert (entry.answer, entry.category) == ("Mit Karte.", "lang lang lang lang lang")
    with pytest.raises(CommandError, match="No column “Preis”; the first row has: kunde fragt"):
        run(path, map=["answer=Preis"])
    with pytest.raises(CommandError, match="colour is none of question, answer"):
        run(path, map=["colour=1"])
    run(FOLDER / "two-sheets.xlsx", sheet="FAQ", language="es")
    assert Entry.objects.filter(language="es").count() == 3
    with pytest.raises(CommandError, match="--sheet Prices: the file has Notes, FAQ"):
        run(FOLDER / "two-sheets.xlsx", sheet="Prices")


def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run(tmp_path / "nowhere.csv")
    with pytest.raises(CommandError, match=r"picture.csv: This is a PNG image, whatever its name says\."):
        run(FOLDER / "picture.csv")
    with pytest.raises(CommandError, match=r"binary.csv: The encoding of this file is not known"):
        run(FOLDER / "binary.csv")


def test_a_phrasing_of_another_published_entry_is_refused_at_publishing(tmp_path: Path) -> None:
    services.save_entry(Entry(question="How do I pay?", answer="x", status="published"), ["Payment"])
    path = write(tmp_path, "question,answer,phrasings\nWhat does it cost?,Nothing.,payment\n")
    with pytest.raises(CommandError, match="because of 1 error"):
        run(path, publish=True)
    assert run(path)[0] == "1 new, 0 changed, 0 unchanged, 0 left out.\n"  # a draft may wait beside it


def test_articles_of_the_same_title_stay_two(tmp_path: Path) -> None:
    long = "Word " * 300
    articles = [{"id": n, "title": "Overview", "body": long, "locale": "en"} for n in (1, 2)]
    path = tmp_path / "zendesk.json"
    path.write_text(json.dumps({"articles": articles}))
    assert run(path)[0] == "2 new, 0 changed, 0 unchanged, 0 left out.\n"
    assert run(path)[0] == "0 new, 0 changed, 2 unchanged, 0 left out.\n"
    assert set(Entry.objects.values_list("kind", "source")) == {
        ("article", "zendesk:1:en"), ("article", "zendesk:2:en"),
    }  # fmt: skip


def test_it_says_what_each_column_was_taken_for_because_nobody_confirms_it(tmp_path: Path) -> None:
    rows = "Frage;Antwort;Notiz;Leer\n" + "Wie zahle ich?;Mit Karte.;;\n" * 60 + "Wo?;Hier.;Bitte prüfen;\n"
    path = write(tmp_path, rows)
    _, said = run(path, dry_run=True)
    assert "Read: question from “Frage”, answer from “Antwort”. Not used: “Notiz”; --map" in said
    _, said = run(path, dry_run=True, map=["phrasings=Notiz"])
    assert "phrasings from “Notiz”." in said and "Not used" not in said
    _, said = run(write(tmp_path, "How do I pay?,By card.\nWhere are you?,In Leeds.\n"), dry_run=True)
    assert "Read: question from column 1, answer from column 2." in said
