"""Files that people have, and what becomes of each: rows, or errors that name the line."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from faq import services
from faq.importer import MAX_BYTES, parse
from faq.imports import plan
from faq.models import Entry

HEAD = "question,answer,phrasing_1,phrasing_2,category,language\n"


def errors(data: bytes) -> list[tuple[int, str]]:
    return [(error.line, error.message) for error in parse(data).errors]


@pytest.mark.parametrize(
    "data",
    [
        b"question,answer\nHow do I pay?,By card.\n",
        b"\xef\xbb\xbfquestion,answer\r\nHow do I pay?,By card.\r\n",
        b"question;answer\nHow do I pay?;By card.\n",
        b"Answer\tQuestion\nBy card.\tHow do I pay?\n",
        b'"question","answer","remark"\n\n"How do I  pay?","By card.","x"\n,,\n',
    ],
)
def test_shapes_of_csv(data: bytes) -> None:
    parsed = parse(data)
    assert parsed.errors == ()
    assert [(row.question, row.answer, row.language) for row in parsed.rows] == [
        ("How do I pay?", "By card.", "en")
    ]
    assert parsed.rows[0].category is None


def test_phrasings_come_in_columns_or_one_a_line() -> None:
    row = parse((HEAD + 'How?,"Line 1\n\nLine 2","one\ntwo",three,Money,DE\n').encode()).rows[0]
    assert row.phrasings == ("one", "two", "three")
    assert (row.answer, row.category, row.language, row.line) == ("Line 1\n\nLine 2", "Money", "de", 2)


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (b",x,,,,\n", 2, "The question is empty."),
        (b"?!,x,,,,\n", 2, "The question holds no word."),
        (b"How?,,,,,\n", 2, "The answer is empty."),
        (b"How?," + b"x" * 1201 + b",,,,\n", 2, "The answer has 1,201 characters"),
        (b"x" * 301 + b",x,,,,\n", 2, "has 301 characters; 300 are the most"),
        (b"How?,x,!!,,,\n", 2, "The phrasing “!!” holds no word."),
        (b"How?,x,,,,klingon!\n", 2, "is not a language code"),
        (b"How?,x,,," + b"c" * 61 + b",\n", 2, "The category has more than 60"),
        (b"How?,x,,,,,,,\n", 2, "The row has 9 cells and the first line 6."),
        (b"A?,x,,,,\nHow?,x,a!,,,\n", 3, "“a!” stands in line 2 already."),
        (b'A?,"x\ny",,,,\na,x,,,,\n', 4, "“a” stands in line 2 already."),
        (b"A?,x,,,,\nB\xe9?,x,,,,\n", 3, "This line is not UTF-8."),
        (b'A?,"x,,,,\n', 2, "A quotation mark is not closed"),
        (b'A?,"1\n2",,,,\nB?,"x\ny,,,,\nC?,z,,,,\n', 4, "A quotation mark is not closed"),
        (b'A?,x,,,,\nB?,"say "hi" twice",,,,\n', 3, "or stands inside a cell"),
        (b"A?," + b"x" * 140_000 + b",,,,\n", 2, "A cell has more than 131,072 characters"),
    ],
)
def test_each_bad_row_is_named(body: bytes, line: int, message: str) -> None:
    found = errors(HEAD.encode() + body)
    assert len(found) == 1
    assert found[0][0] == line
    assert message in found[0][1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \n", "The file is empty."),
        (b"name,text\na,b\n", "needs exactly one column “question”; it has: name, text."),
        (b"question,text\na,b\n", "exactly one column “answer”"),
        (b"question,question,answer\na,b,c\n", "exactly one column “question”"),
        (b"x" * (MAX_BYTES + 1), "are the most at once"),
    ],
)
def test_a_file_that_is_no_faq_is_refused_whole(data: bytes, message: str) -> None:
    parsed = parse(data)
    assert parsed.rows == ()
    assert [message in error.message for error in parsed.errors] == [True]


def test_the_same_question_in_two_languages_is_two_entries() -> None:
    parsed = parse((HEAD + "Login?,x,,,,en\nLogin?,y,,,,de\n").encode())
    assert len(parsed.rows) == 2


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEAD + text).encode("utf-8", "replace"))
)
def test_any_bytes_end_in_rows_or_errors(data: bytes) -> None:
    parsed = parse(data)
    assert all(row.question and row.answer for row in parsed.rows)
    assert all(error.line >= 1 and error.message for error in parsed.errors)


# --- storing ---------------------------------------------------------------------------------------


def write(folder: Path, body: str) -> str:
    path = folder / "faq.csv"
    path.write_text(HEAD + body, encoding="utf-8")
    return str(path)


def run(path: str, *options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("faq_import", path, *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_importing_twice_updates_and_never_doubles(tmp_path: Path) -> None:
    body = "How do I pay?,By card.,Payment,,Money,en\n" + "".join(
        f"Question {i}?,x,,,,en\n" for i in range(60)
    )
    assert run(write(tmp_path, body))[0] == "61 new, 0 changed, 0 unchanged, 0 left out.\n"
    assert set(Entry.objects.values_list("status", flat=True)) == {"draft"}
    assert run(write(tmp_path, body))[0] == "0 new, 0 changed, 61 unchanged, 0 left out.\n"

    changed = body.replace("By card.", "By card or cash.").replace("Payment,,", "Paying,,")
    assert run(write(tmp_path, changed), "--publish")[0] == "0 new, 61 changed, 0 unchanged, 0 left out.\n"
    entry = Entry.objects.get(question="How do I pay?")
    assert (entry.answer, entry.category, entry.status) == ("By card or cash.", "Money", "published")
    assert list(entry.phrasings.values_list("text", flat=True)) == ["Payment", "Paying"]
    assert Entry.objects.count() == 61


@pytest.mark.django_db
def test_with_an_error_nothing_is_imported_unless_asked_for(tmp_path: Path) -> None:
    services.save_entry(Entry(question="How do I pay?", answer="x", status="published"), ["Payment"])
    path = write(tmp_path, "Parking?,Behind the house.,,,,\n,x,,,,\nMoney?,x,payment,,,\n")
    err = StringIO()
    with pytest.raises(CommandError, match="Nothing was imported, because of 2 errors"):
        call_command("faq_import", path, "--publish", stdout=StringIO(), stderr=err)
    assert "line 3: The question is empty." in err.getvalue()
    assert "line 4: “payment” already leads to the published entry “How do I pay?”" in err.getvalue()
    assert Entry.objects.count() == 1

    out, _ = run(path, "--publish", "--skip-errors")
    assert out == "1 new, 0 changed, 0 unchanged, 2 left out.\n"
    assert Entry.objects.filter(question="Parking?", status="published").exists()


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be read: No such file"):
        run(str(tmp_path / "none.csv"))


@pytest.mark.django_db
def test_planning_changes_nothing_and_asks_little(django_assert_max_num_queries: object) -> None:
    body = "".join(f"Question {i}?,x,one {i},two {i},,\n" for i in range(200))
    parsed = parse((HEAD + body).encode())
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        planned = plan(parsed, publish=True)
    assert len(planned.of("new")) == 200
    assert Entry.objects.count() == 0
