"""Weigh words of programming in a message whose wording no pattern foresaw.

Each group counts once, so that a word and its synonym are not two reasons; no single group reaches
the threshold, so that "what is a webhook?" or "is there a Python SDK?" stay ordinary questions.
"""

from routing.lexicon.finding import Finder
from routing.lexicon.text import Reading, word_set

THRESHOLD = 3.0

_LANGUAGE = word_set(
    "python python3 php javascript js typescript ts node.js nodejs node ruby rails java kotlin csharp c# "
    "c++ golang laravel django flask fastapi react vue angular svelte jquery sql bash powershell regex "
    "regexp graphql .net dotnet vba symfony axios guzzle httpx postman jwt spring express.js next.js deno "
    "terraform"
)
_MARKUP = word_set("css html curl json xml yaml async cors")
_PROGRAM = word_set(
    "code script scripts snippet snippets function functions handler middleware parser wrapper boilerplate "
    "backend regex repo codebase decorator dockerfile sdk library oneliner skript funktion fonction funcion "
    "codigo"
)
_PIECE = word_set("example examples sample samples template version equivalent beispiel exemple ejemplo")
_THING = word_set(
    "api apis webhook webhooks endpoint endpoints payload header headers request requests response "
    "responses hmac signature token tokens pagination backoff body schema hash integration client polling "
    "parse deserialise callback"
)
_MAKE = word_set(
    "write generate implement program develop create build make sketch scaffold prototype draft produce "
    "design schreib schreibe ecris escribe"
)
_ASK = word_set(
    "give show provide share send post need want how convert rewrite translate port turn help zeig brauche "
    "montre donne dame"
)
_TROUBLE = word_set(
    "fails failing failed error errors throws returns crashes crash breaks broken mismatch exception bug "
    "undefined null nothing stopped wrong 400 401 403 404 405 409 422 429 500 502 503 fehler"
)
_MINE = Finder(
    r"\b(?:my|our|this|mein|meine|mon|ma|mi) (?:[\w.#+]{1,24} ){0,3}?(?:code|script|scripts|snippet|"
    r"functions?|handler|"
    r"middleware|parser|wrapper|backend|integration|client|endpoint|implementation|server|app)\b"
)
_LANGUAGE_PHRASE = Finder(
    r"\b(?:go|rust|swift|scala|r|elixir|dart|c) (?:program|code|script|function|client|example|snippet)\b"
    r"|\b(?:using|with|via) (?:fetch|requests|urllib|curl)\b|\bin (?:rust|go|swift|scala|elixir|dart) \|"
    r"|\b(?:spring boot|batch file|cron (?:job|script)|google sheets|apps script|unit tests?|"
    r"express middleware)\b"
    r"|\b(?:in express|express (?:app|server|route|js)|async await)\b"
    r"|\b(?:script|snippet|code) (?:from|in) (?:your|the) (?:guide|docs|documentation|article|manual|"
    r"example)\b"
    r"|\b(?:one ?line|one liner|quick|minimal|bit of|piece of|lines? of) (?:python|js|javascript|php|curl|"
    r"sql|html|css|ruby)\b"
)
_COULD_I = Finder(r"\b(?:can|could|may) (?:i|we) (?:have|get|see)\b|\b(?:anyone|somebody|someone) have\b")


def weigh(reading: Reading) -> tuple[float, bool]:
    """Return the weight of programming in a message, and whether it is about code that exists.

    `reading` is without the codes that are no program.
    """
    words = frozenset(reading.words)
    language = _language(words, reading)
    if not _technical(words, language):
        return 0.0, False
    make = not words.isdisjoint(_MAKE)
    trouble, mine = not words.isdisjoint(_TROUBLE), _MINE.found(reading)
    asks = make or not words.isdisjoint(_ASK) or _COULD_I.found(reading)
    weight = (
        language
        + 1.5 * (not words.isdisjoint(_PROGRAM))
        + 1.0 * (not words.isdisjoint(_PIECE))
        + 1.0 * min(2, len(words & _THING))
        + (1.5 if make else 1.0 if asks else 0.0)
        + 1.0 * trouble
        + 1.0 * mine
    )
    return weight, (mine or trouble) and not make


def _language(words: frozenset[str], reading: Reading) -> float:
    if not words.isdisjoint(_LANGUAGE) or _LANGUAGE_PHRASE.found(reading):
        return 2.0
    return 1.0 if not words.isdisjoint(_MARKUP) else 0.0


def _technical(words: frozenset[str], language: float) -> bool:
    """Return whether anything but asking, trouble and possession was found; a thing alone does not count."""
    return (
        language > 0
        or not words.isdisjoint(_PROGRAM)
        or (len(words & _THING) > 1 and not words.isdisjoint(_PIECE | _MAKE | _TROUBLE))
    )
