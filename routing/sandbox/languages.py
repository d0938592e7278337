"""Which language an answer is in, and what a text speaks of in any of them.

As a model does it: by the desk's rule, else by the question, else by what the visitor said before it.
"""

import re

from routing.sandbox.asking import Ask

DEFAULT = "en"
# Of a text by which its language is told; what is pasted may be of any length.
HEAD, TAIL = 600, 400

_NAMES = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "portuguese": "pt", "japanese": "ja",
}  # fmt: skip
_RULE = re.compile(
    rf"(?<!not )(?<!never )\b(?:answer|reply|respond|write)\b[^.\n]{{0,40}}?\bin ({'|'.join(_NAMES)})\b", re.I
)
_JAPANESE = re.compile(r"[\u3040-\u30ff]")  # no Japanese sentence is without kana, and Chinese has none
_WORD = re.compile(r"[^\W\d_]+|[¿¡]")
# Words that build sentences, and a few that stand alone; one of two languages tells nothing between them.
_BUILDING = {
    "en": "the is are my your how what when where which who why can could would do does i you we and for with"
    " this that it of to from have was please",
    "de": "der die das den dem ich wir sie ist sind wie was wer wo wann warum welche kann können und oder für"
    " ein eine einen mein meine nicht auch es mit von zu bei bitte danke hallo passwort vergessen preise",
    "fr": "le la les des du est sont un une mon ma mes je nous vous comment où quand quel quelle quels que et"
    " pour avec dans ne pas ce ça sur bonjour merci oublié passe prix",
    "es": "el la los las del es son un una mi mis yo cómo dónde cuándo cuánto qué que y para con en no puedo"
    " puede también se por hola gracias contraseña olvidé precios",
    "pt": "o os um uma é são meu minha meus eu como onde quando quanto qual que e para com em não posso pode"
    " também se por do da dos das ao olá obrigado obrigada senha esqueci preços",
}
_SETS = {name: frozenset(words.split()) for name, words in _BUILDING.items()}
_LETTERS = {"de": "äöüß", "fr": "èùîûœ", "es": "ñ", "pt": "ãõ"}  # that the others do without
# What visitors ask about, however they call it.
_THINGS = {
    name: re.compile(words, re.I)
    for name, words in {
        "password": r"password|passwort|kennwort|mot de passe|contraseña|senha|パスワード",
        "booking": r"\bbook|\bbuch|termin|réserv|rendez-vous|reserv|\bcita|agend|marcaç|予約",
        "price": r"\bpric|\bcost|preis|kost|\bprix|coût|precio|cuesta|preço|custa|料金|価格|いくら",
        "cancel": r"cancel|kündig|stornier|absag|annul|résili|キャンセル|解約|取り消",
        "reminder": r"remind|erinner|rappel|recordatorio|lembrete|リマインド|リマインダ",
        "calendar": r"calend|kalender|カレンダー",
        "plan": r"\bplans?\b|tarif|forfait|\bplan[oe]s?\b|プラン",
        "invoice": r"invoice|rechnung|factur|fatura|請求",
        "refund": r"refund|erstatt|rembours|reembols|返金",
        "text message": r"sms|text messages?|\btexts\b|mensajes? de texto|mensagens? de texto|ショートメ",
        "staff": r"\bstaff|\bteam|mitarbeit|personal\b|équipe|equip[oe]|スタッフ|チーム",
        "location": r"location|standort|filial|établissement|sucursal|\bloja|店舗|拠点",
        "customer": r"client|customer|kunde|kundin|顧客|お客",
        "account": r"account|konto|compte|cuenta|\bconta\b|アカウント",
        "export": r"export|エクスポート|書き出",
        "website": r"website|webseite|site (?:web|internet)|sitio|\bsite\b|サイト|ホームページ",
        "api": r"\bapi\b|webhook",
        "key": r"\bkey\b|schlüssel|\bclé\b|clave|chave|キー",
    }.items()
}


def of(text: str) -> str:
    """Return the language of a text where one of the six leads in its words, else ""."""
    text = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"
    if _JAPANESE.search(text):
        return "ja"
    words = [word.lower() for word in _WORD.findall(text)]
    counts = {name: sum(word in known for word in words) for name, known in _SETS.items()}
    for name, letters in _LETTERS.items():
        counts[name] += any(letter in letters for word in words for letter in word)
    most = max(counts.values())
    leading = [name for name, count in counts.items() if count == most]
    return leading[0] if most and len(leading) == 1 else ""


def of_answer(ask: Ask) -> str:
    """Return the language to answer `ask` in."""
    rules = ask.system.partition("<help_texts>")[0]
    if rule := _RULE.search(rules):
        return _NAMES[rule[1].lower()]
    return next(filter(None, map(of, reversed(ask.said))), DEFAULT)


def things(text: str) -> set[str]:
    """Return what a text speaks of that a help desk knows, in whatever language it says so."""
    return {name for name, words in _THINGS.items() if words.search(text)}
