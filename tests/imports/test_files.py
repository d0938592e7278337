"""Every file of tests/imports/files: the right import, or an error that names its row and says why."""

import io
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from common.safe_csv import written
from faq.importing.documents import ANSWER_LIMIT, MAX_BYTES, Document, Options, Reading, Unreadable
from faq.importing.headings import Mapping, guess, role_of
from faq.importing.reading import look, read
from tests.imports.make_files import FOLDER, files, packed

Pairs = list[tuple[str, str]]
CP1252 = "The file is in Windows-1252"
PAY: Pairs = [("How do I pay?", "By card.")]
PLAIN: Pairs = [*PAY, ("Where are you?", "In Leeds.")]


def imported(data: bytes, name: str, language: str = "en", base_url: str = "") -> Reading:
    """Read a file as the desk would with the guessed columns."""
    found = look(data, name)
    mapping: Mapping | None = None
    if found.tables:
        guesses = [guess(sheet, number) for number, sheet in enumerate(found.tables.sheets)]
        mapping = max(guesses, key=lambda each: (not each.problem(), each.heading))
    return read(data, name, Options(base_url, language), mapping)


@dataclass(frozen=True)
class Right:
    """What comes out of a file: pairs, (place, beginning of the reason) of errors, beginnings of notes."""

    pairs: Pairs
    errors: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


DEAD = "link without an address that works outside the old site"
PAGE_NOTES = ("1 image removed", "1 script or embedded part removed", f"1 {DEAD}")
CARD = (
    "Open [Billing](https://help.example.com/settings/billing) and choose **Replace card**.\n\n"
    "See [your bank's rules](https://bank.example.com/rules)\nor this."
)
HALF_BROKEN = (
    "We open at **nine *sharp***\n\n- Monday\n- Tuesday\n\n"
    "|  |  |\n| --- | --- |\n| Sat | closed |\n\nBye<div"
)
STEPS = "## Steps\n\n1. Open [Reports](https://acme.zendesk.com/hc/en-us/articles/102)\n2. Choose **Export**"
CASH = "Puis-je payer en espèces ?"
UNCLOSED = "A quotation mark is not closed in the row that begins here. The rows after it were not read."

