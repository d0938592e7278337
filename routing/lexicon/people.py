"""Words by which people greet, thank, complain about the last answer, or ask for a human."""

from routing.lexicon.finding import Finder
from routing.lexicon.people_bare import PERSON_BARE
from routing.lexicon.people_pt_ja import FILLERS, PERSON_JA, PERSON_PT, PHRASES, SMALL_TALK
from routing.lexicon.text import Reading, word_set

# ---- small talk: the whole message consists of these words, and at least one says which kind ----

_KINDS: dict[str, frozenset[str]] = {
    "bye": word_set("bye goodbye cya tschuss tschuess tschau ciao adieu adios wiedersehen"),
    "thanks": word_set(
        "thanks thank thx thankyou thanx tnx ty tysm cheers appreciated appreciate danke dankeschon dankesehr"
        " vielendank merci gracias grazie obrigado obrigada bedankt solved 🙏 ❤ ❤️"
    ),
    "greeting": word_set(
        "hi hello hey heya hiya hallo hola bonjour bonsoir salut moin servus ola hoi greetings howdy yo"
        " morning afternoon evening 👋"
    ),
    "ok": word_set(
        "ok okay okey okidoki k kk cool great perfect nice alright alrighty understood super genial top "
        "parfait"
        " vale entendido perfecto verstanden prima awesome excellent brilliant lovely noted 👍 👌 okayy"
    ),
}
_PHRASES: tuple[tuple[str, str], ...] = (
    ("see you later", "bye"),
    ("see you soon", "bye"),
    ("see you", "bye"),
    ("see ya", "bye"),
    ("take care", "bye"),
    ("bis bald", "bye"),
    ("auf wiedersehen", "bye"),
    ("au revoir", "bye"),
    ("a bientot", "bye"),
    ("bonne journee", "bye"),
    ("hasta luego", "bye"),
    ("have a nice day", "bye"),
    ("have a good day", "bye"),
    ("have a good one", "bye"),
    ("good night", "bye"),
    ("that is all", "bye"),
    ("thats all", "bye"),
    ("thats it", "bye"),
    ("how are you doing today", "greeting"),
    ("how are you doing", "greeting"),
    ("how are you today", "greeting"),
    ("how are you", "greeting"),
    ("hows it going", "greeting"),
    ("whats up", "greeting"),
    ("wie gehts", "greeting"),
    ("guten tag", "greeting"),
    ("guten morgen", "greeting"),
    ("guten abend", "greeting"),
    ("gruss gott", "greeting"),
    ("buenos dias", "greeting"),
    ("buenas tardes", "greeting"),
    ("anyone there", "greeting"),
    ("anybody there", "greeting"),
    ("are you there", "greeting"),
    ("vielen dank", "thanks"),
    ("many thanks", "thanks"),
    ("much obliged", "thanks"),
    ("that helped", "thanks"),
    ("that helps", "thanks"),
    ("that worked", "thanks"),
    ("it works now", "thanks"),
    ("you helped a lot", "thanks"),
    ("you have been very helpful", "thanks"),
    ("very helpful", "thanks"),
    ("got it", "ok"),
    ("i see", "ok"),
    ("makes sense", "ok"),
    ("sounds good", "ok"),
    ("no problem", "ok"),
    ("all good", "ok"),
    ("alles klar", "ok"),
    ("in ordnung", "ok"),
    ("daccord", "ok"),
    ("de acuerdo", "ok"),
    ("tres bien", "ok"),
    ("muy bien", "ok"),
)
_FILLERS = word_set(
    """
    a again all and at bot beaucoup da day de dir fine folks for friend from good guys help i ihnen is
    it just lot me moment muchas much my now of oh one pour question really so sehr schon sir maam team
    that the there this to today todo tout tres un very well x your you im its is team everyone
    everybody mate dear support ah aha wow yes yep yeah no nope then have nice great quick answer info
    information problem my issue et y und fur die hilfe votre aide la por ayuda mucho mil
    """
)
_KINDS = {kind: words | SMALL_TALK[kind] for kind, words in _KINDS.items()}
_PHRASES = (*_PHRASES, *PHRASES)
_FILLERS |= FILLERS
SMALL_TALK_WORDS = 12  # longer than any greeting, shorter than a question wrapped in one


