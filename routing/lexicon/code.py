"""Code in a message, and words that ask about code: pasted, existing, or still to be written."""

import re
from dataclasses import dataclass

from routing.lexicon.text import SCAN_CHARS, Reading

LINE_CHARS = 300
MAX_LINES = 400

# One such line is enough; nobody types it by accident.
STRONG_LINE = re.compile(
    r"^\s{0,40}(?:async )?def \w{1,60}\(|^\s{0,40}(?:export )?(?:default )?(?:async )?function\b ?\w{0,60} ?\("
    r"|^\s{0,40}class \w{1,60}(?:\([\w., ]{0,80}\))?:\s{0,10}$|^\s{0,40}class \w{1,60} (?:extends \w{1,60} )?\{"
    r"|^\s{0,40}from [\w.]{1,80} import \w|^\s{0,40}import [\w*{}, ]{1,120} from ['\"]|#include ?[<\"]|<\?php|^#!/"
    r"|Traceback \(most recent call last\)|^\s{0,40}File \".{1,200}\", line \d|^\s{0,40}at [\w.$<>/]{1,120} ?\(.{1,160}:\d{1,6}"
    r"|\b(?:const|let|var) [\w{}, ]{1,60} ?= ?\S|\$\w{1,40}(?:->\w{1,40}|\[.{1,40}\])? ?= ?.{1,160};|\bcurl (?:-|https?://|['\"])"
    r"|\bSELECT .{1,160} FROM \w|\bINSERT INTO \w{1,60} ?\(|\bUPDATE \w{1,60} SET \w|\bCREATE TABLE \w"
    r"|</(?:div|script|span|a|p|html|body|form|iframe|button|style|ul|li|table|head)>|<script\b|<iframe\b|<div\b"
    r"|\b(?:public|private|protected|static) (?:static |async |final )?[\w<>\[\]]{1,40} \w{1,60}\(|\) ?=> ?[{(\w]|\bconsole\.log\("
    r"|\b(?:await|return|new|yield) \w{1,40}(?:\.\w{1,40}){0,4}\(|\b\w{1,40}\.\w{1,40}\([^()\n]{0,160}\)|\bprint\(|\bfetch\(['\"`]"
    r"|\b[A-Z]\w{1,40}(?:Error|Exception): |^\s{0,10}(?:GET|POST|PUT|PATCH|DELETE) (?:/|https?://)|\bHTTP/[12](?:\.\d)? \d{3}"
    r"|^\s{0,40}\"[\w.-]{1,60}\" ?: ?[\"\[{\dtfn]|\{ ?\"[\w.-]{1,60}\" ?:|^\s{0,40}(?:if|for|while|switch) ?\(.{1,160}\) ?\{"
    r"|^\s{0,40}#?[.\w-]{1,60} ?\{ ?[\w-]{1,40} ?: ?[^;{}]{1,80};|\bdocument\.\w{1,40}\b|^\s{0,40}@\w{1,40}(?:\.\w{1,40})?\(.{0,120}\)\s{0,5}$"
)
# Two of these make a paste.
WEAK_LINE = re.compile(
    r"[;{}]\s{0,10}$|^\s{0,40}(?://|/\*|\*/|<!--)|^\s{2,40}(?:return|if|for|else|elif|try|except|raise|while|with)\b.{0,160}:?$"
    r"|^\s{0,40}(?:import|using|package|require|include) [\w.]{1,80};?$|^\s{0,40}\w{1,40}(?:\.\w{1,40}){0,3} ?[+-]?= ?[\w\"'\[{(].{0,160}$"
)
_FENCE = "```"

# "The code" that is no program, so that what remains of the word is one.
_OTHER_CODE = re.compile(
    r"\b(?:verification|promo|promotion|promotional|discount|coupon|voucher|zip|post|postal|area|country|pin|qr|bar|sort|swift|"
    r"security|access|activation|confirmation|gift|referral|invite|invitation|dress|tax|bank|routing|login|backup|recovery|"
    r"reset|authentication|auth|two factor|2fa|sms|text|digit|cvv|cvc|unlock|entry|door|key|building|currency|iban|bic|error|"
    r"status|reason|color|colour|booking|order|reference|one time|time|passcode|product|vat|redemption|rate|card|airport|"
    r"flight|morse|insurance|diagnosis|hs|digital|payment|transfer|atm|transaction|special) codes?\b"
    r"|\bcodes? (?:of conduct|to (?:verify|activate|unlock|log ?in|sign in|access|confirm) (?:my|your|the) (?:account|card|phone|identity|email))"
)

