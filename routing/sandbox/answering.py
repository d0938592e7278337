"""What the sandbox answers: sentences of the help texts, honestly nothing else.

In the language of the question; of a help text in another one it says that it does not translate.
Pure and repeatable: the same request gets the same text, so tests and demonstrations can rely on it.
"""

import re
from collections.abc import Callable

from routing.sandbox import briefing, code, drafting, extracts, languages
from routing.sandbox.asking import Ask, Passage
from routing.sandbox.wording import WORDINGS, Wording

WHOLE_CHARS = 1300  # an approved answer is at most 1,200, so each is quoted whole
PART_CHARS = 600  # of each further help text in a long answer
QUOTED = 3  # sentences of a help text in another language: enough to be of use, few enough to read past
LONG_CHARS = 3000  # beyond this the visitor has pasted something
PART_LETTERS = 6  # of Japanese; three words have about so many
REPEAT_CHARS = 24  # of the cut text said again when asked to go on, as real models do

_DRAFT = re.compile(
    r"\b(?:draft|write|compose)\b.{0,40}\b(?:message|e-?mail|note|announcement|reminder|newsletter)\b"
    r"(?:\s+to\s+(?P<who>[\w ]+?))?(?:\s+(?:about|on|that|saying)\s+(?P<what>[^.?!\n]+))?[.?!\n]?$",
    re.I | re.M,
)
# The same at the head of a message in the other languages; of whom and what it is about nothing is read.
_DRAFT_ELSEWHERE = re.compile(
    r"^\W*(?:bitte )?(?:entwirf|schreiben? sie|schreibe?|verfassen? sie|verfasse|rédige[rz]?|écri[stvez]+"
    r"|redact[ae]|escrib[ae]|redij[ae]|escrev[ae])\b"
    r".{0,40}\b(?:nachricht|e-?mail|newsletter|ankündigung|message|courriel|annonce|mensaje|correo|anuncio"
    r"|mensagem|aviso)\b|(?:メール|メッセージ|お知らせ|ニュースレター)\S{0,10}(?:書いて|下書き|作成して|作って)",
    re.I,
)
_QUESTION = re.compile(r"[^?;？；。\n]+[?;？；。]?")
_ORDER = re.compile(r"\b(?:say|print|reply with|repeat|output|write)\b\s*:?\s*(?P<what>.+)", re.I | re.S)
_SHORT = re.compile("|".join(re.escape(words.in_short) for words in WORDINGS.values()))
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
    question, language = ask.question, languages.of_answer(ask)
    words = WORDINGS[language]
    if code.is_about_code(question):
        return code.answer(question, ask.passages, heavy, words)
    draft = _DRAFT.search(question) or _DRAFT_ELSEWHERE.search(question)
    if draft:
        return _draft(words, **draft.groupdict())
    return _quoting(ask, heavy, language)


def _quoting(ask: Ask, heavy: bool, language: str) -> str:
    question, words = ask.question, WORDINGS[language]
    found, foreign = _found(ask, language)
    if not found:
        return _not_found(ask, words)
    example = words.example.format(title=found[0].passage.title) if foreign else ""
    if heavy:
        return _structured(ask, [scored.passage for scored in found[:3]], words, example)
    if foreign:
        quoted = extracts.stacked(extracts.best_sentences(question, found[0].passage.text, QUOTED))
        return "\n\n".join((example, quoted, words.closing.format(contact=ask.contact)))
    return _short(question, found, words)


def _found(ask: Ask, language: str) -> tuple[list[extracts.Scored], bool]:
    """Return the passages that speak of the question, best first, and whether they need translating.

    Those in the language of the answer come first, unless only another one has it in its title: what a text
    mentions in passing says little of its subject.
    """
    question = ask.question[: languages.HEAD] + " " + ask.question[-languages.TAIL :]
    asked = languages.things(question)
    own, others = [], []
    for passage in ask.passages:
        if languages.of(f"{passage.title} {passage.text}") in {language, ""}:
            own.append(passage)
        elif asked & languages.things(passage.title):
            others.append(passage)
    mine = _enough(extracts.rank(question, own))
    theirs = _enough(extracts.rank(question, others, languages.things))
    title = mine[0].passage.title if mine else ""
    named = extracts.stems(question) & extracts.stems(title) or asked & languages.things(title)
    return (mine, False) if named or not theirs else (theirs, True)