EXPECTED: dict[str, Right | str] = {
    "plain.csv": Right(PLAIN),
    "utf8-bom-crlf.csv": Right(PLAIN),
    "utf16-tabs.csv": Right(PLAIN, notes=("The file is in UTF-16.",)),
    "german-excel-cp1252.csv": Right(
        [
            ("Wie zahle ich?", "Mit Karte, bar oder Überweisung."),
            ("Öffnungszeiten?", "Mo–Fr 9–17 Uhr, außer an Feiertagen"),
        ],
        notes=(CP1252,),
    ),
    "japanese.csv": Right([("パスワードを忘れました。", "リセットしてください。")]),
    "japanese-shift-jis.csv": Right(
        [("どうすればいいですか", "こうしてください。")], notes=("The file is in Shift-JIS",)
    ),
    "arabic.csv": Right([("كيف أدفع؟", "بالبطاقة."), ("أين أنتم؟", "في ليدز.")]),
    "no-headings.csv": Right([("How do I pay?", "By card, or in cash."), ("Where are you?", "In Leeds.")]),
    "excel-sep.csv": Right(PAY),
    "phrasings.csv": Right(PAY),
    "french-accents.csv": Right([("Comment payer ?", "Par carte.")]),
    "one-bad-byte.csv": Right(
        [("Café?", "Oui."), ("Eau délicieuse?", "Oui.")],
        (("line 3", "This row has a character that is not UTF-8."),),
        ("The file is UTF-8 with broken characters",),
    ),
    "nul-bytes.csv": Right(
        PAY, (("line 3", "The row has 3 cells and the first line 2."),), ("NUL bytes were left out.",)
    ),
    "unclosed-quote.csv": Right(PAY, (("line 3", UNCLOSED),)),
    "duplicates.csv": Right(
        [*PAY, ("Pay how?", "x")], (("line 3", "“how do i PAY” stands in line 2 already."),)
    ),
    "empty-answers.csv": Right(
        [("When?", "Now.")],
        (
            ("line 2", "The answer is empty."),
            ("line 3", "The answer is empty without its images and scripts."),
            ("line 4", "The question is empty."),
        ),
    ),
    "html-answers.csv": Right([("How?", "Use the menu  \nand **click**")], notes=(f"1 {DEAD}",)),
    "formula-text.csv": Right([("=cmd|' /C calc'!A0", "Safe."), ("How?", "=1+1")]),
    "too-long.csv": Right(
        [("Long?", ("An answer. " * 150).strip())],
        (("line 2", "A question or phrasing has 301 characters; 300 are the most."),),
        ("1 answer is longer than 1,200 characters and will be an article",),
    ),
    "one-column.csv": "The file has only one column",
    "empty.csv": "The file is empty.",
    "blank.csv": "The file is empty.",
    "picture.csv": "This is a PNG image, whatever its name says.",
    "binary.csv": "The encoding of this file is not known",
    "two-sheets.xlsx": Right(
        [("¿Cómo pago?", "Con tarjeta."), ("¿Cuándo?", "2026-11-02 09:30"), ("¿Cuánto?", "12")]
    ),
    "formulas.xlsx": Right(
        [("Where?", "Here.")], (("FAQ, row 2", "Cell B2 holds a formula; paste its value instead."),)
    ),
    "merged.xlsx": Right([("How?", "So."), ("Where?", "There.")]),
    "truncated.xlsx": "This zip or Excel file is damaged or cut off",
    "old-or-locked.xlsx": "This is an old .xls file or an Excel file with a password.",
    "word.docx": "This is a Word document.",
    "help-page.html": Right([("Change your card", CARD)], notes=PAGE_NOTES),
    "page-named.csv": Right([("Change your card", CARD)], notes=PAGE_NOTES),
    "half-broken.html": Right(
        [
            (
                "Opening hours",
                HALF_BROKEN,
            )
        ]
    ),
    "details.html": Right([("Comment payer ?", "Par carte."), (CASH, "Oui, sur place.")]),
    "faq-page-json-ld.html": Right([("Is it free?", "Yes, for **30 days**.")]),
    "definitions.html": Right(
        [("¿Cómo pago?", "Con tarjeta."), ("¿Puedo cancelar?", "Sí, hasta 24 horas antes.")]
    ),
    "too-deep.html": Right([], (("too-deep.html", "Its HTML is broken or nested more than 150 deep."),)),
    "help-centre.zip": Right(
        [
            ("Change your card", CARD),
            ("Can I have my money back?", "Within 14 days."),
            ("When are reminders sent?", "One day before. See settings."),
            ("Can I switch them off?", "Yes."),
        ],
        notes=("2 other files in the zip", "2 images removed", "1 script", "2 links without an address"),
    ),
    "traversal.zip": Right(
        [("Hi?", "Yes.")],
        (
            ("../../etc/passwd.html", "Its name leads out of the zip's own folder"),
            ("C:/boot.html", "Its name leads out of the zip's own folder"),
        ),
    ),
    "nested.zip": Right(
        [("B?", "Yes.")],
        (
            ("faq.csv", "Upload this file by itself, not inside a zip."),
            ("inner.zip", "A packed file inside a zip is not opened"),
        ),
    ),
    "encrypted.zip": "This zip file is protected by a password",
    "truncated.zip": "This zip or Excel file is damaged or cut off",
    "damaged-member.zip": Right([("B?", "Yes.")], (("a.md", "It is damaged and cannot be unpacked."),)),
    "nothing-in-it.zip": "This zip file holds no HTML or Markdown pages.",
    "zendesk.json": Right(
        [
            (
                "How do I export my bookings?",
                STEPS,
            ),
            ("Wie exportiere ich Buchungen?", "Unter **Berichte**."),
            ("Everything about invoices", ("An invoice is sent on the first of each month. " * 40).strip()),
        ],
        (("Zendesk article 102 en-us", "The answer is empty."),),
        (
            "1 image removed",
            "1 answer is longer than 1,200 characters",
            "1 text was a draft in the old system too and is marked",
        ),
    ),
    "intercom.json": Right(
        [
            ("Can I pay by invoice?", "Yes, on the [Studio plan](https://example.com/plans)."),
            ("Puis-je payer sur facture ?", "Oui, avec la formule *Studio*."),
        ],
        (("Intercom article 12 en", "The question is empty."),),
        ("1 text was a draft in the old system too",),
    ),
    "chatwoot.json": Right(
        [
            ("Can I connect two calendars?", "Yes, under **Calendars**.\n\nSee plans."),
            ("Posso ligar dois calendários?", "Sim, em **Calendários**."),
        ],
        (("Chatwoot article 3", "It is archived in Chatwoot."),),
        ("1 image removed", f"1 {DEAD}", "1 text was a draft in the old system too"),
    ),
    "list.json": Right([("How?", "So.")]),
    "unknown.json": "This JSON file is no export that is known",
    "cut.json": "This JSON file is broken or cut off at line 1.",
}  # fmt: skip


