"""Placeholders: numbered by detail, the same in every text, and none for what the company publishes."""

from assistant.redaction import Redactor, details_in


def test_each_detail_has_one_placeholder_over_all_texts() -> None:
    redactor = Redactor()
    first = redactor.text("I am ann@example.com, my boss is bob@example.com, call +49 30 1234567.")
    assert first == "I am [e-mail 1], my boss is [e-mail 2], call [phone 1]."
    second = redactor.text("Write to BOB@example.com or pay 4111 1111 1111 1111, or call +49-30-1234567")
    assert second == "Write to [e-mail 2] or pay [card 1], or call [phone 1]"
    assert redactor.counts == {"e-mail": 2, "card": 1, "phone": 1}
    assert redactor.text(second) == second, "a placeholder is no detail"


def test_what_the_company_publishes_stays_however_it_is_written() -> None:
    redactor = Redactor(details_in(["Support: help@larkfield.example, 020 7946 0000"]))
    text = "I wrote to Help@Larkfield.example and rang 020-7946-0000 from me@example.com"
    assert redactor.text(text) == "I wrote to Help@Larkfield.example and rang 020-7946-0000 from [e-mail 1]"
    assert redactor.counts == {"e-mail": 1}


def test_a_text_without_details_comes_back_as_it_was() -> None:
    redactor = Redactor()
    text = "Order 4711 of 2026-11-24 costs €12.50 \U0001f642\n"
    assert redactor.text(text) == text
    assert redactor.counts == {}