def small_talk(reading: Reading) -> str:
    """Return hi, thanks, ok or bye when the message is nothing else, else `none`."""
    if len(reading.words) > SMALL_TALK_WORDS:
        return "none"
    rest = f" {' '.join(reading.words)} "
    found: set[str] = set()
    for phrase, kind in _PHRASES:
        if f" {phrase} " in rest:
            rest = rest.replace(f" {phrase} ", "  ")
            found.add(kind)
    for word in rest.split():
        kinds = {kind for kind, words in _KINDS.items() if word in words or word.rstrip("!…") in words}
        found |= kinds
        if not kinds and word not in _FILLERS:
            return "none"
    return next((kind for kind in _KINDS if kind in found), "none")


# ---- asking for a human ------------------------------------------------------------------------

_W = r"(?:[\w.]{1,24} )"
_HUMAN = (
    r"(?:persons?|humans?|human being|people|agents?|representatives?|reps?|somebody|someone|anyone|anybody|"
    r"operators?|advis[eo]rs?|staff|support|employees?|colleagues?|supervisors?|managers?|"
    r"customer (?:service|care)|"
    r"service desk|help ?desk|specialists?|expert)"
)
_NOT_OURS = r"(?!(?:my|our|their|his|her|your clients?) )"
_EN = (
    rf"(?:talk|speak|chat|talking|speaking|chatting) (?:to|with) {_NOT_OURS}{_W}{{0,4}}{_HUMAN}\b",
    rf"(?:real|actual|live|breathing|proper) {_W}{{0,1}}(?:persons?|humans?|agents?|people|reps?|"
    rf"representatives?|operators?)\b",
    r"human (?:being|agents?|support|help|assistance|rep|reps|representatives?|operators?|advisor)\b",
    rf"(?:connect|transfer|put|patch|forward|hand|pass|get|escalate|redirect) (?:me|us|this|it|"
    rf"my {_W}{{1,2}})"
    rf" (?:through |over |on |up |in touch |back )?(?:to|with) {_NOT_OURS}{_W}{{0,4}}{_HUMAN}\b",
    rf"(?:get|give|find|send|bring) me {_NOT_OURS}{_W}{{0,3}}{_HUMAN}\b",
    rf"(?:want|need|would like|id like|like|prefer|demand|require|looking for) {_W}{{0,2}}"
    r"(?:an? |some )(?:humans?|persons?|agents?|representatives?|reps?|operators?|supervisors?|real one)\b"
    r"(?: \||$| please| now| to (?:talk|speak|help|call|contact|look|handle|assist|deal|answer)| on the|"
    r" from| who| not)",
    r"(?:need|want|would like|id like) (?:someone|somebody|anyone) (?:to (?:call|phone|ring|contact|look|"
    r"talk|speak|"
    r"help me (?:in person|directly|personally)|handle|take over|assist me personally|get back)|from|real|"
    r"human)\b",
    r"(?:can|could|may|will|would|please have|have|let|ask) (?:someone|somebody|anyone|anybody|an? (?:human|"
    r"person|agent|"
    r"colleague|representative|rep|operator)|your (?:team|staff|support)|one of (?:you|"
    r"your \w{1,12})) (?:please )?"
    r"(?:call|phone|ring|contact|email|reach|get back|get in touch|take over|write|handle|look into|"
    r"look at)\b",
    r"\| (?:please |can you |could you )?(?:call|phone|ring) me (?:\||back|now|please|asap|today|tomorrow|"
    r"on|at|about|when|in|this|as soon)",
    r"(?:call|phone|ring) me back\b",
    r"(?:want|would like|id like|prefer|need|wish|hope|appreciate it) (?:it )?(?:that |if )?"
    r"(?:someone|somebody|anyone|"
    rf"an? (?:human|person|colleague|agent)|one of (?:you|your {_W})) ?{_W}{{0,4}}?(?:calls?|called|phones?|"
    r"rings?|rang|contacts?|contacted|emails?|gets? back to|writes?|helps?) (?:me|us|back)\b",
    r"(?:give|schedule|arrange|book) (?:me|us) an? (?:phone )?(?:call|callback|ring)\b",
    r"(?:want|need|request|requesting|get|have|like) a (?:call ?back|phone call|call back)\b",
    rf"\b(?:i dont|i do not|dont|do not|not|no|instead of|rather than|tired of|stop|sick of) (?:want |wanna |"
    rf"like |speaking |"
    rf"talking |chatting )?{_W}{{0,4}}(?:chat )?(?:bots?|robots?|machines?|chat(?:ro)?bots?|"
    rf"ai assistant|computer)\b",
    rf"(?:contact|reach|call|phone|email|write to|message) (?:to )?(?:your|the|customer|a|an|someone|"
    rf"somebody|live)"
    rf" {_W}{{0,2}}?(?:support|customer (?:service|care)|team|human|person|agent|help ?desk|someone|staff|"
    rf"in support)\b",
    r"(?:contact|reach|call) (?:customer )?support\b",
    r"(?:deal|dealing|communicate|discuss \w{1,10}) with an? (?:real |actual )?(?:person|human)\b",
    r"\b(?:humans?|persons?|agents?|someone|anyone|anybody|somebody|representatives?|operators?) (?:is |"
    r"are )?(?:available|online|on duty)\b",
    r"(?:be|get) (?:contacted|called|phoned|rung|emailed) (?:back )?(?:by|from)\b",
    r"(?:contact|reach|email|get hold of|get ahold of|get in touch with|hear from) (?:someone|somebody|"
    r"anyone|anybody)"
    r" (?:\||from|at|in|on|by|who|there|please|real|human|over|about|immediately)",
    r"(?:your|support|service|customer service|hotline|help ?line) (?:phone|telephone|hotline) ?(?:number|"
    r"line)?\b",
    r"\b(?:phone|telephone)? ?number (?:to|i can|i could|we can|where i can) (?:call|ring|reach you|phone)\b",
    r"\| (?:please |pls |just )?(?:an? |the |real |live |human )?(?:human|agent|operator|representative|"
    r"person|supervisor)"
    r"(?: please| pls| now| support)? \|",
    r"(?:is there|isnt there|are there|do you have|let me have|can i (?:get|have|see)|may i (?:get|have)) "
    rf"{_W}{{0,3}}(?:humans?|live agents?|real persons?|representatives?|operators?|support agents?)\b",
    r"(?:is|isnt) (?:there )?(?:anyone|anybody|someone|somebody) (?:real|human|(?:who )?(?:i|we) (?:can|"
    r"could) (?:talk|speak|call|ring|phone|ask|contact)|to (?:talk|speak))\b",
    r"(?:ask|see|get|want) (?:the|your|a) (?:manager|supervisor|boss)\b",
    r"lodge a complaint|file a (?:formal )?complaint|make a (?:formal )?complaint",
)
_DE = (
    rf"\bmit (?:ein(?:em|er)?|nem|jemand(?:em|en)?|dem|der|eurem|ihrem|euch|ihnen|menschen) ?{_W}{{0,4}}"
    r"(?:sprechen|reden|chatten|telefonieren|schreiben|verbinden|verbunden|kontakt)\b",
    r"(?:sprechen|reden|verbinden) sie mich|verbind(?:e|en|et) (?:mich|sie mich)",
    r"(?:echte[nrms]?|richtige[nrms]?|menschliche[nrms]?|lebende[nrms]?) (?:mensch\w{0,4}|person\w{0,3}|"
    r"mitarbeiter\w{0,4}|"
    r"berater\w{0,3}|ansprechpartner\w{0,3}|kontakt|hilfe|support)",
    r"(?:brauche|will|mochte|moechte|hatte gern\w{0,1}) (?:ein(?:en|e)?|nen) (?:menschen?|"
    r"mitarbeiter\w{0,4}|"
    r"ansprechpartner\w{0,3}|berater\w{0,3}|kundenberater\w{0,3}|ruckruf|rueckruf)",
    r"(?:kann|konnte|konnten|koennte) (?:mich|uns) (?:bitte )?(?:jemand|ein mensch|ein mitarbeiter) ",
    r"(?:ruft|rufen sie|ruf) mich|\bru(?:e)?ckruf|kundendienst (?:erreichen|anrufen|sprechen)",
    r"(?:an|zu) ein(?:en|em) (?:menschen|mitarbeiter|kollegen) (?:weiter\w{0,12}|ubergeben|uebergeben)",
)
_FR = (
    rf"(?:parler|discuter|echanger|joindre|contacter|parle|parlez) (?:a |avec |directement )?{_W}{{0,3}}"
    r"(?:humaine?s?|personne|conseillere?|conseiller|quelquun|agent|operateur|operatrice|responsable|"
    r"technicien|support|"
    r"service client|vraie personne)\b",
    r"(?:vrai|vraie|veritable) (?:humain|personne|conseiller|agent|etre humain)",
    r"\b(?:mettez|mets|passez|passe|transferez|transfere) moi",
    r"(?:avoir|obtenir|passer|joindre) (?:un|une|le|la) (?:vrai |vraie )?(?:humaine?|conseillere?|agent|"
    r"personne|interlocuteur|service client)",
    r"\b(?:rappelez|rappelle|appelez) moi|etre (?:rappelee?|appelee?|contactee?)|me (?:rappeler|"
    r"faire rappeler|mettre en relation)",
    r"(?:veux|voudrais|besoin d|besoin de|j?aimerais|cherche) ?(?:un|une|dun|dune) (?:humain|conseiller|"
    r"agent|vraie|vrai)",
)
_ES = (
    rf"(?:hablar|comunicar\w{{0,3}}|chatear|contactar|hable) (?:con )?{_W}{{0,4}}"
    r"(?:persona|humano|agente|alguien|representante|operadora?|asesora?|encargado|supervisor|soporte)\b",
    r"(?:puede|puedes|pueden|podria) atender(?:me)? (?:una?|alguien|algun)|que me atienda|atencion humana",
    r"(?:persona|agente|operador|humano) (?:real|humana?|de verdad|de carne)",
    r"\b(?:paseme|pasame|comuniqueme|comunicame|conecteme|conectame|transfierame|transfiereme) (?:con|a)",
    r"\b(?:llamame|llameme|llamenme|que me llamen?|me (?:puede|pueden|podria|podrian) llamar)",
    r"(?:quiero|necesito|prefiero|quisiera) (?:a )?(?:un|una) (?:humano|persona|agente|representante|"
    r"operador)",
)
_MORE = (
    rf"parlare con {_W}{{0,3}}(?:persona|operatore|qualcuno|umano|assistenza)\b",
    rf"falar com {_W}{{0,3}}(?:pessoa|alguem|atendente|humano|suporte)\b",
    rf"\bmet (?:een|iemand) ?{_W}{{0,3}}(?:praten|spreken|chatten)\b",
    rf"iemand spreken|medewerker spreken|rozmawiac z {_W}{{0,2}}(?:czlowiekiem|konsultantem|kims)",
)
PERSON = Finder(*_EN, *_DE, *_FR, *_ES, *PERSON_PT, *_MORE, *PERSON_JA, *PERSON_BARE)