_W = r"(?:[\w.#+]{1,24} )"
_LANG = (
    r"(?:python\d?|java ?script|typescript|node\.?js|node|php|ruby|rails|java|c#|csharp|c\+\+|golang|kotlin|perl|bash|"
    r"powershell|curl|sql|html\d?|css|react|vue|angular|svelte|django|flask|laravel|symfony|fastapi|express\.?js|next\.?js|"
    r"jquery|\.net|dotnet|asp\.net|vba|google apps? script|apps script|liquid|shell|js|ts|graphql)"
)
_LANG_LOOSE = r"(?:go|rust|swift|scala|r|elixir|dart|c|lua)"
_PROGRAM = (
    r"(?:code|source code|script|scripts|function|functions|snippet|snippets|handler|regex|regexp|implementation|program|method|"
    r"query|middleware|wrapper|listener|webhook handler|endpoint code|integration code|unit tests?|parser|cron ?job)"
)
_BROKEN = (
    r"(?:throws?|throwing|crash(?:es|ed|ing)?|returns?|returning|raises?|raising|fails?|failing|failed|errors?|erroring|gives?|breaks?|broken|"
    r"times? out|hangs?|doesnt (?:work|run|compile|return|parse|verify|match)|does not (?:work|run|compile|return)|isnt working|"
    r"is not working|not working|stopped working|wont (?:run|compile|work)|has a bug|bug|exception|keeps|gets? (?:an?|the|\d{3}|error)|"
    r"is wrong|is slow|too slow|logs|prints|loops)"
)

EXISTING = re.compile(
    rf"\b(?:my|our|this|these|following|existing|attached|below|his|that) {_W}{{0,4}}?{_PROGRAM}\b {_W}{{0,4}}?{_BROKEN}\b"
    rf"|\b(?:my|our) (?:{_LANG} |own |custom |webhook |little |small ){{1,3}}(?:code|script|function|client|app|integration|backend|server|handler|"
    rf"snippet|endpoint|plugin|library|request|wrapper)\b"
    rf"|\b(?:fix|debug|refactor|review|explain|improve|optimi[sz]e|rewrite|convert|port|clean up|look at|look over|check|correct|understand|"
    rf"simplify|annotate|document|modify|adapt|change|update|wrong with|bugs? in|errors? in|problem in|problem with|issue with|issue in|mistake in)"
    rf" (?:my|our|this|the following|the|following|below|these|a bug in my|existing|some) {_W}{{0,3}}?"
    rf"(?:code|script|snippet|regex|source|function|handler|sql|{_LANG} {_W}{{0,1}}?(?:code|script|function|query|file|class|snippet|app))\b"
    r"|\b(?:what|where|why) (?:is|does|do|did|am i|are) (?:[\w.]{1,24} ){0,8}(?:this|my|our|following) (?:line of |piece of |block of |bit of )?"
    r"(?:code|script|snippet|function|regex|handler)\b"
    r"|\b(?:this|following|below|my|our) (?:line|piece|block|bit|lines|chunk) of (?:code|javascript|python|html|css)\b"
    rf"|\b(?:here is|heres|here are|see|attached|pasted?|pasting|posting) (?:is )?(?:my|our|the|what i have) {_W}{{0,3}}?(?:code|script|function|snippet|handler|source)\b"
    r"|\b(?:typeerror|valueerror|keyerror|attributeerror|syntaxerror|referenceerror|nameerror|indexerror|importerror|modulenotfound\w{0,6}|"
    r"nullpointer\w{0,10}|nullreference\w{0,10}|stack ?trace|traceback|segfault|core dump|unhandled (?:promise|exception|rejection)|"
    r"undefined is not|cannot read propert\w{1,3}|fatal error|parse error|compil(?:er|ation) error|runtime error|syntax error|cors error)\b"
    rf"|\b(?:code|script|snippet|handler) (?:i|we) (?:wrote|have|use|copied|pasted|am using|are using|made|built|got)\b"
    rf"|\bi (?:wrote|have written|coded|implemented|have implemented|built) {_W}{{0,3}}?(?:code|script|function|handler|webhook|client|{_LANG})\b {_W}{{0,8}}?(?:but|and|which|that|it)\b"
    rf"|\b(?:my|our) {_W}{{0,2}}?(?:signature|hmac|hash) {_W}{{0,2}}?(?:check|verification|validation|comparison|function|code)? ?{_W}{{0,1}}?{_BROKEN}\b"
    rf"|\b(?:when|after|if) (?:i|we) (?:call|run|execute|import|compile|invoke) {_W}{{0,6}}?(?:from|in|with|using) {_LANG}\b"
    r"|\bmein\w{0,2} (?:code|skript|script|funktion|programm) |\bfehler (?:in|im) (?:meine\w{0,1} |diesem |dem )?(?:code|skript|funktion)"
    r"|\bmon (?:code|script|programme) |\bma fonction |\bmi (?:codigo|script|funcion) (?:no|da|devuelve|falla|lanza|tiene)"
)