def _enough(ranked: list[extracts.Scored]) -> list[extracts.Scored]:
    return [scored for scored in ranked if scored.share >= extracts.FOUND_SHARE]


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


def _short(question: str, found: list[extracts.Scored], words: Wording) -> str:
    best = found[0].passage
    text = best.text
    if len(text) > WHOLE_CHARS:
        text = "\n\n".join(extracts.best_sentences(question, text, 4))
    near = [item for item in found[1:2] if item.share >= extracts.NEAR_SHARE * found[0].share]
    for item in near:
        for more in extracts.best_sentences(question, item.passage.text, 1, blocks=False):
            if more not in text:
                also = words.see_also.format(title=item.passage.title, text=more.removeprefix("- "))
                text += f"\n\n{also}"
    return text


def _structured(ask: Ask, passages: list[Passage], words: Wording, example: str) -> str:
    question = ask.question
    parts = [part.strip() for part in _QUESTION.findall(question) if _is_part(part)][:4]
    opening = words.told.format(read=_read(question, words)) if len(question) > LONG_CHARS else ""
    best = passages[0]
    lines = [line for line in (opening, example) if line]
    head = extracts.best_sentences(question, best.text, 2, blocks=False) if not example else []
    if head:
        lines.append(f"{words.in_short} {extracts.joined([_bare(piece) for piece in head])}")
    for passage in passages:
        chosen = extracts.best_sentences(" ".join(parts) or question, passage.text, QUOTED if example else 5)
        limit = 0 if example else WHOLE_CHARS if passage is best else PART_CHARS
        body = passage.text if len(passage.text) <= limit else _bullets(chosen)
        lines.append(f"**{passage.title}**\n\n{body}")
    if len(parts) > 1 and not opening:
        read = languages.things if example else extracts.stems
        lines.append(_covered(parts, passages, words, read))
    lines.append(words.closing.format(contact=ask.contact))
    return "\n\n".join(lines)


def _is_part(part: str) -> bool:
    """Return whether a part of a question asks something: three words, which Japanese writes as one."""
    return len(part.split()) > 2 or (languages.of(part) == "ja" and len(part.strip()) > PART_LETTERS)


def _bullets(pieces: list[str]) -> str:
    return extracts.stacked([piece if re.match(r"[-|>`]|\d+\.", piece) else f"- {piece}" for piece in pieces])


def _covered(
    parts: list[str], passages: list[Passage], words: Wording, read: Callable[[str], set[str]]
) -> str:
    lines = []
    for part in parts:
        best = extracts.rank(part, passages, read)[0]
        where = words.see.format(title=best.passage.title) if best.share else words.silent
        lines.append(f"- {part.rstrip('?;？；。 ')}: {where}")
    return f"{words.points}\n\n" + "\n".join(lines)


def _read(question: str, words: Wording) -> str:
    lines = question.count("\n") + 1
    events = question.count("BEGIN:VEVENT")
    what = words.entries_read if events else words.lines_read
    return words.read.format(what=what.format(events=events, lines=lines))


def _not_found(ask: Ask, words: Wording) -> str:
    if len(ask.question) > LONG_CHARS:
        return words.not_found_in.format(read=_read(ask.question, words), contact=ask.contact)
    return words.not_found.format(contact=ask.contact)


def _draft(words: Wording, who: str | None = None, what: str | None = None) -> str:
    topic = (what or "our news").strip()
    topic = topic if topic.startswith(("new ", "our ", "the ", "a ")) else f"the {topic}"
    bare = re.sub(r"^(?:our|the|a) ", "", topic)
    whom = re.sub(r"^(?:my|our|all|the)\s+(?:my\s+)?", "", (who or "").strip())
    return words.draft.format(
        whom=f" for your {whom}" if whom else "",
        subject=bare[:1].upper() + bare[1:],
        topic=f"our {bare}" if topic.startswith("new ") else topic,
    )