def test_every_file_has_its_expectation_and_is_as_it_is_made() -> None:
    here = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert set(here) == set(EXPECTED) and len(here) >= 20
    # Workbooks carry the moment they were made, so only the others can be compared.
    made = {name: data for name, data in files().items() if not name.endswith(".xlsx")}
    assert {name: here[name] for name in made} == made


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_comes_out_of_a_file(name: str) -> None:
    data, expected = (FOLDER / name).read_bytes(), EXPECTED[name]
    if isinstance(expected, str):
        with pytest.raises(Unreadable) as refused:
            imported(data, name)
        assert str(refused.value).startswith(expected)
        assert str(refused.value).endswith(".")
        return
    reading = imported(data, name)
    right = [each for each in reading.documents if not each.problem]
    wrong = [each for each in reading.documents if each.problem]
    assert [(each.question, each.answer) for each in right] == expected.pairs
    assert [each.place for each in wrong] == [place for place, _ in expected.errors]
    assert all(
        each.problem.startswith(reason) for each, (_, reason) in zip(wrong, expected.errors, strict=True)
    )
    assert len(reading.notes) == len(expected.notes)
    assert all(note.startswith(told) for note, told in zip(reading.notes, expected.notes, strict=True))


def of(name: str, **options: str) -> list[Document]:
    reading = imported((FOLDER / name).read_bytes(), name, **options)
    return [each for each in reading.documents if not each.problem]


def test_what_files_say_beside_question_and_answer() -> None:
    assert of("phrasings.csv")[0].phrasings == ("Payment", "Paying", "By card?")
    assert of("japanese.csv", language="ja")[0].phrasings == ("パスワード再設定", "ログインできない")
    assert [each.category for each in of("merged.xlsx")] == ["Money", "Money"]
    assert [each.category for each in of("help-centre.zip")] == [
        "Billing", "Billing / More", "Reminders", "Reminders",
    ]  # fmt: skip
    assert [(each.language, each.category) for each in of("zendesk.json")] == [
        ("en", "Data"), ("de", "Data"), ("en", "Invoices"),
    ]  # fmt: skip
    assert [each.source for each in of("zendesk.json")] == [
        "zendesk:101:en-us", "zendesk:101:de", "zendesk:103:en-us",
    ]  # fmt: skip
    assert [(each.source, each.language) for each in of("intercom.json")] == [
        ("intercom:11:en", "en"), ("intercom:11:fr", "fr"),
    ]  # fmt: skip
    assert [(each.source, each.language) for each in of("chatwoot.json")] == [
        ("chatwoot:1", "en"), ("chatwoot:2", "pt"),
    ]  # fmt: skip
    assert [each.source for each in of("help-centre.zip")] == [
        "url:https://help.example.com/billing/change-card", "file:billing/more/refunds.md", "", "",
    ]  # fmt: skip
    assert [each.article for each in of("zendesk.json")] == [False, False, True]
    assert [each.unpublished for each in of("zendesk.json")] == [False, False, True]


def test_a_base_address_makes_dead_links_work() -> None:
    name = "help-centre.zip"
    with_base = imported((FOLDER / name).read_bytes(), name, base_url="https://old.example.com/hc/")
    assert "[settings](https://old.example.com/settings)" in with_base.documents[2].answer
    assert any(note.startswith(f"1 {DEAD}") for note in with_base.notes)  # javascript: stays dead


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Frage", "question"), ("FRAGE 1", "question"), ("Pergunta", "question"), ("質問", "question"),
        ("Réponse", "answer"), ("Lösung", "answer"), ("respuesta", "answer"), ("回答", "answer"),
        ("Phrasing_12", "phrasings"), ("Alternative Formulierungen", "phrasings"), ("カテゴリー", "category"),
        ("Sprache", "language"), ("created at", "ignore"), ("x" * 80, "ignore"),
    ],
)  # fmt: skip
def test_headings_in_the_languages_of_the_page(heading: str, role: str) -> None:
    assert role_of(heading) == role


# --- large, and made here ----------------------------------------------------------------------------


def test_a_title_above_the_headings_is_left_out_and_named() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Shop FAQ (internal)"])
    sheet.append([])
    sheet.append(["Question", "Answer"])
    sheet.append(["How do I pay?", "By card."])
    sheet.append(["=1+1", "By card."])
    stream = io.BytesIO()
    book.save(stream)
    reading = imported(stream.getvalue(), "titled.xlsx")
    assert [(each.question, each.place) for each in reading.documents if not each.problem] == [
        ("How do I pay?", "Sheet, row 4")
    ]
    assert [(each.place, each.problem) for each in reading.documents if each.problem] == [
        ("Sheet, row 5", "Cell A5 holds a formula; paste its value instead.")
    ]
    assert "Sheet “Sheet”: “Shop FAQ (internal)” above the headings is left out." in reading.notes

    plain = imported(b"Our FAQ;\nquestion;answer\nHow?;So.\n", "titled.csv")
    assert [(each.question, each.answer) for each in plain.documents] == [("How?", "So.")]


def test_rows_above_words_that_only_look_like_headings_stay() -> None:
    reading = imported(b"How do I pay?,By card.\nWhere?,Here.\nquestion,answer\n", "plain.csv")
    assert [each.question for each in reading.documents] == ["How do I pay?", "Where?", "question"]


