"""What `benchmarks/routing.py` reads and decides: messages of one length, nasty ones, and many rules."""

import random
from collections.abc import Iterator

from routing.config import ConditionSpec, RuleSpec
from routing.signals import estimate_tokens

# Sentences as visitors of a desk write them, in no order; a message is some of them.
SENTENCES = tuple(
    line.strip()
    for line in """
    I run a small studio with four people and we have been with you since last spring.
    Since the change of the clock all reminders come an hour late.
    Two of my clients told me that they never got a confirmation by e-mail.
    The calendar shows the slot as free although somebody has it already.
    I looked into the settings for notifications and could not find anything unusual there.
    My colleague has the same on her phone, but not on the laptop in the office.
    What happens to the bookings that are already in there if we move to the other location?
    Could you tell me where I can see which of them were paid by card?
    We do not want to lose the history of the last two years.
    It worked fine until Tuesday, and nobody changed anything that I know of.
    How long does it take until a payout reaches our bank?
    Is there a way to let people choose between two rooms?
    I would rather not send the same message to everybody twice.
    The page loads slowly in the evening, mostly between six and eight.
    Our trainer is away for three weeks in August and her courses must not be bookable then.
    Some people book under their first name only and then I cannot find them.
    Do I have to tell you when we open a second place, or do I just add it?
    On the invoice from March the address is still the old one.
    The text that goes out with a reminder has a typo that I cannot get rid of.
    I tried another browser and it is the same.
    Sometimes the button is grey, and when I wait for a minute it turns blue again.
    Which of the plans has the waiting list, and is it the same price for each person?
    A client wants her data deleted, what do I have to do for that?
    The import took all names but left the phone numbers out.
    We would like the week to begin on Monday.
    I am not very good with these things, so please explain it slowly.
    In the app I see yesterday's appointments under today.
    My assistant left, and I need to take her access away.
    Thank you for the quick answer last time, that was a great help.
    If somebody cancels an hour before, can we still charge a part of it?
    Why is the total in the report not the sum of the rows above it?
    He says that he paid on the spot, but it is not marked as paid.
    Please compare the two ways to connect the calendar for us.
    The new logo looks blurred at the top of the page.
    I have to print the list for the front desk every morning.
    Our accountant asks for all receipts of last year in one file.
    Can a course have more than one teacher?
    There was an error when I saved the opening hours, then it was gone.
    The link in the newsletter leads to a page that does not exist any more.
    Next week we have a fair and I expect many new people at once.
    """.strip().splitlines()
)  # fmt: skip
LONG_PASTE = 20_000  # characters
CALENDAR = "BEGIN:VEVENT\nSUMMARY:Haircut with Anna\nDTSTART:20261124T090000Z\nEND:VEVENT\n"
CODE = "def total(items):\n    return sum(item.price for item in items)  # all of them\n\n"


def messages(tokens: int, count: int, seed: int = 1) -> list[str]:
    """Return different messages of at least `tokens` tokens, each made of whole sentences."""
    chance = random.Random(seed)  # the same messages in every run
    return [_message(tokens, chance) for _ in range(count)]


def _message(tokens: int, chance: random.Random) -> str:
    parts: list[str] = []
    while estimate_tokens(" ".join(parts)) < tokens:
        parts.append(chance.choice(SENTENCES))
    return " ".join(parts)


def nasty() -> dict[str, str]:
    """Return messages that are hard on readers of text, by what they are."""
    prose = messages(300, 1)[0]
    return {
        "20,000 characters of prose": _long(prose + " "),
        "20,000 characters of calendar": _long(CALENDAR),
        "20,000 characters of code": _long(CODE),
        "20,000 line ends": "\n" * LONG_PASTE,
        "one word of 20,000 letters": "a" * LONG_PASTE,
        "8,000 digits": "7" * 8_000,
        "deep Markdown": "> " * 4_000 + "\n" + "#" * 4_000 + "\n" + "- " * 4_000,
        "links in Markdown": _long("[a](b) "),
        "open brackets": "(" * LONG_PASTE,
        "question marks": "? " * (LONG_PASTE // 2),
        "ligatures that unfold": "\ufdfa" * 8_000,
        "accents that combine": "e\u0301" * (LONG_PASTE // 2),
        "words that begin patterns": _long("write me a my our the "),
        "words of code in one line": _long("my code function script error in python "),
        "assignments": _long("x y z = = "),
    }


def _long(piece: str) -> str:
    return (piece * (LONG_PASTE // len(piece) + 1))[:LONG_PASTE]


def many_rules(count: int) -> tuple[RuleSpec, ...]:
    """Return `count` rules of all kinds of conditions, of which only the last one holds."""
    made = [RuleSpec(at, at, f"rule {at}", "common", "bench", groups) for at, groups in _groups(count - 1)]
    return (*made, RuleSpec(count, count, "everything else", "common", "nothing else held"))


def _groups(count: int) -> Iterator[tuple[int, tuple[tuple[ConditionSpec, ...], ...]]]:
    for at in range(1, count + 1):
        words = ConditionSpec("words", "contains", f"campaign {at}, term{at}, offer {at}b, q{at}, w{at}x")
        plan = ConditionSpec("plan_name", "is", f"plan{at}")
        long = ConditionSpec("message_tokens", "at_least", str(2_000 + at))
        person = ConditionSpec("asks_for_person", "is_true")
        sure = ConditionSpec("faq_confidence", "at_least", "0,98")
        kinds: tuple[tuple[tuple[ConditionSpec, ...], ...], ...] = (
            ((words,),),
            ((plan, person),),
            ((long,), (person, words)),
            ((sure, plan),),
            ((ConditionSpec("why", "is_false"), words),),
        )
        yield at, kinds[at % len(kinds)]