_STRONG_VERB = r"(?:write|wrote|code|code up|generate|implement|program|script|develop|draft|create|build|make|produce|whip up|put together|come up with|knock up|craft)"
_ANY_VERB = rf"(?:{_STRONG_VERB}|give|show|send|provide|share|post|need|want|looking for|like|see|have|get|find|offer|supply|include|help me with|help with|got)"
_SURE = (
    r"(?:snippets?|script|scripts|regex|regexp|regular expression|source code|sample code|example code|demo code|boilerplate|pseudo ?code|"
    r"code (?:snippets?|examples?|samples?|blocks?|template|that|which|for (?:a|the|your|calling|using|verifying|creating|listing|handling|"
    r"sending|receiving|connecting|syncing|this|that|it|an|my)|to (?:call|create|list|fetch|get|verify|validate|check|sync|send|receive|handle|"
    r"connect|embed|parse|post|pull|import|export|use|integrate|display|show|read|loop|retry)|in|using|with)|"
    r"curl (?:command|request|example|call|one ?liner|snippet)|sql (?:query|statement)|unit tests?|webhook (?:handler|receiver|listener|consumer)|"
    r"cron ?job|bash|one ?liner|middleware|api client|api wrapper|client library)"
)
_MADE = (
    r"(?:functions?|programs?|code|method|helper|wrapper|class|parser|handler|endpoint|decorator|component|listener|receiver|server|"
    r"plugin|extension|macro|cli|command line tool|tests?|query|queries|migration|dockerfile|bot|app|application|integration|library|module|"
    r"crawler|scraper|html|css)"
)
NEW = re.compile(
    rf"\b{_ANY_VERB} (?:me |us |up |you |out |a |an |the |some |any )?{_W}{{0,5}}?{_SURE}\b"
    rf"|\b(?:write|code|generate|implement|program|develop) (?:me |us |out |for me |for us )?(?:an? |the |some |another )?{_W}{{0,5}}?(?:functions?|program|code|method|parser|"
    r"decorator|middleware|unit tests?|webhook|handler|query|component|class|regex|cli|plugin|extension|scraper|html|css|endpoint|macro)\b"
    rf"|\b(?:can|could|would|will) (?:you|u) (?:please )?(?:build|create|make|code|develop|program) (?:me |us )?(?:an? |the |some )?{_W}{{0,4}}?"
    r"(?:functions?|program|code|parser|plugin|bot|app|application|scraper|integration|api client|tool in)\b"
    rf"|\| (?:please |pls |just )?(?:build|create|make|code|develop|program) (?:me |us )?(?:an? |the |some )?{_W}{{0,4}}?(?:functions?|program|plugin|bot|app|scraper|code)\b"
    rf" (?:that|which|to|for|in|using|with)\b"
    rf"|\b{_ANY_VERB} {_W}{{0,6}}?{_LANG} {_W}{{0,3}}?(?:{_MADE}|examples?|samples?|implementation|version|equivalent|lines?|solution|call|request)\b"
    rf"|\b{_ANY_VERB} {_W}{{0,5}}?(?:{_MADE}|examples?|samples?|implementation|request|call|version|solution|that) {_W}{{0,6}}?(?:in|using|with|for|from) (?:{_LANG}|{_LANG_LOOSE}(?= \||code| please))\b"
    rf"|\bhow (?:do|can|would|could|should|to|does) {_W}{{0,14}}?(?:in|using|with|from|via|through) (?:plain |vanilla |pure |my |a |an )?(?:{_LANG}\b|{_LANG_LOOSE} (?:\||code))"
    rf"|\b{_LANG} (?:code|examples?|samples?|snippets?|script|function|implementation) (?:for|to|that|of|which|please|showing|using|\|)"
    r"|\b(?:code|coding) (?:examples?|samples?|snippets?)\b|\b(?:sample|example|demo|working) code\b|\bcode (?:for|to) (?:verify|call|embed|connect)\w{0,3}\b"
    rf"|\b(?:examples?|samples?) (?:of |for )?{_W}{{0,6}}?(?:in|using|with) {_LANG}\b"
    r"|\bexample (?:curl|api|http|json|post|get) (?:call|request|payload|command|body)\b|\b(?:some|any) code (?:i can|i could|to|for|that|which|please|\|)"
    rf"|\b{_ANY_VERB} {_W}{{0,3}}?some code \|"
    rf"|\bschreib(?:e|en|t)? {_W}{{0,7}}?(?:funktion|skript|script|code|programm|snippet|regex)\b|\b(?:beispielcode|codebeispiele?|quellcode|quelltext|code beispiele?)\b"
    rf"|\b(?:zeig|gib|brauche|hatte gern|mochte)\w{{0,2}} {_W}{{0,6}}?(?:code|skript|snippet|funktion in|beispiel (?:in|fur) {_LANG})\b"
    rf"|\b(?:ecris|ecrivez|ecrire|redige|genere|generez|donne|donnez|montre|montrez|besoin) {_W}{{0,6}}?(?:fonction|script|code (?:pour|en|qui|python|source|exemple)|snippet|bout de code)\b"
    r"|\bexemples? de code\b|\bejemplos? de codigo\b|\bcodigo de ejemplo\b|\bcodigo fuente\b"
    rf"|\b(?:escribe|escribeme|escriba|genera|dame|muestrame|necesito|hazme|programa) {_W}{{0,6}}?(?:funcion|script|codigo (?:para|en|que|python)|snippet)\b"
)
# What makes a request for new code more than a small piece.
LARGE = re.compile(
    r"\b(?:whole|complete|entire|full|production|robust|scalable|enterprise|thread safe|concurren\w{1,5}|async\w{0,9}|parallel|retries|retry|back ?off|"
    r"app|application|system|service|microservice|server|backend|frontend|plugin|extension|integration|library|sdk|framework|architecture|"
    r"database|schema|migrat\w{1,5}|oauth\d?|authentication|deploy\w{0,6}|docker\w{0,6}|kubernetes|test suite|tests|pipeline|two way|"
    r"bidirectional|real ?time|queue|multi\w{0,10}|several|idempoten\w{1,4}|pagina\w{1,5}|rate limit\w{0,3}|error handling|logging|end to end|"
    r"websocket\w{0,1}|dashboard|crawler|scraper|sync\w{0,11}|komplett\w{0,2}|vollstandig\w{0,2}|complete|entiere|completa)\b"
)
SMALL_WORDS = 45  # a request that needs more words to describe is not simple


