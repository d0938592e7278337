"""Weigh words of programming in a message whose wording no pattern foresaw.

Each group counts once, so that a word and its synonym are not two reasons; no single group reaches
the threshold, so that "what is a webhook?" or "is there a Python SDK?" stay ordinary questions.
"""

from routing.lexicon import code_words as known
from routing.lexicon.finding import Finder
from routing.lexicon.text import Reading

THRESHOLD = 3.0

_NOUN = (
    r"(?:code|scripts?|snippet|functions?|handler|middleware|parser|wrapper|backend|integration|client|endpoint|"
    r"implementation|server|app|skripte?|funktion|programm|abfrage|makro|fonction|programme|requete|"
    r"codigo|funcion|programa|consulta)"
)
_MINE = Finder(
    rf"\b(?:my|our|this|mein|meine|meinen|meinem|unser|unsere|unseren|diese|diesen|dieses|mon|ma|mes|notre|nos|ce|"
    rf"cet|cette|mi|mis|nuestro|nuestra|este|esta) (?:[\w.#+]{{1,24}} ){{0,3}}?{_NOUN}\b"
)
_LANGUAGE_PHRASE = Finder(
    r"\b(?:go|rust|swift|scala|r|elixir|dart|c) (?:program|code|script|function|client|example|snippet)\b",
    r"\b(?:using|with|via) (?:fetch|requests|urllib|curl)\b",
    r"\b(?:in|en) (?:rust|go|swift|scala|elixir|dart) \|",
    r"\b(?:spring boot|batch file|cron (?:job|script)|google sheets|apps script|unit tests?|"
    r"express middleware)\b",
    r"\bin express\b",
    r"\b(?:express (?:app|server|route|js)|async await)\b",
    r"\b(?:script|snippet|code) (?:from|in) (?:your|the) (?:guide|docs|documentation|article|manual|"
    r"example)\b",
    r"\b(?:one ?line|one liner|quick|minimal|bit of|piece of|lines? of) (?:python|js|javascript|php|curl|"
    r"sql|html|css|ruby)\b",
    r"\b(?:tests? unitaires?|pruebas? unitarias?|regulare[rn]? (?:ausdruck|ausdrucke)|"
    r"expressions? regulieres?|expresion(?:es)? regular(?:es)?|tache cron|tarea cron|un cron|"
    r"lignes? de commande|linea de comandos?|"
    r"kommandozeile|codigo fuente|code source|(?:extraits?|bouts?|exemples?) de code)\b",
)
_COULD_I = Finder(
    r"\b(?:can|could|may) (?:i|we) (?:have|get|see)\b",
    r"\b(?:anyone|somebody|someone) have\b",
    r"\b(?:is|are) there (?:an?|any|some)\b",
)


def weigh(reading: Reading) -> tuple[float, bool]:
    """Return the weight of programming in a message, and whether it is about code that exists.

    `reading` is without the codes that are no program.
    """
    words = frozenset(reading.words)
    things = len(words & known.THING)
    language, program = _language(words, reading), _program(words, reading)
    if not (language or program or things):
        return 0.0, False
    own, foreign = not words.isdisjoint(known.MAKE), known.MAKE_STEMS.found(reading, words)
    make = own or foreign
    asks_foreign = foreign or known.ASK_STEMS.found(reading, words)
    repairs, trouble = known.REPAIR.found(reading, words), known.TROUBLE.found(reading, words)
    mine = _MINE.found(reading)
    asks = asks_foreign or repairs or not words.isdisjoint(known.ASK) or _COULD_I.found(reading)
    maybe, piece = known.MAYBE.found(reading, words), known.PIECE.found(reading, words)
    # A thing alone, asked about in whatever words, is a question about the product.
    if not (language or program) and not ((things > 1 and (piece or make or trouble)) or (maybe and make)):
        return 0.0, False
    scripted = asks_foreign and not words.isdisjoint(known.FOREIGN_PROGRAM)
    weight = (
        language
        + program
        + (0.5 if scripted else 0.0)
        + 1.0 * maybe
        + 1.0 * piece
        + 1.0 * min(2, things)
        + (1.5 if make else 1.0 if asks else 0.0)
        + 1.0 * trouble
        + 1.0 * mine
    )
    return weight, (mine or trouble or repairs) and not make


def _language(words: frozenset[str], reading: Reading) -> float:
    if not words.isdisjoint(known.LANGUAGE) or _LANGUAGE_PHRASE.found(reading):
        return 2.0
    return 1.0 if not words.isdisjoint(known.MARKUP) else 0.0


def _program(words: frozenset[str], reading: Reading) -> float:
    return 1.5 if not words.isdisjoint(known.PROGRAM) or known.REWORK.found(reading, words) else 0.0
