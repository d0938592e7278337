"""What the columns of a table are: guessed from headings in several languages, confirmed by a person."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from faq.importing.documents import Sheet

QUESTION, ANSWER, PHRASINGS, CATEGORY, LANGUAGE, IGNORE = (
    "question", "answer", "phrasings", "category", "language", "ignore",
)  # fmt: skip
ROLES = (QUESTION, ANSWER, PHRASINGS, CATEGORY, LANGUAGE, IGNORE)
ONCE = (QUESTION, ANSWER, CATEGORY, LANGUAGE)
_LONGEST_HEADING = 60
_TITLE_ROWS = 5  # above the headings

# en, de, fr, es, pt, it, nl, ar, ja; compared without accents, spaces, numbers and punctuation.
SYNONYMS = {
    QUESTION: """question questions q faq title titel titre titulo heading subject betreff frage fragen
        pregunta preguntas pergunta perguntas questiontext customerquestion kundenfrage intitule asunto
        assunto domanda vraag سؤال السؤال 質問 問い 質問文 タイトル よくある質問""",
    ANSWER: """answer answers a response reply body text content antwort antworten antworttext loesung losung
        reponse reponses respuesta respuestas resposta respostas contenu contenido conteudo inhalt solution
        risposta antwoord answertext جواب الجواب الإجابة 回答 答え 答 回答文 内容 本文""",
    PHRASINGS: """phrasing phrasings alternative alternatives alternativequestion alternativequestions variant
        variants variante variantes varianten variation variations synonym synonyms synonyme utterance
        utterances otherwaystoask formulierung formulierungen alternativfrage alternativfragen weiterefragen
        andereformulierungen weitereformulierungen alternativeformulierungen alternativefragen fragevarianten
        formulation formulations reformulation autresquestions otrasformas formulacion variacao variacoes
        outrasformas sinonimos 言い換え 別の質問 類似質問 別表現""",
    CATEGORY: """category categories topic topics section group theme kategorie thema bereich rubrik categorie
        rubrique sujet categoria tema seccion secao assunto grupo カテゴリ カテゴリー 分類 トピック""",
    LANGUAGE: """language lang locale sprache langue idioma lingua lingua taal 言語""",
}  # fmt: skip
_ROLE_OF = {word: role for role, words in SYNONYMS.items() for word in words.split()}


@dataclass(frozen=True)
class Mapping:
    """Which sheet is read, whether its first row holds headings, and what each column is."""

    sheet: int
    heading: bool
    roles: tuple[str, ...]

    def stored(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {"sheet": self.sheet, "heading": self.heading, "roles": list(self.roles)}

    def problem(self) -> str:
        """Return why nothing can be read with it, "" when it can."""
        for role in (QUESTION, ANSWER):
            if role not in self.roles:
                return f"Say which column is the {role}."
        for role in ONCE:
            if self.roles.count(role) > 1:
                return f"Two columns are the {role}; only one can be."
        return ""


def restored_mapping(values: dict[str, Any]) -> Mapping:
    """Return the mapping that `stored` has written."""
    return Mapping(int(values["sheet"]), bool(values["heading"]), tuple(values["roles"]))


def _folded(heading: str) -> str:
    kept = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[\W\d_]+", "", "".join(each for each in kept if not unicodedata.combining(each)))


def role_of(heading: str) -> str:
    """Return what a column with this heading is, "ignore" when nothing is known of it."""
    # NFKD takes ゴ apart; the table's own words go through the same folding.
    return _FOLDED.get(_folded(heading), IGNORE) if len(heading) <= _LONGEST_HEADING else IGNORE


_FOLDED = {_folded(word): role for word, role in _ROLE_OF.items()}


def without_title(sheet: Sheet) -> tuple[Sheet, str]:
    """Return a sheet from its headings on, and what was said above them, such as "FAQ of the shop".

    Only lines of one text are taken for titles, and only above a row that names question and answer.
    """
    for place, (_, cells) in enumerate(sheet.rows[: _TITLE_ROWS + 1]):
        if {QUESTION, ANSWER} <= {role_of(cell) for cell in cells}:
            above = " ".join(" ".join(_texts(row)) for _, row in sheet.rows[:place])
            problems = {row - place: why for row, why in sheet.problems.items() if row >= place}
            return Sheet(sheet.name, sheet.rows[place:], problems), above
        if len(_texts(cells)) > 1:
            break
    return sheet, ""


def _texts(cells: Sequence[str]) -> list[str]:
    """Return the different texts of a row: a title over merged cells is one."""
    return list(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))


def guess(sheet: Sheet, number: int = 0) -> Mapping:
    """Return the most likely mapping of a sheet; a role that only one column can have goes to the first."""
    first = sheet.rows[0][1] if sheet.rows else ()
    heading = any(role_of(cell) in (QUESTION, ANSWER) for cell in first)
    roles = [role_of(cell) for cell in first] if heading else []
    roles += [IGNORE] * (sheet.width - len(roles))
    for role in ONCE:
        places = [place for place, each in enumerate(roles) if each == role]
        for place in places[1:]:
            roles[place] = PHRASINGS if role == QUESTION else IGNORE
    _fill(roles, sheet, 1 if heading else 0)
    return Mapping(number, heading, tuple(roles))


def columns_told(sheet: Sheet, mapping: Mapping) -> str:
    """Return in words what each column that holds something was taken for."""
    used, unused = [], []
    rows = sheet.rows[1:] if mapping.heading else sheet.rows
    for place, role in enumerate(mapping.roles):
        if not any(cells[place].strip() for _, cells in rows if len(cells) > place):
            continue
        name = _heading(sheet, place) if mapping.heading else ""
        if role == IGNORE:
            unused.append(name or f"column {place + 1}")
        else:
            used.append(f"{role} from {name or f'column {place + 1}'}")
    told = f"Read: {', '.join(used)}."
    if unused:
        told += f" Not used: {', '.join(unused)}; --map phrasings=COLUMN and the like say otherwise."
    return told


def _heading(sheet: Sheet, place: int) -> str:
    first = sheet.rows[0][1]
    return f"“{first[place].strip()}”" if place < len(first) and first[place].strip() else ""


def _fill(roles: list[str], sheet: Sheet, start: int) -> None:
    """Give question and answer to the likeliest free columns: one that asks, and the longest texts."""
    lengths = {
        place: mean(len(cell) for cell in cells)
        for place in range(sheet.width)
        if roles[place] == IGNORE and (cells := _column(sheet, place, start))
    }
    free = sorted(lengths, key=lambda place: lengths[place], reverse=True)
    asking = [place for place in free if _asks(_column(sheet, place, start))]
    if QUESTION not in roles and asking:
        roles[asking[0]] = QUESTION
        free.remove(asking[0])
    if ANSWER not in roles and free:
        roles[free.pop(0)] = ANSWER
    if QUESTION not in roles and free:
        roles[free[0]] = QUESTION


def _column(sheet: Sheet, place: int, start: int) -> list[str]:
    rows = sheet.rows[start : start + 50]
    return [cells[place] for _, cells in rows if len(cells) > place and cells[place].strip()]


def _asks(cells: Sequence[str]) -> bool:
    return sum(cell.strip().endswith(("?", "？", "؟")) for cell in cells) * 2 > len(cells)
