"""What is taken for a personal detail and what is not; tables of the cases that are easy to get wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.personal import KINDS, find
from common.text import redact

FOUND = [
    ("e-mail", "ann@example.com"),
    ("e-mail", "ann.lee+shop@mail.eu.example.co.uk"),
    ("e-mail", "ANN_LEE@EXAMPLE.COM"),
    ("e-mail", "jörg.müller@exämple.de"),
    ("e-mail", "иван@пример.рф"),
    ("e-mail", "用户@例子.公司"),
    ("e-mail", "ann@xn--exmple-cua.xn--p1ai"),
    ("e-mail", "o'neil@example.ie"),
    ("e-mail", "ann＠example．com"),
    ("e-mail", "ann\u200b@exam\u200bple.com"),
    ("e-mail", "ann (at) example (dot) com"),
    ("e-mail", "ann[at]example.com"),
    ("e-mail", "root@[192.168.7.1]"),
    ("e-mail", "a" * 90 + "@example.com"),
    ("card", "4111111111111111"),
    ("card", "4111 1111 1111 1111"),
    ("card", "5500-0000-0000-0004"),
    ("card", "3782 822463 10005"),
    ("card", "4111.1111.1111.1111"),
    ("card", "4111 - 1111 - 1111 - 1111"),
    ("card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ("card", "４１１１ １１１１ １１１１ １１１１"),
    ("card", "٤١١١١١١١١١١١١١١١"),
    ("card", "4111\u20131111\u20131111\u20131111"),
    ("card", "4111\u200b1111\u200b1111\u200b1111"),
    ("card", "4111\u00a01111\u00a01111\u00a01111"),
    ("card", "6011000990139424"),
    ("card", "3530111333300000"),
    ("IBAN", "DE89 3704 0044 0532 0130 00"),
    ("IBAN", "DE89370400440532013000"),
    ("IBAN", "de89 3704 0044 0532 0130 00"),
    ("IBAN", "GB29NWBK60161331926819"),
    ("IBAN", "GB29 NWBK 6016 1331 9268 19"),
    ("IBAN", "FR14 2004 1010 0505 0001 3M02 606"),
    ("IBAN", "NO93-8601-1117-947"),
    ("IBAN", "CH93 0076 2011 6238 5295 7"),
    ("IBAN", "NL91\u00a0ABNA\u00a00417\u00a01643\u00a000"),
    ("phone", "+49 30 1234567"),
    ("phone", "+49 (0)30 1234567"),
    ("phone", "+49 (0) 171 / 123 45 67"),
    ("phone", "+49-30-12345-67"),
    ("phone", "0049 171 1234567"),
    ("phone", "030 1234567"),
    ("phone", "0171/1234567"),
    ("phone", "01711234567"),
    ("phone", "089/12 34 56-78"),
    ("phone", "(030) 1234567"),
    ("phone", "+33 1 23 45 67 89"),
    ("phone", "01 23 45 67 89"),
    ("phone", "06.12.34.56.78"),
    ("phone", "06-12-34-56-78"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "+44 (0)20 7946 0958"),
    ("phone", "020 7946 0958"),
    ("phone", "07700 900123"),
    ("phone", "+1 (415) 555-2671"),
    ("phone", "+14155552671"),
    ("phone", "(212) 555-0123"),
    ("phone", "212-555-0123"),
    ("phone", "212.555.0123"),
    ("phone", "1-800-555-0199"),
    ("phone", "+81 3-1234-5678"),
    ("phone", "03-1234-5678"),
    ("phone", "090-1234-5678"),
    ("phone", "０９０−１２３４−５６７８"),
    ("phone", "+34 612 345 678"),
    ("phone", "612 34 56 78"),
    ("phone", "+351 912 345 678"),
    ("phone", "+39 06 1234 5678"),
    ("phone", "333 1234567"),
    ("phone", "+49\u200b30\u200b1234567"),
    ("phone", "+٤٩ ٣٠ ١٢٣٤٥٦٧"),
]

IN_WORDS = [
    ("phone", "call me on 5550123", "5550123"),
    ("phone", "mein Handy: 612 345 678", "612 345 678"),
    ("phone", "mi teléfono es 612 345 678", "612 345 678"),
    ("phone", "電話は12345678です", "12345678"),
    ("e-mail", "メールはtaro@example.jpです", "taro@example.jp"),
    ("e-mail", "(ann@example.com)", "ann@example.com"),
    ("e-mail", "<ann@example.com>,", "ann@example.com"),
    ("e-mail", "'ann@example.com'", "ann@example.com"),
    ("card", "card 4111 1111 1111 1111 12/27 123", "4111 1111 1111 1111"),
    ("IBAN", "an DE89 3704 0044 0532 0130 00 bitte", "DE89 3704 0044 0532 0130 00"),
    ("phone", "I am on +49 30 1234567, order 4711", "+49 30 1234567"),
]

NOT_FOUND = [
    "order 4711",
    "order number 1234567890",
    "order 0301234567",
    "Bestellnummer 0301234567",
    "invoice 2026-001234",
    "INV-2026-00012",
    "invoice no. 0012345678",
    "Rechnung 01711234567",
    "SKU 212-555-0123",
    "ticket #0301234567",
    "2026-11-24",
    "24.11.2026",
    "01/12/2026 10:30",
    "01.12.2026-05.12.2026",
    "2026-11-24T12:34:56.123456Z",
    "20261124123456",
    "v1.2.3.4",
    "version 0.12.34.567",
    "react@18.2.0",
    "left-pad@1.3.0-rc.1",
    "git@github.com:larkfield/desk.git",
    "@types/node",
    "user@localhost",
    "192.168.0.1",
    "10.0.0.255:8000",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "550e8400-e29b-41d4-a716-446655440000",
    "01234567-1234-1234-1234-123456789012",
    "t=1614556800,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
    "sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "1,234,567.89",
    "€ 12.345.678,00",
    "USD 1000000",
    "100 000 000",
    "12 345 678 €",
    "3.14159265",
    "0.123456789",
    "0123456789",
    "for (i = 0; i < 1000000000; i++)",
    "0x0301234567",
    "08:30 - 12:00",
    "2020-2026",
    "978-3-16-148410-0",
    "DE123456789",
    "4111 1111 1111 1112",
    "1732406400000",
    "DE89 3704 0044 0532 0130 01",
    "XX89 3704 0044 0532 0130 00",
    "UTC+01:00",
    "@@ -1,4 +1,4 @@",
    "id_0301234567",
    "timeout=0301234567",
    "1" * 30,
    "We were 20-30 000 people",
    "Does it send texts too?",
]


@pytest.mark.parametrize(("kind", "detail"), FOUND)
def test_a_detail_is_found_whole_alone_and_in_a_sentence(kind: str, detail: str) -> None:
    for text in (detail, f"Please note: {detail} thanks", f"({detail})", f"{detail}.", f"{detail}\n{detail}"):
        found = find(text)
        assert [(each.kind, text[each.start : each.end].strip("()")) for each in found] == [
            (kind, detail.strip("()"))
        ] * text.count(detail), text


@pytest.mark.parametrize(("kind", "text", "detail"), IN_WORDS)
def test_words_around_a_detail_stay_and_may_decide(kind: str, text: str, detail: str) -> None:
    assert [(each.kind, text[each.start : each.end]) for each in find(text)] == [(kind, detail)]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_a_detail_stays(text: str) -> None:
    for written in (text, f"Please see {text} again", f"{text}."):
        assert find(written) == [], written
        assert redact(written) == written


def test_two_numbers_in_a_row_are_two() -> None:
    cards = "4111 1111 1111 1111 5500 0000 0000 0004"
    assert [each.key for each in find(cards)] == ["4111111111111111", "5500000000000004"]
    assert [each.key for each in find("030 1234567 040 7654321")] == ["0301234567", "0407654321"]
    assert [each.key for each in find("+49 30 1234567 089 123456")] == ["49301234567", "089123456"]


def test_one_detail_written_in_two_ways_has_one_key() -> None:
    assert (
        len({each.key for each in find("Ann@Example.com, ann@example.com, ann (at) example (dot) com")}) == 1
    )
    assert len({each.key for each in find("+49 30 1234567; +49-30-1234567; +49\u200b30 1234567")}) == 1
    assert len({each.key for each in find("DE89370400440532013000 / de89 3704 0044 0532 0130 00")}) == 1


PATHOLOGICAL = [
    "a" * 8000,
    "a@" * 4000,
    "a.b@" * 2000,
    "@" * 8000,
    "1" * 8000,
    "1 " * 4000,
    "4111 " * 1600,
    "+" * 8000,
    "+1" * 4000,
    "(0)" * 2666,
    "DE89 " * 1600,
    "DE8937040044053201300" * 380,
    "a" * 63 + ".a" * 3900,
    "x@" + "a." * 3990,
    "٤" * 8000,
    "\u200b1" * 4000,
    "phone " * 1333,
    "0" + " 12" * 2600,
    "1.1.1.1" * 1142,
    "€1 " * 2666,
    "".join(chr(0x4E00 + index) for index in range(8000)),
]


@pytest.mark.timeout(20)  # a guard against a hang: one pass over 64,000 characters takes about a second
@pytest.mark.parametrize("text", PATHOLOGICAL, ids=range(len(PATHOLOGICAL)))
def test_a_hostile_text_of_eight_messages_is_read_in_one_pass(text: str) -> None:
    assert redact(redact(text * 8)) == redact(text * 8)


@given(st.text(alphabet=st.sampled_from("aZ0149 +-.()/@\u200b４٤é漢\n€#DE89"), max_size=120))
def test_details_are_in_order_apart_and_of_a_known_kind(text: str) -> None:
    at = 0
    for each in find(text):
        assert at <= each.start < each.end <= len(text)
        assert each.kind in KINDS
        at = each.end
    once = redact(text)
    assert redact(once) == once
