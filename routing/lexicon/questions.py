"""The shape of a question: how many, comparing, asking why, in parts, leaning on what was said."""

import re

from routing.lexicon.finding import Finder
from routing.lexicon.text import Reading

_W = r"(?:[\w.]{1,24} )"
_ASKS = (
    r"(?:how|what|whats|when|where|which|who|whom|whose|why|can|could|does|do|did|is|are|will|would|should|"
    r"may|am|was|were|has|have|"
    r"wie|was|wann|wo|welche\w{0,1}|wer|warum|kann|konnen|ist|gibt|comment|quand|quel\w{0,3}|pourquoi|"
    r"combien|est ce|"
    r"como|cuando|donde|cual|cuanto|puedo|hay|por que|que)"
)
STARTS = re.compile(rf"^(?:and |but |so |also |ok |hi |hello |hey |please |und |et |y )?{_ASKS}\b")
_WHOM = (
    r"(?:i|we|you|they|it|he|she|a|an|the|my|our|your|clients?|customers?|people|this|that|there|someone|"
    r"each|one)"
)
# Clauses that ask, wherever in a sentence they stand: "if I downgrade, what happens to X, do I get Y?"
CLAUSE = Finder(
    r"\b(?:what happens|(?:do|does|can|will|would|should|must|are|is) (?:i|we|it|they)|"
    r"(?:does|is|are|will) (?:my|our)|(?:is|are) there)\b"
)
REQUESTS = re.compile(
    r"^(?:please |pls )?(?:explain|describe|compare|tell|walk|recommend|advise|calculate|estimate|outline|"
    r"analy[sz]e|vergleich\w{0,4}|erklar\w{0,4}|explique\w{0,2}|compare[rz]?|compara)\b"
)
# Not at the beginning of a sentence, where nothing is joined.
JOINED = Finder(
    r"(?<!\| )(?:and|also|plus|or|und|et|y) (?:also |then |if so |if yes |if not |auch |aussi |tambien )?(?:"
    r"how (?!often|much|many)|how (?:often|much|many) (?:do|does|is|can|will)|"
    r"what (?:happens|is|are|does|do|about|if|would|will|kind)|whats|which|where (?:do|can|is|are|will)|who|"
    r"why|"
    rf"when (?:do|does|will|can|is)|(?:can|could|does|do|is|are|will|should|would|am|must|may) {_WHOM}|"
    r"wie|was (?:passiert|ist|kostet)|kann|comment|combien|quand|est ce|como|cuanto|puedo)\b"
)
COURTESY = re.compile(
    r"^(?:hi |hello |hey |so |ok )?(?:(?:can|could|would|will) (?:you|someone|anyone|anybody|"
    r"u) (?:please )?(?:help|assist|explain|advise)(?: me| us)?(?: out| please| with (?:this|that|it))?|"
    r"how are you(?: doing| today)?|any (?:ideas?|help|suggestions?|advice)|is that (?:right|correct|ok|"
    r"possible)|right|ok|really|please|"
    r"do you understand|is anyone there|are you there|(?:may|can) i ask (?:you )?(?:a question|something)|"
    r"whats up|help|what (?:should|can|do) i do(?: now)?|"
    r"is (?:it|this|that) possible|why)$"
)
COMPARES = Finder(
    r"\b(?:compar\w{1,7}|versus|vs|differ\w{0,7} (?:between|from|in|of|to)|whats? (?:is )?the difference|"
    r"differences?|pros and cons|advantages?(?: and disadvantages?)?|"
    r"(?:better|cheaper|faster|safer|worse|simpler|easier) (?:than|to (?:use|have|choose|take)|for (?:me|us|"
    r"my|our|a|an))|trade ?offs?|"
    r"which (?:\w{1,20} ){0,5}?(?:better|best|cheaper|cheapest|right|recommend|choose|pick|should (?:i|we)|"
    r"suits?|fits?|makes? (?:more )?sense)|"
    r"should (?:i|we) (?:get|take|choose|pick|use|go (?:with|for)|buy|switch to|stay (?:on|"
    r"with)) (?:\w{1,20} ){1,6}?or|"
    r"(?:is it|would it be) (?:better|cheaper|wiser|worth) |instead of (?:\w{1,20} ){1,6}?or |worth (?:it|"
    r"upgrading|paying|the)|"
    r"vergleich\w{0,4}|gegenuber|unterschied\w{0,2}|besser als|gunstiger als|vor und nachteile|compare[rz]?|"
    r"comparaison|"
    r"mieux que|moins cher que|avantages|comparacion|diferencias?|mejor que|mas barato que|ventajas)\b"
)
WHY = Finder(
    r"\b(?:why|how come|for what reason|whats the reason|what is the reason|what causes|what is causing|"
    r"whats causing|reason (?:why|for|behind)|"
    r"warum|wieso|weshalb|weswegen|pourquoi|por que|porque motivo|perche)\b"
)
LISTED = re.compile(r"\s{0,8}(?:[-*•]|\d{1,2}[.)]|[a-h]\))\s")
STEP = Finder(
    r"\b(?:and then|after that|afterwards|additionally|furthermore|moreover|secondly|thirdly|lastly|"
    r"as well as|"
    r"on top of that|at the same time|what if|ausserdem|danach|zusatzlich|ensuite|de plus|ademas|luego|"
    r"despues)\b"
)
SITUATION = Finder(
    r"\b(?:walk me through|step by step|plan for|design|strategy|set ?up (?:\w{1,16} ){0,4}for (?:\d|several|"
    r"multiple|many|all)|calculate|work out|estimate|migrate|migrating|recommend|advise|best way|"
    r"best approach|"
    r"in detail|analy[sz]e|troubleshoot|diagnose|explain how|interact|interplay|depends? on|how should (?:i|"
    r"we)|"
    r"what would you|scenario|implications?|consequences?|trade ?offs?|so that|without losing)\b"
)
LISTED_CHARS = 4_000
LISTED_LINES = 200
LONG_WORDS = 22  # a question that takes this many words to put has a situation behind it

