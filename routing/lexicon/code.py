"""Words that ask about code: code that exists, or code still to be written."""

from dataclasses import replace
from typing import NamedTuple

from routing.lexicon.code_score import THRESHOLD, weigh
from routing.lexicon.finding import Finder
from routing.lexicon.text import Reading

# Codes that are no program; what remains of the word is one.
_OTHER_CODE = Finder(
    r"\b(?:verification|pass|promo|promotion|promotional|discount|coupon|voucher|zip|post|postal|area|"
    r"country|pin|"
    r"qr|bar|sort|swift|security|access|activation|confirmation|gift|referral|invite|invitation|dress|tax|"
    r"bank|"
    r"routing|login|backup|recovery|reset|authentication|auth|two factor|2fa|sms|text|digit|cvv|cvc|unlock|"
    r"entry|"
    r"door|key|building|currency|iban|bic|error|status|reason|color|colour|booking|order|reference|one time|"
    r"time|"
    r"product|vat|redemption|rate|card|airport|flight|morse|insurance|diagnosis|hs|digital|payment|transfer|"
    r"atm|"
    r"transaction|special|employee|loyalty|member|membership|student) codes?\b"
    r"|\bcodes? of conduct|\bcodes? (?:to (?:verify|activate|unlock|log ?in|sign in|access|confirm)|"
    r"for verifying)"
    r" (?:my|your|the) (?:\w{1,12} ){0,2}(?:account|card|phone|identity|email)",
    # French and Spanish say it after the word; German in one word, which is then another one.
    r"\bcodes? (?:(?:de|d|du|des|a|sms|par) )?(?:l )?(?:promo\w{0,8}|postal|postaux|pin|verification|"
    r"reduction|remise|"
    r"confirmation|activation|acces|securite|erreur|barres?|qr|sms|parrainage|cadeau|porte|banque|guichet|iban|"
    r"vestimentaire|conduite|couleur|avantage|authentification|connexion|usage unique|[0-9]{2,8})\b",
    r"\bcodigos? (?:(?:de|del|por|para) )?(?:la |el )?(?:promo\w{0,8}|postal|pin|verificacion|descuento|"
    r"confirmacion|activacion|acceso|seguridad|error|barras?|qr|sms|referido|regalo|puerta|banco|iban|"
    r"vestimenta|conducta|color|cupon|autenticacion|[0-9]{2,8})\b",
)