# Asks what it is talking to, or says that no human is needed.
PERSON_NOT = Finder(
    r"\b(?:am i|are you|is this|am i not) (?:really |actually |currently |even )?(?:a |an |speaking|talking|"
    r"chatting|real|human)"
    r"|(?:you are|youre|like|act as|be) (?:really |actually )?an? (?:real |actual |live )?(?:human|person|"
    r"agent)"
    r"|\bdo (?:i|we) (?:really |actually )?(?:have|need) to (?:talk|speak|call|contact)"
    rf"|(?:without|avoid|instead of|dont (?:want|need|have) to|do not (?:want|need|have) to|no need to|"
    rf"not) (?:having to )?"
    rf"(?:talk|speak|talking|speaking|call|calling|contact|contacting)(?:ing)? (?:to |with )?{_W}{{0,3}}"
    r"(?:persons?|humans?|people|agents?|someone|somebody|anyone|anybody|support)\b"
    r"|(?:dont|do not) (?:need|want) (?:a |an |any )?(?:human|person|agent)"
    rf"|\b(?:clients?|customers?|patients?|guests?|members?|they|visitors?) {_W}{{0,3}}(?:talk|speak|"
    rf"chat) (?:to|with)"
)


def asks_for_person(reading: Reading) -> bool:
    """Return whether some sentence asks for a human, in a language of the page or one of its kin."""
    return any(line not in PERSON_NOT.lines(reading) for line in PERSON.lines(reading))