LEANS_START = re.compile(
    r"^(?:and|or|but|also|what about|how about|same (?:for|with|question)|even|only|then|plus|und|oder|aber|"
    r"auch|was ist mit|"
    r"et|ou|mais|y|o|pero|tambien|que tal|e|ma) "
)
PLACE_START = re.compile(r"^(?:for|in|with|on|per|fur|mit|pour|avec|en|para|con) (?!wh|how)")
LEANS_END = re.compile(r"\b(?:too|as well|that one|this one|the other one|auch|aussi|tambien)$")
_THE_THING = re.compile(
    r"\b(?:it|this|that|they|them|those|these|there|one|then|instead|either|es|das|dort|dies|ca|cela|eso|"
    r"esto|alli)\b"
)
ELLIPTICAL_WORDS = 8
LEANING_WORDS = 10
PLACE_WORDS = 4
BARE_WORDS = 2  # "Pro?" or "per month?" after an answer is about that answer


def count(reading: Reading) -> int:
    """Return how many questions and requests to explain there are; "can you help me?" is none."""
    asking = [
        at
        for at, (sentence, asked) in enumerate(zip(reading.sentences, reading.asked, strict=True))
        if (asked or STARTS.match(sentence) or REQUESTS.match(sentence)) and not COURTESY.match(sentence)
    ]
    if not asking:
        return 0
    joined, clauses = JOINED.counts(reading), CLAUSE.counts(reading)
    return sum(max(1 + joined.get(at, 0), clauses.get(at, 0)) for at in asking)


def compares(reading: Reading) -> bool:
    """Return whether things are to be weighed against each other."""
    return COMPARES.found(reading)


def asks_why(reading: Reading) -> bool:
    """Return whether a reason is asked for."""
    return WHY.found(reading)


def parts(text: str, reading: Reading, asked: int) -> int:
    """Return how many parts the request has: list items, questions, steps, and asks for a plan.

    `asked` is what `count` says of it.
    """
    listed = sum(1 for line in text[:LISTED_CHARS].split("\n", LISTED_LINES) if LISTED.match(line))
    steps = sum(STEP.counts(reading).values()) + sum(SITUATION.counts(reading).values())
    situation = bool(asked and steps and len(reading.words) >= LONG_WORDS)
    return max(1, listed, asked + steps + situation)


def is_elliptical(reading: Reading, in_conversation: bool) -> bool:
    """Return whether the message leans on something said before, so that it means nothing alone.

    Without an earlier turn "it" is the product ("is it free?"), so only the words that always point
    back count then: "and in Germany?", "does it send texts too?".
    """
    words = reading.words
    if not words:
        return False
    joined = " ".join(words)
    if len(words) <= ELLIPTICAL_WORDS and (LEANS_START.match(joined + " ") or LEANS_END.search(joined)):
        return True
    if len(words) <= PLACE_WORDS and PLACE_START.match(joined):
        return True
    if not in_conversation:
        return False
    return len(words) <= BARE_WORDS or (len(words) <= LEANING_WORDS and _THE_THING.search(joined) is not None)