_W = r"(?:[\w.#+]{1,24} )"
_LANG = (
    r"(?:python\d?|java ?script|typescript|node\.?js|node|php|ruby|rails|java|c#|csharp|c\+\+|golang|kotlin|"
    r"perl|"
    r"bash|powershell|curl|sql|html\d?|css|react|vue|angular|svelte|django|flask|laravel|symfony|fastapi|"
    r"express\.?js|next\.?js|jquery|\.net|dotnet|asp\.net|vba|apps script|liquid|shell|js|ts|graphql)"
)
_LANG_LOOSE = r"(?:go|rust|swift|scala|r|elixir|dart|c|lua)"
_PROGRAM = (
    r"(?:code|source code|scripts?|functions?|snippets?|handler|regex|regexp|implementation|program|method|"
    r"query|"
    r"middleware|wrapper|listener|parser|unit tests?|cron ?job|(?:api|http|fetch|axios|guzzle|post|get|rest) "
    r"(?:call|request|client)|integration|api client)"
)
_BROKEN = (
    r"(?:throws?|throwing|crash(?:es|ed|ing)?|returns?|returning|raises?|raising|fails?|failing|failed|"
    r"errors?|"
    r"erroring|gives?|breaks?|broken|times? out|hangs?|(?:doesnt|does not) (?:work|run|compile|return|parse|"
    r"verify|"
    r"match)|isnt working|is not working|not working|stopped working|wont (?:run|compile|work)|has a bug|bug|"
    r"exception|keeps|gets? (?:an?|the|\d{3}|error)|is wrong|is slow|too slow|logs|prints|loops|return|get|"
    r"throw)"
)
_WORK_ON = (
    r"(?:fix|debug|refactor|review|explain|improve|optimi[sz]e|rewrite|convert|translate|port|clean up|"
    r"look at|"
    r"look over|check|correct|understand|simplify|annotate|document|modify|adapt|change|update|turn|"
    r"wrong with|"
    r"(?:bugs?|errors?|problem|issue|mistake|typo) (?:in|with))"
)
_ERRORS = (
    r"(?:type|value|key|attribute|syntax|reference|name|index|import|modulenotfound|range|json|runtime|"
    r"assertion)error"
    r"|null ?(?:pointer|reference) ?\w{0,10}|stack ?trace|traceback|segfault|core dump|undefined is not"
    r"|unhandled (?:promise|exception|rejection)|cannot read propert\w{1,3}|fatal error|parse error"
    r"|compil(?:er|ation) error|runtime error|syntax error|cors error"
)
_EXISTING = (
    # "our handler returns 400", "why does my fetch call return undefined"
    rf"\b(?:my|our|this|these|following|existing|attached|below|his|that) {_W}{{0,3}}?{_PROGRAM}"
    rf" {_W}{{0,4}}?{_BROKEN}\b",
    rf"\b(?:my|our) (?:{_LANG} |own |custom |webhook |little |small ){{1,3}}(?:code|script|function|client|"
    rf"app|"
    r"integration|backend|server|handler|snippet|endpoint|plugin|library|request|wrapper)\b",
    rf"\b(?:my|our) {_W}{{0,2}}?(?:signature|hmac|hash) {_W}{{0,3}}?{_BROKEN}\b",
    # "fix this script", "convert this curl command", "what does this function do"
    rf"\b{_WORK_ON} (?:my|our|this|the following|the|following|below|these|a bug in my|existing|"
    rf"some) {_W}{{0,3}}?"
    rf"(?:code|script|snippet|regex|source code|function|handler|sql|{_LANG} {_W}{{0,1}}?(?:code|script|"
    rf"function|"
    r"query|file|class|snippet|app|command|example|call))\b",
    rf"\b(?:what|where|why) (?:is|does|do|did|am i|are) {_W}{{0,8}}(?:this|my|our|following) "
    r"(?:(?:line|piece|block|bit) of )?(?:code|script|snippet|function|regex|handler)\b",
    rf"\b(?:explain|understand|what) {_W}{{0,3}}(?:this|these|following) (?:code|script|snippet|functions?|"
    rf"regex)\b",
    r"\b(?:this|following|below|my|our) (?:lines?|piece|block|bit|chunk) of (?:code|javascript|python|html|"
    r"css)\b",
    rf"\b(?:here is|heres|here are|see|attached|pasted?|pasting|posting) (?:is )?(?:my|our|the|"
    rf"what i have) {_W}{{0,3}}?"
    r"(?:code|script|function|snippet|handler|source code)\b",
    r"\b(?:code|script|snippet|handler) (?:i|we) (?:wrote|have|use|copied|pasted|am using|are using|made|"
    r"built|got)\b",
    rf"\bi (?:wrote|have written|coded|implemented|have implemented|built) {_W}{{0,3}}?(?:code|script|"
    rf"function|handler|"
    rf"webhook|client|{_LANG})\b {_W}{{0,8}}?(?:but|and|which|that|it)\b",
    rf"\b(?:when|after|if) (?:i|we) (?:call|run|execute|import|compile|invoke) {_W}{{0,6}}?(?:from|in|with|"
    rf"using) {_LANG}\b",
    r"\b(?:refactor|debug) (?:my|our|this|the|these)\b",
    rf"\b(?:fix|debug|review|correct|validate) (?:my|our|this) {_LANG}\b",
    r"\b(?:optimi[sz]e|simplify|rewrite|speed up|shorten) (?:my|our|this|the|these) (?:\w{1,16} )?quer(?:y|"
    r"ies)\b",
    # "the hash my function calculates", "what is wrong with my axios call"
    r"\b(?:my|our) (?:own |little |small |test |custom |new )?(?:functions?|scripts?|snippet|handler|"
    r"middleware|parser|"
    r"implementation|regex|source code|codebase|repo)\b",
    r"\b(?:my|our|this) (?:axios|fetch|guzzle|curl|requests|http|api|rest|graphql|post|get) (?:call|request|"
    r"code|query)\b",
    rf"\b(?:get|gets|got|getting|receive|receiving|returns?|returned|returning|responds? with) (?:an? |the |"
    rf"http |error |"
    rf"status |code ){{0,3}}[45]\d\d\b {_W}{{0,8}}?(?:headers?|request|payload|body|call|post|token)\b",
    rf"\b(?:turn|convert|translate|port|rewrite) {_W}{{1,6}}?(?:into|to|in) {_LANG}\b",
    rf"\b(?:{_ERRORS})\b",
    r"\bmein\w{0,2} (?:code|skript|script|funktion|programm)\b|\bfehler (?:in|im) (?:meine\w{0,1} |diesem |"
    r"dem )?"
    r"(?:code|skript|funktion)",
    r"\bmon (?:code|script|programme)\b|\bma fonction\b",
    r"\bmi (?:codigo|script|funcion) (?:no|da|devuelve|falla|lanza|tiene)",
)
EXISTING = Finder(*_EXISTING)