# ---- the last answer did not help --------------------------------------------------------------

_NOT = (
    r"(?:did not|didnt|doesnt|does not|isnt|is not|wasnt|was not|not|hasnt|no)"
    r"(?: really| actually| very| at all| any| even| much)?"
)
NO_HELP = Finder(
    rf"{_NOT} (?:help(?:ful|ed)?|useful|answer(?:ing|ed)? (?:my|the|it|that)|solve(?:d)?|"
    r"fix(?:ed)? (?:it|my|the|this))\b"
    # The last word apart, as few messages have it.
    rf"|{_NOT} (?:what i |my |an |the )(?:asked|meant|wanted|need(?:ed)?|question|answer)\b"
    r"|\b(?:wrong|useless|unhelpful|bad|incorrect|terrible) (?:answer|reply|response|again)"
    r"|\| (?:no |but |sorry |hmm |nope )?(?:that|this|thats|this is|that is|your answer|your reply|"
    r"it) (?:is |was )?"
    r"(?:wrong|incorrect|useless|not right|not true|not correct|not it|nonsense|unhelpful|no help|"
    r"of no help|(?:of )?no (?:use|good)|not useful|confusing|too vague|rubbish|pointless)\b"
    r"|you (?:did not|didnt|dont|do not) (?:understand|answer|get (?:me|it|my)|read|listen)"
    r"|you (?:misunderstood|missed|got (?:it|that|me) wrong)"
    r"|tried (?:that|this|all that|it|everything)(?: already)?\b"
    r"|(?:hat|das hat|hilft|half) (?:mir )?(?:leider )?(?:nicht|nichts|gar nicht)(?: weiter\w{0,9}|"
    r" geholfen)?\b"
    r"|nicht (?:hilfreich|meine frage|das was ich|geholfen|beantwortet)|falsche antwort"
    r"|pas (?:aide|aidee|utile|a ma question|repondu|"
    r"ce que jai demande)"
    r"|ne maide pas|mauvaise reponse"
    r"|no (?:me )?(?:ayudo|ayuda|sirve|sirvio|ha ayudado|responde|respondiste|es lo que (?:pregunte|pedi))|"
    r"respuesta (?:equivocada|incorrecta)"
)
STILL_BROKEN = Finder(
    r"still (?:not|no|doesnt|does not|isnt|is not|cant|cannot|wont|having|the same|get|getting|stuck|fails?|"
    r"broken|confused|unclear|dont)\b"
    r"|\b(?:same (?:problem|error|issue|thing)|not working|doesnt work|does not work|didnt work|did not work|"
    r"no luck|no change)\b"
    r"|immer noch|funktioniert (?:so )?nicht|geht (?:so )?nicht|\btoujours pas\b|ne (?:marche|"
    r"fonctionne) (?:pas|toujours)|"
    r"\bsigue sin\b|\b(?:todavia|aun) no\b|no funciona"
)


def did_not_help(reading: Reading, in_conversation: bool) -> bool:
    """Return whether the visitor says that an answer was of no use; "still broken" needs an earlier turn."""
    return NO_HELP.found(reading) or (in_conversation and STILL_BROKEN.found(reading))
