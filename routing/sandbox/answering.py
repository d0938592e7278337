"""What the sandbox answers: sentences of the help texts, honestly nothing else.

Pure and repeatable: the same request gets the same text, so tests and demonstrations can rely on it.
"""

import re

from routing.sandbox import briefing, code, drafting, extracts
from routing.sandbox.asking import Ask, Passage

WHOLE_CHARS = 1300  # an approved answer is at most 1,200, so each is quoted whole
PART_CHARS = 600  # of each further help text in a long answer
LONG_CHARS = 3000  # beyond this the visitor has pasted something
REPEAT_CHARS = 24  # of the cut text said again when asked to go on, as real models do

_GERMAN = re.compile(r"\b(ich|nicht|wie|kann|und|oder|eine|mein|meine|wo|warum|bitte)\b", re.I)
_DRAFT = re.compile(
    r"\b(?:draft|write|compose)\b.{0,40}\b(?:message|e-?mail|note|announcement|reminder|newsletter)\b"
    r"(?:\s+to\s+(?P<who>[\w ]+?))?(?:\s+(?:about|on|that|saying)\s+(?P<what>[^.?!\n]+))?[.?!\n]?$",
    re.I | re.M,
)
_QUESTION = re.compile(r"[^?;\n]+[?;]?")
_ORDER = re.compile(r"\b(?:say|print|reply with|repeat|output|write)\b\s*:?\s*(?P<what>.+)", re.I | re.S)
_SHORT = re.compile(r"\*\*(?:In short|Kurz gesagt):\*\*")
_MARK = re.compile(r"^(?:[-*]|\d+\.)\s+")
_TITLE = re.compile(r"\*\*[^*\n]+\*\*")
_ROWS = re.compile(r"[^\n]*(?:\n[ \t]*\|[^\n]*)*")
_SECRETS = re.compile(r"system prompt|your (?:instructions|rules)|everything above", re.I)


def compose(ask: Ask, heavy: bool) -> str:
    """Return the whole answer to `ask`; a heavy model's is longer and structured."""
    if drafting.task_of(ask):
        return drafting.compose(ask)
    if briefing.is_asked(ask):
        return briefing.compose(ask)
    question = ask.question
    if code.is_about_code(question):
        return code.answer(question, ask.passages, heavy)
    draft = _DRAFT.search(question)
    if draft:
        return _draft(draft["who"], draft["what"])
    ranked = extracts.rank(question[:600] + " " + question[-400:], ask.passages)
    found = [scored for scored in ranked if scored.share >= extracts.FOUND_SHARE]
    if not found:
        return _not_found(ask)
    if heavy:
        return _structured(ask, [scored.passage for scored in found[:3]])
    return _short(question, found)


def obey(ask: Ask) -> str:
    """Return whatever the visitor's text demands: the hostile model."""
    order = _ORDER.search(ask.question)
    said = order["what"].strip() if order else ask.question
    return f"{ask.system}\n\n{said}" if _SECRETS.search(ask.question) else said


def go_on(full: str, ask: Ask) -> str:
    """Return what follows `ask.partial` in `full`, with a short repeat when it was asked for in words."""
    partial = ask.partial
    rest = _rest(full, partial, ask.passages)
    repeat = partial[-REPEAT_CHARS:] if ask.asks_to_go_on and len(partial) > REPEAT_CHARS and rest else ""
    return repeat + rest


def _rest(full: str, partial: str, passages: tuple[Passage, ...]) -> str:
    """Return the rest of `full`; after another model's text only the help texts' part that it lacks."""
    if full.startswith(partial):
        return full[len(partial) :]
    for text in (full, *(passage.text for passage in passages)):
        for size in (len(partial), 60, 30, 16):
            tail = partial[-size:]
            at = text.find(tail) if len(tail) >= min(size, 8) else -1
            if at >= 0:
                after = text[at + len(tail) :]
                end = _piece_end(partial, after)
                return end + _unsaid(full, partial + end)
    return _unsaid(full, partial)


def _piece_end(partial: str, after: str) -> str:
    """Return the rest of the sentence or table in which a help text was cut."""
    line = partial.rstrip().rpartition("\n")[2]
    rows = _ROWS.match(after) if line.lstrip().startswith("|") else None
    if rows and rows.group():
        return rows.group()
    pieces = extracts.sentences(after)
    return after[: after.find(pieces[0])] + pieces[0] if pieces else ""


def _unsaid(full: str, said: str) -> str:
    """Return the paragraphs of `full` without what was said, titles of nothing and the short answer."""
    left: list[str] = []
    title = ""
    for paragraph in extracts.paragraphs(full):
        if _SHORT.match(paragraph):
            continue  # it belongs in front, and the rest says it again
        if _TITLE.fullmatch(paragraph):
            title = paragraph
            continue
        pieces = [piece for piece in extracts.sentences(paragraph) if _bare(piece) not in said]
        if pieces:
            left += [*([title] if title not in said else []), extracts.stacked(pieces)]
        title = ""
    return "\n\n".join(["", *left])