_MAKE = (
    r"(?:write|wrote|code|code up|generate|implement|program|script|develop|draft|create|build|make|produce|"
    r"whip up|put together|come up with|knock up|craft)"
)
_ASK = (
    rf"(?:{_MAKE}|give|show|send|provide|share|post|need|want|looking for|like|see|have|get|find|offer|"
    rf"supply|"
    r"include|help me with|help with|got)"
)
_PIECE = (
    r"(?:snippets?|scripts?|regex|regexp|regular expression|source code|(?:sample|example|demo) code|"
    r"boilerplate|"
    r"pseudo ?code|code (?:snippets?|examples?|samples?|blocks?|template|that|which|in|using|with)|"
    r"code for (?:a|the|your|"
    r"calling|using|verifying|creating|listing|handling|sending|receiving|connecting|syncing|this|that|it|"
    r"an|my)|"
    r"code to (?:call|create|list|fetch|get|verify|validate|check|sync|send|receive|handle|connect|embed|"
    r"parse|post|"
    r"pull|import|export|use|integrate|display|show|read|loop|retry)|curl (?:command|request|example|call|"
    r"one ?liner)|"
    r"sql (?:query|statement)|unit tests?|webhook (?:handler|receiver|listener|consumer)|cron ?job|bash|"
    r"one ?liner|"
    r"middleware|(?:api|http|rest) (?:client|wrapper)|client library)"
)
_MADE = (
    r"(?:functions?|programs?|code|method|helper|wrapper|class|parser|handler|endpoint|decorator|component|"
    r"listener|"
    r"receiver|server|plugin|extension|macro|cli|command line tool|tests?|query|queries|migration|"
    r"dockerfile|bot|app|"
    r"application|integration|library|module|crawler|scraper|html|css|client|type|types|interface)"
)
_SHOWN = r"(?:examples?|samples?|implementation|version|equivalent|lines?|solution|call|request)"
_NEW = (
    rf"\bwhats? (?:is |are |would |does )?the (?:correct |right |exact |proper )?(?:{_LANG}|json|xml|code|"
    rf"syntax|command) (?:code |tag |command |snippet )?(?:for|to|that|which|look|i)\b",
    rf"\b{_ASK} (?:me |us |up |you |out |a |an |the |some |any )?{_W}{{0,5}}?{_PIECE}\b",
    rf"\b(?:write|code|generate|implement|program|develop) (?:me |us |out )?{_W}{{0,6}}?(?:functions?|"
    rf"program|code|"
    r"method|parser|decorator|middleware|webhook|handler|query|component|class|cli|plugin|extension|scraper|"
    r"html|css|"
    r"endpoint|macro)\b",
    rf"(?:\b(?:can|could|would|will) (?:you|u) (?:please )?|\| (?:please |pls |just )?)(?:build|create|make|"
    rf"code|"
    rf"develop|program) (?:me |us )?{_W}{{0,5}}?(?:functions?|program|code|parser|plugin|bot|app|"
    rf"application|scraper|"
    r"integration|api client)\b",
    rf"\b{_ASK} {_W}{{0,6}}?{_LANG} {_W}{{0,3}}?(?:{_MADE}|{_SHOWN})\b",
    rf"\b{_ASK} {_W}{{0,5}}?(?:{_MADE}|{_SHOWN}|that) {_W}{{0,6}}?(?:in|using|with|for|from) "
    rf"(?:{_LANG}\b|{_LANG_LOOSE} (?:\||code|please))",
    rf"\bhow (?:do|can|would|could|should|to|does) {_W}{{0,14}}?(?:in|using|with|from|via|through) "
    rf"(?:plain |vanilla |pure |my |a |an )?(?:{_LANG}\b|{_LANG_LOOSE} (?:\||code))",
    rf"\b{_LANG} (?:code|{_SHOWN}|snippets?|script|function) (?:for|to|that|of|which|please|showing|using|"
    rf"\|)",
    r"\b(?:code|coding) (?:examples?|samples?|snippets?)\b|\b(?:sample|example|demo|working) code\b",
    r"\b(?:code|script|program) (?:me|us|up) \w",
    rf"\b(?:give|show|send|provide|post|share) {_W}{{0,4}}?(?:api|http|rest|json) (?:request|call|payload|"
    rf"body)\b",
    rf"\b(?:examples?|samples?) (?:of |for )?{_W}{{0,6}}?(?:in|using|with) (?:{_LANG}\b|{_LANG_LOOSE} (?:\||"
    rf"code|please))",
    rf"\b(?:example|sample) {_W}{{0,1}}(?:call|request|payload|command|body)\b",
    rf"\b(?:some|any) code (?:i can|i could|to|for|that|which|please|\|)|\b{_ASK} {_W}{{0,3}}?some code \|",
    rf"\| (?:a |an )?(?:small |short |simple |quick )?{_PIECE} (?:to|for|that|which|in)\b",
    rf"\bschreib(?:e|en|t)? {_W}{{0,7}}?(?:funktion|skript|script|code|programm|snippet|regex)\b",
    r"\b(?:beispielcode|codebeispiele?|quellcode|quelltext|code beispiele?)\b",
    rf"\b(?:zeig|gib|brauche|hatte gern|mochte)\w{{0,2}} {_W}{{0,6}}?(?:code|skript|snippet|funktion in|"
    rf"beispiel "
    rf"(?:in|fur) {_LANG})\b",
    rf"\b(?:ecris|ecrivez|ecrire|redige|genere|generez|donne|donnez|montre|montrez|"
    rf"besoin) {_W}{{0,6}}?(?:fonction|"
    r"script|code (?:pour|en|qui|python|source|exemple)|snippet|bout de code)\b|\bexemples? de code\b",
    rf"\b(?:escribe|escribeme|escriba|genera|dame|muestrame|necesito|hazme|programa) {_W}{{0,6}}?(?:funcion|"
    rf"script|"
    r"codigo (?:para|en|que|python)|snippet)\b|\bejemplos? de codigo\b|\bcodigo (?:de ejemplo|fuente)\b",
)
NEW = Finder(*_NEW)