@dataclass(frozen=True)
class CodeReading:
    """What a message has to do with code; `own` is the text without what was pasted."""

    pasted: bool
    own: str


def split_paste(text: str) -> CodeReading:
    """Return whether code is pasted, and the message without fenced, quoted and code-like lines."""
    own: list[str] = []
    strong = weak = fenced = 0
    inside = False
    for line in text[:SCAN_CHARS].splitlines()[:MAX_LINES]:
        line = line[:LINE_CHARS]
        if line.lstrip().startswith(_FENCE):
            inside = not inside
            continue
        if inside:
            fenced += bool(line.strip())
        elif STRONG_LINE.search(line):
            strong += 1
            own.append(line)
        elif WEAK_LINE.search(line):
            weak += 1
        elif not line.lstrip().startswith(">"):
            own.append(line)
    pasted = bool(fenced or strong or weak >= 2)
    return CodeReading(pasted, "\n".join(own) if pasted or fenced else text)


def _line(reading: Reading) -> str:
    return _OTHER_CODE.sub("voucher", reading.line)


def asks_existing(reading: Reading) -> bool:
    """Return whether the message is about code that exists already."""
    return EXISTING.search(_line(reading)) is not None


def asks_new(reading: Reading) -> bool:
    """Return whether the message asks for code to be written or shown."""
    return NEW.search(_line(reading)) is not None


def is_small(reading: Reading) -> bool:
    """Return whether a request for code is short and names nothing that makes it a project."""
    return len(reading.words) <= SMALL_WORDS and LARGE.search(reading.line) is None
