"""Files of old questions: which column is what, what a row says, and which rows are left out and why."""

import io
from datetime import date

import pytest
from openpyxl import Workbook

from faq.importing.asking import Columns, OldQuestion, Problem, best_sheet, guess, look, read
from faq.importing.documents import Unreadable


def rows_of(data: bytes, name: str = "old.csv") -> list[OldQuestion | Problem]:
    sheet = best_sheet(look(data, name))
    return list(read(sheet, guess(sheet)))


@pytest.mark.parametrize(
    ("head", "roles"),
    [
        ("Question,Date,Channel,Count", ("question", "date", "channel", "count")),
        ("id,created_at,subject,message", ("ignore", "date", "ignore", "question")),
        ("Betreff;Erstellt am;Kanal", ("question", "date", "channel")),
        ("Subject\tVia\tAgent", ("question", "channel", "ignore")),
        ("質問,日時,件数", ("question", "date", "count")),
    ],
)
def test_columns_are_found_by_their_names(head: str, roles: tuple[str, ...]) -> None:
    delimiter = next(each for each in ";\t," if each in head)
    row = delimiter.join("x" for _ in roles)
    assert guess(best_sheet(look(f"{head}\n{row}\n".encode(), "a.csv"))) == Columns(True, roles)


def test_without_headings_the_column_that_asks_is_the_question() -> None:
    data = b"17,How do I pay?,a very long remark of the agent\n18,Where are you?,another long remark here\n"
    assert guess(best_sheet(look(data, "a.csv"))) == Columns(False, ("ignore", "question", "ignore"))


def test_each_row_is_a_question_or_says_what_is_wrong_with_it() -> None:
    data = (
        "question,date,channel,count\n"
        "How do I  pay?,2026-10-03T10:00:00Z,chat,3\n"
        "When?,3.10.2026,,\n"
        ",2026-10-03,chat,1\n"
        "Why?,yesterday,chat,1\n"
        "Who?,,chat,none\n"
        '\'-5 is refused,,,"1,000"\n'
    )
    assert rows_of(data.encode()) == [
        OldQuestion("line 2", "How do I pay?", date(2026, 10, 3), "chat", 3),
        OldQuestion("line 3", "When?", date(2026, 10, 3)),
        Problem("line 4", "The question is empty."),
        Problem("line 5", "“yesterday” is no date like 2026-11-30, 30.11.2026 or 30/11/2026."),
        Problem("line 6", "“none” is no count between 1 and 1,000,000."),
        OldQuestion("line 7", "-5 is refused", times=1000),
    ]


def test_slashes_are_read_by_what_the_column_can_only_mean() -> None:
    first = rows_of(b"question,date\nA?,03/10/2026\nB?,25/10/2026\n")
    second = rows_of(b"question,date\nA?,03/10/2026\nB?,10/25/2026\n")
    assert [each.day for each in first if isinstance(each, OldQuestion)] == [
        date(2026, 10, 3), date(2026, 10, 25),
    ]  # fmt: skip
    assert [each.day for each in second if isinstance(each, OldQuestion)] == [
        date(2026, 3, 10), date(2026, 10, 25),
    ]  # fmt: skip


def test_a_text_is_a_question_a_line_with_its_commas() -> None:
    found = rows_of("Hello, how do I pay?\n\nI paid twice; why?\n".encode("utf-16"), "old.txt")
    assert [each.text for each in found if isinstance(each, OldQuestion)] == [
        "Hello, how do I pay?",
        "I paid twice; why?",
    ]
    table = rows_of(b"question,count\nHow?,4\n", "old.txt")
    assert table == [OldQuestion("line 2", "How?", times=4)]


def test_a_workbook_is_read_from_the_sheet_with_questions() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["notes of the export"], ["made on Monday"], ["x"]):
        sheet.append(row)
    tickets = book.create_sheet("Tickets")
    for cells in (["Message", "Count"], ["How do I pay?", 2], ["=1+1", 1]):
        tickets.append(cells)
    out = io.BytesIO()
    book.save(out)
    found = rows_of(out.getvalue(), "old.xlsx")
    assert found[0] == OldQuestion("row 2", "How do I pay?", times=2)
    assert isinstance(found[1], Problem) and "formula" in found[1].why


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.csv", "empty"),
        (b"%PDF-1.7", "a.csv", "PDF"),
        (b"question\n" + b"How?\n" * 50_001, "a.csv", "more than 50,000 rows"),
        (b"How?\n" * 50_001, "a.txt", "more than 50,000 rows"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(data: bytes, name: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        look(data, name)


@pytest.mark.parametrize(
    ("roles", "said"),
    [(("date", "ignore"), "which column holds"), (("question", "question"), "Two columns")],
)
def test_columns_that_do_not_fit_are_refused(roles: tuple[str, ...], said: str) -> None:
    sheet = best_sheet(look(b"question,date\nA?,\n", "a.csv"))
    with pytest.raises(Unreadable, match=said):
        list(read(sheet, Columns(True, roles)))