def rows_csv(number: int) -> bytes:
    rows = [f"How does thing number {n} work?,Thing {n} works like this." for n in range(number)]
    return ("question,answer\n" + "\n".join(rows) + "\n").encode()


def test_ten_thousand_rows_and_no_more() -> None:
    assert len(imported(rows_csv(10_000), "big.csv").documents) == 10_000
    with pytest.raises(Unreadable, match=r"more than 10,000 rows; split it"):
        imported(rows_csv(10_001), "big.csv")


def test_a_workbook_of_ten_thousand_rows_and_one_more() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("FAQ")
    for n in range(10_002):
        sheet.append([f"Question {n}?" if n else "question", "x"])
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(Unreadable, match=r"The sheet “FAQ” has more than 10,000 rows"):
        imported(out.getvalue(), "big.xlsx")


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    pages: dict[str, str | bytes] = {f"{n}.html": b"<p>" + b"\0" * (30 * 2**20) for n in range(4)}
    with pytest.raises(Unreadable, match="unpack to 120 MB; 100 MB are the most"):
        imported(packed(pages), "bomb.zip")
    one = imported(packed({"a.html": b" " * (3 * 2**20), "b.md": "# B?\n\nYes."}), "one.zip")
    assert [each.problem[:27] for each in one.documents] == ["It has 3,145,728 bytes; 2,0", ""]
    with pytest.raises(Unreadable, match="This Excel file unpacks to more than 100 MB"):
        imported(packed({"xl/workbook.xml": b" " * (101 * 2**20)}), "bomb.xlsx")
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook/>'
    with pytest.raises(Unreadable, match="holds XML that Excel does not write"):
        imported(packed({"xl/workbook.xml": entity}), "entities.xlsx")
    with pytest.raises(Unreadable, match=r"20 MB are the most at once"):
        look(b"x" * (MAX_BYTES + 1), "huge.csv")


def test_a_cell_and_a_nesting_beyond_all_measure() -> None:
    found = imported(b"question,answer\nA?,x\nB?," + b"x" * 140_000 + b"\n", "cell.csv").documents
    assert [each.problem[:40] for each in found] == ["", "A cell has more than 131,072 characters."]
    with pytest.raises(Unreadable, match="nested too deeply"):
        look(b"[" * 200_000, "deep.json")


def test_what_was_written_is_read_again() -> None:
    rows = [("question", "answer"), ("=SUM(A1)?", "-1\n+2"), ('@all, "who"?', "\tx;y")]
    text = written(rows)
    assert "'=SUM" in text and "'-1" in text and "'@all" in text
    found = imported(text.encode(), "again.csv").documents
    assert [(each.question, each.answer) for each in found] == [
        ("=SUM(A1)?", "-1\n+2"),
        ('@all, "who"?', "x;y"),
    ]


def end_well(data: bytes, name: str) -> None:
    """Read a file and look at how it ends; another exception than ours fails the test by itself."""
    sentence = ""
    documents: tuple[Document, ...] = ()
    try:
        documents = imported(data, name).documents
    except Unreadable as error:
        sentence = str(error)
    assert sentence.endswith(".") or documents
    assert all(each.place and (each.problem or (each.question and each.answer)) for each in documents)


@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.xlsx", "a.zip", "a.json", "a.html", "a.md"]))
def test_any_bytes_end_in_rows_or_a_sentence(data: bytes, name: str) -> None:
    end_well(data, name)


@pytest.mark.parametrize(
    "name",
    [path.name for path in sorted(FOLDER.iterdir()) if path.suffix in (".xlsx", ".zip", ".json", ".html")],
)
def test_cut_and_scratched_files_end_in_rows_or_a_sentence(name: str) -> None:
    whole, chance = (FOLDER / name).read_bytes(), random.Random(name)
    for _ in range(25):
        data = bytearray(whole[: chance.randrange(1, len(whole) + 1)])
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        end_well(bytes(data), name)


def test_a_zip_bigger_than_it_says_is_no_way_around_the_limit() -> None:
    data = bytearray(packed({"a.html": b"<p>" + b"x" * 5_000_000, "b.md": "# B?\n\nYes."}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = archive.getinfo("a.html").file_size.to_bytes(4, "little")
    lied = bytes(data).replace(size, (10).to_bytes(4, "little"))
    problems = {each.place: each.problem for each in imported(lied, "lied.zip").documents}
    assert problems == {"a.html": "It is damaged and cannot be unpacked.", "b.md": ""}


def test_the_limit_of_an_answer_is_the_models_own() -> None:
    from faq import models

    assert models.ANSWER_LIMIT == ANSWER_LIMIT
    assert Path(FOLDER).exists()
