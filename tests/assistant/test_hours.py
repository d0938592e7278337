"""Opening hours as staff type them, the moment that is promised, and how visitors read both."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assistant import fixed_replies, words
from assistant.languages import LANGUAGES, certain_language, reply_language
from assistant.opening_hours import BadHours, OpeningHours, by_when, is_open, parse_closed, parse_hours
from assistant.words.notices import NOTICES, in_language
from routing import errors, walk

LONDON = ZoneInfo("Europe/London")
WEEKDAYS = "Mon-Fri 09:00-17:00"
NINE_TO_FIVE = ((9 * 60, 17 * 60),)


# ---- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "open_days", "first_spans"),
    [
        (WEEKDAYS, [0, 1, 2, 3, 4], NINE_TO_FIVE),
        ("monday to friday: 9-17", [0, 1, 2, 3, 4], NINE_TO_FIVE),
        ("Mon–Fri 9am–5pm; Sat 10:00-13:00", [0, 1, 2, 3, 4, 5], NINE_TO_FIVE),
        ("Mon, Wed and Fri 09.00-17.00\nSun closed", [0, 2, 4], NINE_TO_FIVE),
        ("Mon-Fri 09:00-12:00, 13:30-17:00", [0, 1, 2, 3, 4], ((540, 720), (810, 1020))),
        ("daily 00:00-24:00", [0, 1, 2, 3, 4, 5, 6], ((0, 1440),)),
        ("Sat-Mon 09:00-17:00", [0, 5, 6], NINE_TO_FIVE),
        ("  ", [], ()),
        ("Sun closed", [], ()),
    ],
)
def test_hours_are_read_as_people_write_them(
    text: str, open_days: list[int], first_spans: tuple[tuple[int, int], ...]
) -> None:
    hours = parse_hours(text)
    assert [day for day in range(7) if hours.days[day]] == open_days
    assert hours.ever == bool(open_days)
    assert not open_days or hours.days[open_days[0]] == first_spans


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("whenever", "whenever"),
        ("Mon-Fri", "Mon-Fri"),
        ("T 09:00-17:00", "weekday"),
        ("Foo 09:00-17:00", "weekday"),
        ("Mon 17:00-09:00", "before it begins"),
        ("Mon 9:75-10:00", "9:75-10:00"),
        ("Mon 09:00-25:00", "09:00-25:00"),
        ("Mon 13pm-14pm", "13pm-14pm"),
        ("Mon 09:00-12:00, 11:00-13:00", "overlap"),
        ("Mon 9-12; Mon-Tue 13-17", "Monday stands in two parts"),
        ("Mon, Mon 9-12", "twice"),
        ("09:00-17:00", "09:00-17:00"),
    ],
)
def test_what_cannot_be_read_is_quoted_with_the_reason(text: str, quoted: str) -> None:
    with pytest.raises(BadHours, match=quoted.replace("+", r"\+")):
        parse_hours(text)


def test_closed_days_are_dates_or_come_every_year() -> None:
    closed = parse_closed("2026-11-26 Moving house\n12-25\n02-29")
    assert closed.has(date(2026, 11, 26)) and not closed.has(date(2027, 11, 26))
    assert closed.has(date(2030, 12, 25)) and closed.has(date(2028, 2, 29))
    for wrong in ("christmas", "2026-13-01", "31.12.", "2026-02-30"):
        with pytest.raises(BadHours, match="is not a date"):
            parse_closed(wrong)


# ---- by when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "closed", "within", "asked", "promised"),
    [
        (WEEKDAYS, "", 8, "2026-11-24 15:20", "2026-11-25 16:00"),  # rounded up to the full hour
        (WEEKDAYS, "", 8, "2026-11-24 15:00", "2026-11-25 15:00"),
        (WEEKDAYS, "", 8, "2026-11-24 08:00", "2026-11-24 17:00"),
        (WEEKDAYS, "", 8, "2026-11-24 17:00", "2026-11-25 17:00"),
        (WEEKDAYS, "", 2, "2026-11-27 16:30", "2026-11-30 11:00"),  # over a weekend
        (WEEKDAYS, "", 8, "2026-11-28 12:00", "2026-11-30 17:00"),  # asked on a Saturday
        (WEEKDAYS, "2026-11-30\n12-01", 8, "2026-11-28 12:00", "2026-12-02 17:00"),
        (WEEKDAYS, "12-25\n12-28", 1, "2026-12-24 16:30", "2026-12-29 10:00"),
        ("Mon-Fri 09:00-12:15", "", 4, "2026-11-24 09:00", "2026-11-25 10:00"),
        ("Mon-Fri 09:00-12:15", "", 3, "2026-11-24 09:10", "2026-11-24 12:15"),  # never past closing time
        ("Mon 09:00-10:00", "", 3, "2026-11-24 09:00", "2026-12-14 10:00"),
        ("daily 00:00-24:00", "", 24, "2026-03-28 12:00", "2026-03-29 13:00"),  # the clock goes forward
        ("daily 00:00-24:00", "", 24, "2026-10-24 12:00", "2026-10-25 11:00"),  # and back
        ("Sun 01:00-03:00", "", 1, "2026-03-28 12:00", "2026-03-29 03:00"),  # 01:00 to 02:00 does not exist
        (WEEKDAYS, "", 0, "2026-11-24 12:00", None),
        ("", "", 8, "2026-11-24 12:00", None),
        ("Mon closed", "", 8, "2026-11-24 12:00", None),
    ],
)
def test_a_promise_counts_open_time_only(
    hours: str, closed: str, within: int, asked: str, promised: str | None
) -> None:
    now = datetime.fromisoformat(asked).replace(tzinfo=LONDON)
    by = by_when(parse_hours(hours), parse_closed(closed), LONDON, now, within)
    assert (by and f"{by.astimezone(LONDON):%Y-%m-%d %H:%M}") == promised


def test_a_desk_that_is_closed_for_ever_promises_nothing() -> None:
    every_day = "\n".join(f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))
    rest = "\n".join(["01-29", "01-30", "01-31", "02-29", "03-29", "03-30", "03-31", "04-29", "04-30"])
    late = "\n".join(f"{month:02}-{day}" for month in range(5, 13) for day in (29, 30))
    ends = "\n".join(f"{month:02}-31" for month in (5, 7, 8, 10, 12))
    closed = parse_closed("\n".join((every_day, rest, late, ends)))
    assert by_when(parse_hours(WEEKDAYS), closed, LONDON, datetime(2026, 11, 24, tzinfo=UTC), 8) is None


spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1])
weeks = st.lists(st.one_of(st.just(()), st.tuples(spans)), min_size=7, max_size=7).map(
    lambda days: OpeningHours(tuple(days))
)
FIRST, LAST = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2028-01-01")
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
zones = st.sampled_from(
    ["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Tokyo", "UTC"]
).map(ZoneInfo)


@given(weeks, zones, moments, st.integers(1, 40))
def test_a_promise_lies_ahead_at_an_open_moment_and_leaves_enough_open_time(
    hours: OpeningHours, tz: ZoneInfo, now: datetime, within: int
) -> None:
    by = by_when(hours, parse_closed(""), tz, now, within)
    assume(by is not None)
    assert by is not None
    assert by >= now + timedelta(hours=within)
    assert is_open(hours, parse_closed(""), tz, by - timedelta(seconds=1))
    more = by_when(hours, parse_closed(""), tz, now, within + 1)
    assert more is None or more >= by


@given(weeks)
def test_hours_that_are_written_out_are_read_back(hours: OpeningHours) -> None:
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    written = "; ".join(
        f"{name} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
        for name, day in zip(names, hours.days, strict=True)
        for begin, end in day
    )
    assert parse_hours(written) == hours


# ---- in words --------------------------------------------------------------------------------------

SETTINGS = {"opening_hours": WEEKDAYS, "time_zone": "Europe/London", "answer_within_hours": 8}
TUESDAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "hours", "by"),
    [
        ("en", "Monday–Friday 09:00–17:00 (London)", "Wednesday 25 November, 15:00 (London)"),
        ("de", "Montag–Freitag 09:00–17:00 (London)", "Mittwoch, 25. November, 15:00 Uhr (London)"),
        ("fr", "lundi–vendredi 09:00–17:00 (London)", "mercredi 25 novembre à 15:00 (London)"),
        ("es", "lunes–viernes 09:00–17:00 (London)", "miércoles 25 de noviembre, 15:00 (London)"),
        (
            "pt",
            "segunda-feira–sexta-feira 09:00–17:00 (London)",
            "quarta-feira, 25 de novembro, 15:00 (London)",
        ),
        ("ja", "月曜日～金曜日 09:00～17:00（London）", "11月25日（水曜日）15:00（London）"),
        ("xx", "Monday–Friday 09:00–17:00 (London)", "Wednesday 25 November, 15:00 (London)"),
    ],
)
def test_hours_and_the_promise_are_said_in_the_visitor_s_language(language: str, hours: str, by: str) -> None:
    assert words.hours_text(SETTINGS, language) == hours
    assert by in words.write_now(SETTINGS, language, TUESDAY)
    assert by in words.next_step(SETTINGS, language, TUESDAY)
    told = words.received(SETTINGS, language, 12, "anna@x.example", words.answer_by(SETTINGS, TUESDAY))
    assert by in told and "12" in told and "a…@x.example" in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"opening_hours": "nonsense"},
        {"opening_hours": "Sun closed"},
        {**SETTINGS, "answer_within_hours": 0},
    ],
)
def test_without_hours_nothing_is_promised(language: str, settings: dict[str, object]) -> None:
    for text in (
        words.write_now(settings, language, TUESDAY),
        words.next_step(settings, language, TUESDAY),
        words.received(settings, language, 12, "anna@x.example", None),
    ):
        assert "15:00" not in text and "{" not in text
    assert words.hours_text({"hours": "Weekdays"}, language) == "Weekdays"


def test_two_days_a_break_and_a_midnight_are_said_plainly() -> None:
    settings = {"opening_hours": "Sat, Sun 10:00-12:00, 13:00-24:00", "time_zone": "nowhere"}
    assert words.hours_text(settings, "en") == "Saturday, Sunday 10:00–12:00, 13:00–24:00 (UTC)"


# ---- languages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "visitor", "language"),
    [
        ("Danke!", "en", "de"),
        ("merci beaucoup", "", "fr"),
        ("gracias", "", "es"),
        ("obrigado", "", "pt"),
        ("ありがとう", "en", "ja"),
        ("hi", "de", "de"),
        ("ok", "pt-BR", "pt"),
        ("4711", "nl", "en"),
        ("thank you", "de", "en"),
        ("Ich brauche einen Menschen", "en", "de"),
        ("où est ma facture 4711", "", "fr"),
    ],
)
def test_our_own_words_come_in_the_message_s_language_where_it_is_certain(
    text: str, visitor: str, language: str
) -> None:
    assert reply_language(text, visitor) == language


@given(st.text(max_size=300))
def test_any_text_has_a_language_we_can_answer_in(text: str) -> None:
    assert reply_language(text, "") in LANGUAGES
    assert certain_language(text) in ("", *LANGUAGES)


def test_every_notice_there_is_exists_in_every_language() -> None:
    ours = {value for name, value in vars(fixed_replies).items() if name.endswith("_NOTICE")}
    theirs = {value for name, value in vars(walk).items() if name.endswith("_NOTICE")}
    of_errors = {
        value.notice
        for value in vars(errors).values()
        if isinstance(value, type) and hasattr(value, "notice")
    }
    for notice in ours | theirs | of_errors - {""}:
        assert notice in NOTICES, notice
        for language in LANGUAGES[1:]:
            assert in_language(notice, language) not in ("", notice)
    assert in_language("Something else.", "de") == "Something else."


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_gets_no_answer_is_told_the_next_step(language: str) -> None:
    step = words.next_step(SETTINGS, language, TUESDAY)
    contact = {**SETTINGS, "contact": "help@x.example"}
    assert step in fixed_replies.no_model(SETTINGS, language, TUESDAY)
    assert step in fixed_replies.person(SETTINGS, True, language, TUESDAY)
    assert "help@x.example" in fixed_replies.person(contact, False, language, TUESDAY)
    notice = fixed_replies.FAILED_NOTICE
    assert step in fixed_replies.closing_notice(notice, "failed", "upstream", SETTINGS, language, TUESDAY)
    fine = fixed_replies.closing_notice("", "completed", "finish", SETTINGS, language, TUESDAY)
    assert fine == ""
