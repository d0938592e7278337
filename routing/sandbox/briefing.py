"""What the sandbox writes for a member of the team who takes a conversation over: its own words, counted.

It understands nothing: it repeats what the customer asked first, last and of the team, and says how often
they were answered.
"""

import re

from routing.sandbox.asking import Ask

_CONVERSATION = re.compile(r"<conversation>\n(.*)\n</conversation>", re.S)
_SAID = re.compile(r"^(Customer, to the team|Customer|Assistant): ", re.M)
QUOTED = 160  # characters of what somebody said


def is_asked(ask: Ask) -> bool:
    """Return whether a conversation is to be summed up."""
    return _CONVERSATION.search(ask.question) is not None


def compose(ask: Ask) -> str:
    """Return a conversation in three sentences at the most."""
    found = _CONVERSATION.search(ask.question)
    _, *parts = _SAID.split(found[1] if found else "")
    said = list(zip(parts[::2], (_quoted(text) for text in parts[1::2]), strict=True))
    asked = [text for who, text in said if who == "Customer"]
    team = [text for who, text in said if who == "Customer, to the team"]
    answers = sum(who == "Assistant" for who, _ in said)
    lines = [f"The customer asked {asked[0]}." if asked else "The customer asked for a person at once."]
    if asked:
        last = f", last about {asked[-1]}" if len(asked) > 1 else ""
        lines.append(f"The assistant answered {answers} {'time' if answers == 1 else 'times'}{last}.")
    if team:
        lines.append(f"To the team they wrote {team[-1]}.")
    return " ".join(lines)


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words if len(words) <= QUOTED else words[: QUOTED - 1] + '…'}”"