# "Do you have a Python SDK?" asks whether something exists.
_OFFERED = Finder(
    r"\| (?:do you (?:have|offer|support|provide)|is there|are there|does|is|which|what) "
    r"(?:[\w.#+]{1,24} ){0,6}?(?:sdks?|librar(?:y|ies)|plugins?|packages?|modules?|support|languages?|"
    r"compatible)\b"
)

# What makes a request for new code more than a small piece.
LARGE = Finder(
    r"\b(?:whole|complete|entire|full|production|robust|scalable|enterprise|thread safe|concurren\w{1,5}|"
    r"async\w{0,9}|"
    r"parallel|retries|retry|back ?off|app|application|system|service|microservice|server|backend|frontend|"
    r"plugin|"
    r"extension|integration|library|sdk|framework|architecture|database|schema|migrat\w{1,5}|oauth\d?|"
    r"authentication|"
    r"deploy\w{0,6}|docker\w{0,6}|kubernetes|test suite|pipeline|two way|bidirectional|real ?time|queue|"
    r"multi\w{0,10}|"
    r"several|idempoten\w{1,4}|pagina\w{1,5}|rate limit\w{0,3}|error handling|logging|end to end|websockets?|"
    r"dashboard|crawler|scraper|sync\w{0,11}|komplett\w{0,2}|vollstandig\w{0,2}|entiere|completa)\b"
)
SMALL_WORDS = 45  # a request that needs more words to describe is not simple


class Asked(NamedTuple):
    """Whether a message is about code that exists already, and whether it asks for code to be written."""

    existing: bool
    new: bool


def asks(reading: Reading) -> Asked:
    """Return what a message asks of code."""
    reading = _without_other_codes(reading)
    existing, offered = EXISTING.found(reading), _OFFERED.found(reading)
    weight, weighs_existing = (0.0, False) if offered else weigh(reading)
    heavy = weight >= THRESHOLD
    return Asked(
        existing or (heavy and weighs_existing),
        not offered and (NEW.found(reading) or (heavy and not weighs_existing)),
    )


def is_small(reading: Reading) -> bool:
    """Return whether a request for code is short and names nothing that makes it a project."""
    return len(reading.words) <= SMALL_WORDS and not LARGE.found(reading)


def _without_other_codes(reading: Reading) -> Reading:
    if not _OTHER_CODE.found(reading):
        return reading
    sentences = tuple(
        _OTHER_CODE.pattern.sub(" voucher", f" {sentence}").strip() for sentence in reading.sentences
    )
    return replace(reading, sentences=sentences, line=f"| {' | '.join(sentences)} |")
