"""What a support lead does with a file in the admin, from choosing it to publishing what came in."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from zeal import zeal_context

from common.clock import now
from common.versions import read_version
from faq import expected, index, services, tasks, uploads
from faq.embedder import known_absence
from faq.import_models import Upload, UploadRow
from faq.models import Entry
from tests.admin import pages
from tests.admin.pages import form_of, text_of
from tests.imports.conftest import SignIn
from tests.imports.make_files import FOLDER, files

START = "/admin/faq/entry/import/"
GERMAN = "Frage;Antwort;Weitere\nWie zahle ich?;Mit Karte.;Bezahlen\nWo?;Hier.;\n;Ohne Frage.;\n".encode(
    "cp1252"
)


def choose(client: Client, data: bytes, name: str = "faq.csv", **more: str) -> Any:
    """Upload a file and return the page it leads to."""
    posted = {"file": SimpleUploadedFile(name, data), "language": "en", "base_url": "", **more}
    return client.post(START, posted, follow=True)


def words_of(response: Any) -> str:
    return " ".join(pages.words_of(response).split())


def at(response: Any) -> str:
    """Return the address a walk of redirects ended at."""
    return str(response.request["PATH_INFO"])


def confirm_columns(client: Client, response: Any, **changes: str) -> Any:
    return client.post(at(response), {**form_of(response), **changes}, follow=True)


def store(client: Client, response: Any, **more: Any) -> Any:
    return client.post(at(response), {"do": "store", **more}, follow=True)


def rows_of(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_from_a_german_spreadsheet_to_published_entries(sign_in: SignIn) -> None:
    support = sign_in("support")
    columns = choose(support, GERMAN, language="de")
    text = text_of(columns)
    assert "What is in which column?" in text and "faq.csv" in text
    assert form_of(columns) | {"sheet": "0"} == {
        "sheet": "0", "heading": "on", "column_0": "question", "column_1": "answer", "column_2": "ignore",
    }  # fmt: skip
    assert "Wie zahle ich?" in text and "Weitere" in text

    refused = confirm_columns(support, columns, column_1="question")
    assert "Say which column is the answer." in text_of(refused)
    preview = confirm_columns(support, columns, column_2="phrasings")
    text = words_of(preview)
    assert "2 new" in text and "1 with an error" in text
    assert "The question is empty." in text and "line 4" in text
    assert Entry.objects.count() == 0

    mended = rows_of(support.get(at(preview) + "rows.csv?only=error"))
    assert [row[1:4] for row in mended] == [["place", "question", "answer"], ["line 4", "", "Ohne Frage."]]
    done = store(support, preview)
    text = words_of(done)
    assert "2 new" in text and "1 with an error" in text
    assert "The FAQ has 2 entries, of which 2 may be shown as answers. 2 of those have fewer than 3" in text
    few, *_, many = expected.coverage(known_absence() == "")
    assert f"{few[1]} %" in text and f"{many[1]} %" in text
    assert reverse("admin:faq_proposals") in text_of(done)
    assert list(Entry.objects.values_list("question", "status", "language")) == [
        ("Wie zahle ich?", "draft", "de"), ("Wo?", "draft", "de"),
    ]  # fmt: skip
    first = Entry.objects.get(question="Wie zahle ich?")
    assert [each.text for each in first.phrasings.all()] == ["Bezahlen"]
    record = first.history.get()
    assert (record.history_change_reason, str(record.history_user)) == ("Imported from faq.csv", "support")

    # Mended in the downloaded file, uploaded as it is, and only the mended row is new.
    mended[1][2] = "Und dann?"
    out = io.StringIO()
    csv.writer(out).writerows(mended)
    again = confirm_columns(support, choose(support, out.getvalue().encode(), "mended.csv"))
    assert "1 new" in words_of(again) and "error" not in words_of(again).split("Store")[0]

    drafts = {"action": "publish_selected", "_selected_action": [each.pk for each in Entry.objects.all()]}
    before = read_version("faq")
    assert "2 published." in text_of(support.post("/admin/faq/entry/", drafts, follow=True))
    assert read_version("faq") == before + 1
    index.refresh()
    assert index.match("bezahlen").answered


def test_a_published_answer_changes_only_when_it_is_ticked(sign_in: SignIn) -> None:
    support = sign_in("support")
    for question in ("How do I pay?", "Where are you?"):
        services.save_entry(Entry(question=question, answer="Old words.", status="published"))
    index.refresh()
    data = (
        b"question,answer,phrasings\nHow do I pay?,New words.,Payment\nWhere are you?,In Leeds.\nWhen?,Now.\n"
    )
    preview = confirm_columns(support, choose(support, data))
    text = text_of(preview)
    assert "2 rows change entries that visitors are shown now. None is ticked" in text
    assert "<del>Old </del><ins>New </ins>words." in text
    assert "<dt>phrasings</dt>" in text and "<ins>Payment</ins>" in text

    posted = {"shown": ["1", "2"], "approve": ["1"]}
    assert "1 is ticked" in text_of(support.post(at(preview), {**posted, "do": "page:1"}, follow=True))
    all_ticked = support.post(at(preview), {"do": "tick_all"}, follow=True)
    assert "2 are ticked" in text_of(all_ticked)
    done = store(support, preview, **posted)
    text = words_of(done)
    assert "1 new" in text and "1 changed" in text and "1 published, left as it was" in text
    assert dict(Entry.objects.values_list("question", "answer")) == {
        "How do I pay?": "New words.", "Where are you?": "Old words.", "When?": "Now.",
    }  # fmt: skip
    index.refresh()
    assert index.match("payment").answered and not index.match("When?").answered

    same = confirm_columns(support, choose(support, data))
    assert "1 changes a published entry" in words_of(same) and "2 unchanged" in words_of(same)


def test_a_stale_preview_is_checked_again_row_by_row(sign_in: SignIn) -> None:
    support = sign_in("support")
    draft = services.save_entry(Entry(question="How do I pay?", answer="Old."))
    gone = services.save_entry(Entry(question="Gone?", answer="Old."))
    data = b"question,answer\nHow do I pay?,Mine.\nGone?,Mine.\nNew one?,Mine.\nFree?,Mine.\n"
    preview = confirm_columns(support, choose(support, data))
    draft.answer = "A colleague's."
    services.save_entry(draft)
    services.delete([gone])
    services.save_entry(Entry(question="New one?", answer="A colleague's.", status="published"))
    text = words_of(store(support, preview))
    assert "1 new" in text and "0 changed" in text and "3 refused" in text
    assert "Somebody has edited its entry since the preview." in text
    assert "Its entry was deleted or renamed since the preview." in text
    assert "Somebody has added this question since the preview." in text
    assert dict(Entry.objects.values_list("question", "answer")) == {
        "How do I pay?": "A colleague's.", "New one?": "A colleague's.", "Free?": "Mine.",
    }  # fmt: skip
    refused = rows_of(support.get(at(preview) + "rows.csv?only=refused"))
    assert len(refused) == 4 and refused[1][0] == "Refused"
    assert "3 refused" in words_of(store(support, preview))  # a second click changes nothing
    assert Entry.objects.count() == 3


def test_two_people_do_not_see_each_others_files(sign_in: SignIn) -> None:
    support, admin, manager = sign_in("support"), sign_in("admin"), sign_in("manager")
    mine, theirs = choose(support, GERMAN), choose(admin, b"question,answer\nA?,x\n")
    assert support.get(at(mine)).status_code == 200
    for url in (at(mine), at(mine).replace("columns/", ""), at(mine).replace("columns/", "rows.csv")):
        assert admin.get(url).status_code == 404, url
    assert support.post(at(mine).replace("columns/", "progress/")).status_code == 200
    assert admin.post(at(mine).replace("columns/", "progress/")).status_code == 404
    for url in (START, START + "sample.csv", at(mine)):
        assert manager.get(url).status_code == 403
        assert Client().get(url).status_code == 302
    stored = store(support, confirm_columns(support, mine))
    assert "2 new" in words_of(stored)
    assert "1 new" in words_of(store(admin, confirm_columns(admin, theirs)))
    assert "faq.csv" in text_of(support.get(START))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("empty.csv", "The file is empty."),
        ("picture.csv", "This is a PNG image, whatever its name says."),
        ("encrypted.zip", "This zip file is protected by a password; pack it again without one."),
        ("cut.json", "This JSON file is broken or cut off at line 1."),
        ("one-column.csv", "The file has only one column"),
    ],
)
def test_a_file_that_is_none_is_said_at_the_field(sign_in: SignIn, name: str, sentence: str) -> None:
    support = sign_in("support")
    assert sentence in text_of(choose(support, (FOLDER / name).read_bytes(), name))
    assert Upload.objects.count() == 0


def test_what_is_missing_is_said_at_its_field(sign_in: SignIn) -> None:
    support = sign_in("support")
    assert "Choose a file." in text_of(support.post(START, {"language": "en"}))
    text = text_of(choose(support, GERMAN, language="klingon!", base_url="javascript:alert(1)"))
    assert "Use a language code such as en, de or pt-br." in text
    assert "Enter a valid URL." in text


def test_help_desk_exports_and_pages_need_no_columns(sign_in: SignIn) -> None:
    support = sign_in("support")
    preview = choose(support, (FOLDER / "zendesk.json").read_bytes(), "zendesk.json")
    text = words_of(preview)
    assert "3 new" in text and "1 with an error" in text and "1 image removed" in text
    assert "1 answer is longer than 1,200 characters and will be an article" in text
    assert "draft in the old system" in text
    told = words_of(store(support, preview))
    assert "1 of these were drafts in the old system too." in told and "Everything about invoices" in told
    kinds = dict(Entry.objects.values_list("source", "kind"))
    assert kinds == {
        "zendesk:101:en-us": "answer",
        "zendesk:101:de": "answer",
        "zendesk:103:en-us": "article",
    }

    renamed = (FOLDER / "zendesk.json").read_bytes().replace(b"export my bookings", b"get my bookings out")
    preview = choose(support, renamed, "zendesk.json")
    assert "1 changed" in words_of(preview) and "2 unchanged" in words_of(preview)
    store(support, preview)
    assert Entry.objects.count() == 3
    assert Entry.objects.get(source="zendesk:101:en-us").question == "How do I get my bookings out?"

    preview = choose(
        support, (FOLDER / "help-centre.zip").read_bytes(), "help.zip", base_url="https://a.example.com/"
    )
    assert "4 new" in words_of(preview)
    assert Upload.objects.get(name="help.zip").base_url == "https://a.example.com/"


def test_a_sheet_can_be_chosen_and_the_columns_changed_afterwards(sign_in: SignIn) -> None:
    support = sign_in("support")
    columns = choose(support, files()["two-sheets.xlsx"], "two.xlsx")
    assert "Notes (1 rows)" in text_of(columns) and form_of(columns)["sheet"] == ["1", "1"]
    assert "made in November" in text_of(support.get(at(columns), {"sheet": "0"}))
    preview = confirm_columns(support, columns, column_2="category")
    assert "Notes" not in words_of(preview) and "2026-11-01" in words_of(preview)
    again = support.get(at(preview) + "columns/")
    assert form_of(again)["column_2"] == "category"
    assert "2026-11-01" not in words_of(confirm_columns(support, again, column_2="ignore"))
    assert UploadRow.objects.count() == 3


def test_the_samples_can_be_imported(sign_in: SignIn) -> None:
    support = sign_in("support")
    for kind in ("csv", "xlsx"):
        sample = support.get(f"{START}sample.{kind}")
        preview = confirm_columns(support, choose(support, sample.content, f"sample.{kind}"))
        assert ("2 new" if kind == "csv" else "2 unchanged") in words_of(preview)
        if kind == "csv":
            store(support, preview)
    assert Entry.objects.count() == 2


def test_a_large_file_is_stored_while_the_page_waits(
    sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    """Without a broker nobody is told, and the waiting page goes on with the work by itself."""
    support = sign_in("support")
    data = (
        "question,answer\n" + "".join(f"How does thing {n} work?,Like {n}.\n" for n in range(400))
    ).encode()
    preview = confirm_columns(support, choose(support, data))
    with zeal_context(), django_assert_max_num_queries(20):
        assert "400 new" in words_of(support.get(at(preview)))
    waiting = store(support, preview)
    assert "0 of 400 rows" in words_of(waiting)
    Upload.objects.update(moved_at=now() - timedelta(seconds=10))
    told = support.post(at(preview) + "progress/").json()
    assert told["state"] in ("storing", "done") and told["done"] >= 50
    while told["state"] != "done":  # having taken it over, it does not wait for a worker again
        before = told["done"]
        told = support.post(at(preview) + "progress/").json()
        assert told["done"] > before or told["state"] == "done"
    assert told == {"state": "done", "done": 400, "total": 400}
    assert "400 new" in words_of(support.get(at(preview)))
    assert Entry.objects.count() == 400


def test_a_step_that_was_killed_is_gone_on_with_and_nothing_doubles(sign_in: SignIn) -> None:
    support = sign_in("support")
    data = (
        "question,answer\n" + "".join(f"How does thing {n} work?,Like {n}.\n" for n in range(400))
    ).encode()
    preview = confirm_columns(support, choose(support, data))
    store(support, preview)
    upload = Upload.objects.get()
    assert uploads.advance(upload.pk, 0.0)  # one chunk, then its time is over
    assert Entry.objects.count() == 50
    # A worker that was killed leaves its lease behind; nobody else touches the upload until it has run out.
    Upload.objects.update(lease_until=now() + timedelta(seconds=9), moved_at=now() - timedelta(seconds=20))
    assert uploads.unattended() == [] and not uploads.advance(upload.pk, 0.0)
    Upload.objects.update(lease_until=now() - timedelta(seconds=1))
    assert uploads.unattended() == [upload.pk]
    before = read_version("faq")
    while uploads.advance(upload.pk, 1.0):
        pass
    assert not uploads.advance(upload.pk, 1.0)
    assert Entry.objects.count() == 400
    assert read_version("faq") == before + 1  # each process loads the FAQ once, not for every chunk
    assert Entry.history.count() == 400


def test_files_are_forgotten_after_their_day(sign_in: SignIn) -> None:
    support = sign_in("support")
    page = choose(support, GERMAN)
    choose(support, GERMAN, "younger.csv")
    Upload.objects.filter(name="faq.csv").update(expires_at=now() - timedelta(minutes=1))
    tasks.forget_uploads()
    assert [each.name for each in Upload.objects.all()] == ["younger.csv"]
    assert support.get(at(page)).status_code == 404