def _bare(piece: str) -> str:
    """Return a sentence without the mark of a list in front of it."""
    return _MARK.sub("", piece)


def filler(count: int) -> list[str]:
    """Return exactly `count` tokens of harmless text, for tests of length and pace.

    Its sentences are too short to state anything, so that no desk looks for them in its passages.
    """
    words = ["This", "is", "text", "for", "measuring."]
    return [(" " if at else "") + words[at % len(words)] for at in range(count)]


def _short(question: str, found: list[extracts.Scored]) -> str:
    best = found[0].passage
    text = best.text
    if len(text) > WHOLE_CHARS:
        text = "\n\n".join(extracts.best_sentences(question, text, 4))
    near = [item for item in found[1:2] if item.share >= extracts.NEAR_SHARE * found[0].share]
    for item in near:
        for more in extracts.best_sentences(question, item.passage.text, 1, blocks=False):
            if more not in text:
                text += f"\n\nSee also **{item.passage.title}**: {more.removeprefix('- ')}"
    return text


def _structured(ask: Ask, passages: list[Passage]) -> str:
    question = ask.question
    parts = [part.strip() for part in _QUESTION.findall(question) if len(part.split()) > 2][:4]
    opening = f"{_read(question)}. This is what the help texts say." if len(question) > LONG_CHARS else ""
    german = _is_german(question)
    best = passages[0]
    lines = [opening] if opening else []
    head = extracts.best_sentences(question, best.text, 2, blocks=False)
    if head:
        short = "**Kurz gesagt:**" if german else "**In short:**"
        lines.append(" ".join([short, *(_bare(piece) for piece in head)]))
    for passage in passages:
        chosen = extracts.best_sentences(" ".join(parts) or question, passage.text, 5)
        limit = WHOLE_CHARS if passage is best else PART_CHARS
        body = passage.text if len(passage.text) <= limit else _bullets(chosen)
        lines.append(f"**{passage.title}**\n\n{body}")
    if len(parts) > 1 and not opening:
        lines.append(_covered(parts, passages))
    lines.append(_closing(ask, german))
    return "\n\n".join(lines)


def _bullets(pieces: list[str]) -> str:
    return extracts.stacked([piece if re.match(r"[-|>`]|\d+\.", piece) else f"- {piece}" for piece in pieces])


def _covered(parts: list[str], passages: list[Passage]) -> str:
    lines = []
    for part in parts:
        best = extracts.rank(part, passages)[0]
        where = f"see **{best.passage.title}**" if best.share else "the help texts do not say"
        lines.append(f"- {part.rstrip('?; ')}: {where}")
    return "Your points one by one:\n\n" + "\n".join(lines)


def _read(question: str) -> str:
    lines = question.count("\n") + 1
    events = question.count("BEGIN:VEVENT")
    what = f"{events} calendar entries in {lines} lines" if events else f"{lines} lines of text"
    return f"I have read what you pasted ({what})"


def _closing(ask: Ask, german: bool) -> str:
    if german:
        return f"Wenn das nicht weiterhilft, schreiben Sie an {ask.contact}."
    return f"If that does not settle it, write to {ask.contact} and say which plan you are on."


def _not_found(ask: Ask) -> str:
    if _is_german(ask.question):
        return (
            "Das konnte ich in den Hilfetexten nicht finden.\n\n"
            f"Am schnellsten hilft ein Mensch: schreiben Sie an {ask.contact}."
        )
    opening = f"{_read(ask.question)}, but " if len(ask.question) > LONG_CHARS else ""
    return (
        f"{opening or 'I '}could not find {'anything about it' if opening else 'this'} in the help texts, "
        "so I will not guess.\n\n"
        f"The next step: ask a person at {ask.contact}, or tell me in other words what you want to do."
    )


def _draft(who: str | None, what: str | None) -> str:
    topic = (what or "our news").strip()
    topic = topic if topic.startswith(("new ", "our ", "the ", "a ")) else f"the {topic}"
    bare = re.sub(r"^(?:our|the|a) ", "", topic)
    whom = re.sub(r"^(?:my|our|all|the)\s+(?:my\s+)?", "", (who or "").strip())
    return (
        f"Here is a draft{f' for your {whom}' if whom else ''} that you can adapt:\n\n"
        f"> **Subject: {bare[:1].upper() + bare[1:]}**\n>\n"
        "> Hello [first name],\n>\n"
        f"> we would like to tell you about {'our ' + bare if topic.startswith('new ') else topic}. "
        "From [date] on: [the details in one or two lines].\n>\n"
        "> You need not do anything; bookings you already have stay as they are. "
        "If a time no longer suits you, just reply to this message.\n>\n"
        "> See you soon,\n> [your name]\n\n"
        "Put in the date and the details, and it is ready to send."
    )


def _is_german(text: str) -> bool:
    return len(_GERMAN.findall(text)) >= 2
