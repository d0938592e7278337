"""The pages of the admin that are measured: add one as a line. `{...}` are ids that the desk is asked for."""

from typing import NamedTuple


class Page(NamedTuple):
    """What it is called in the table, who opens it, and its address below /admin/."""

    name: str
    role: str
    path: str


CONVERSATIONS = "assistant/conversation/"
CALLS = "routing/modelcall/"
REQUESTS = "assistant/request/"
ENTRIES = "faq/entry/"
ASKED = "faq/askedquestion/"

PAGES = (
    Page("home, support", "support", ""),
    Page("home, manager", "manager", ""),
    Page("home, admin", "admin", ""),
    Page("inbox", "support", REQUESTS),
    Page("inbox, page 5", "support", f"{REQUESTS}?p=5"),
    Page("inbox, by state", "support", f"{REQUESTS}?state__exact=new"),
    Page("inbox, past its promise", "support", f"{REQUESTS}?overdue=yes"),
    Page("inbox, mail not sent", "support", f"{REQUESTS}?mail=unsent"),
    Page("inbox, words", "support", f"{REQUESTS}?q=invoice"),
    Page("one request", "support", REQUESTS + "{request}/change/"),
    Page("conversations", "support", CONVERSATIONS),
    Page("conversations, half-way", "support", CONVERSATIONS + "?after={conversation_place}"),
    Page("conversations, half-way back", "support", CONVERSATIONS + "?before={conversation_place}"),
    Page("conversations, a day", "support", CONVERSATIONS + "?updated_at_from={day}&updated_at_to={day}"),
    Page("conversations, by route", "support", f"{CONVERSATIONS}?route=complex"),
    Page("conversations, rare route", "support", f"{CONVERSATIONS}?route=long"),
    Page("conversations, thumbs down", "support", f"{CONVERSATIONS}?thumbs=down"),
    Page("conversations, unfinished", "support", f"{CONVERSATIONS}?answer=unfinished"),
    Page("conversations, refused", "support", f"{CONVERSATIONS}?answer=refused"),
    Page("conversations, out of budget", "support", f"{CONVERSATIONS}?answer=budget"),
    Page("conversations, escalated", "support", f"{CONVERSATIONS}?escalated=yes"),
    Page(
        "conversations, several filters", "support", f"{CONVERSATIONS}?route=code&thumbs=down&escalated=yes"
    ),
    Page("conversations, waiting", "support", f"{CONVERSATIONS}?state__exact=waiting"),
    Page("conversations, example", "support", f"{CONVERSATIONS}?purpose__exact=demo"),
    Page("conversations, words", "support", f"{CONVERSATIONS}?q=password"),
    Page("conversations, common words", "support", f"{CONVERSATIONS}?q=settings"),
    Page("conversations, rare words", "support", f"{CONVERSATIONS}?q=zanzibar"),
    Page("conversations, an id", "support", CONVERSATIONS + "?q={turn}"),
    Page("one conversation", "support", CONVERSATIONS + "{conversation}/change/"),
    Page("FAQ", "support", ENTRIES),
    Page("FAQ, words", "support", f"{ENTRIES}?q=password"),
    Page("FAQ, published", "support", f"{ENTRIES}?status__exact=published"),
    Page("FAQ, one entry", "support", ENTRIES + "{entry}/change/"),
    Page("FAQ, new entry", "support", f"{ENTRIES}add/"),
    Page("FAQ health", "support", "faq-health/"),
    Page("FAQ confidence", "support", "faq-confidence/"),
    Page("review", "support", "review/"),
    Page("review, near misses", "support", "review/?kind=near"),
    Page("review, spot checks", "support", "review/?kind=spot"),
    Page("asked questions", "support", ASKED),
    Page("asked questions, half-way", "support", ASKED + "?after={asked_place}"),
    Page("asked questions, by route", "support", f"{ASKED}?route=complex"),
    Page("asked questions, judged", "support", f"{ASKED}?label=right"),
    Page("asked questions, words", "support", f"{ASKED}?q=password"),
    Page("asked questions, rare words", "support", f"{ASKED}?q=zanzibar"),
    Page("rules", "support", "routing/rule/"),
    Page("try a question", "support", "try/"),
    Page("versions", "support", "routing/configversion/"),
    Page("versions, page 5", "support", "routing/configversion/?p=5"),
    Page("one version", "support", "routing/configversion/{version}/change/"),
    Page("metrics, today", "manager", "metrics/?period=today"),
    Page("metrics, 7 days", "manager", "metrics/?period=7d"),
    Page("metrics, 30 days", "manager", "metrics/?period=30d"),
    Page("metrics, 90 days", "manager", "metrics/?period=custom&from={quarter}&to={day}"),
    Page(
        "metrics, 90 days of a route",
        "manager",
        "metrics/?period=custom&from={quarter}&to={day}&route=complex",
    ),
    Page("metrics, figures as JSON", "manager", "metrics/figures.json?period=30d"),
    Page("replies behind a figure, 7 days", "manager", "metrics/replies/?period=7d"),
    Page("replies behind a figure, 30 days", "manager", "metrics/replies/?period=30d&route=complex"),
    Page("one reply in figures", "manager", "metrics/replies/{reply}/"),
    Page("service levels", "manager", "service-levels/"),
    Page("transfer tests", "manager", "transfer/"),
    Page("transfer cases", "support", "routing/transfercase/"),
    Page("backtests", "support", "backtests/"),
    Page("what people ask", "support", "what-people-ask/"),
    Page("old questions", "support", "old-questions/"),
    Page("changes", "manager", "routing/fliprecord/"),
    Page("cost", "manager", "cost/"),
    Page("budgets", "manager", "routing/budget/"),
    Page("plan budgets", "manager", "routing/planbudget/"),
    Page("probe runs", "manager", "routing/proberun/"),
    Page("model calls", "admin", CALLS),
    Page("model calls, half-way", "admin", CALLS + "?after={call_place}"),
    Page("model calls, half-way back", "admin", CALLS + "?before={call_place}"),
    Page("model calls, a day", "admin", CALLS + "?started_at_from={day}&started_at_to={day}"),
    Page("model calls, failed", "admin", f"{CALLS}?ending=failed"),
    Page("model calls, cut short", "admin", f"{CALLS}?ending=truncated"),
    Page("model calls, running", "admin", f"{CALLS}?ending=running"),
    Page("model calls, by route", "admin", f"{CALLS}?route=complex"),
    Page("model calls, rare route", "admin", f"{CALLS}?route=long"),
    Page("model calls, by model", "admin", f"{CALLS}?model=claude-sonnet-5-5"),
    Page("model calls, unused model", "admin", f"{CALLS}?model=claude-3-5-haiku-20241022"),
    Page("model calls, retries", "admin", f"{CALLS}?cause__exact=retry"),
    Page("model calls, no such cause", "admin", f"{CALLS}?cause__exact=continuation"),
    Page("model calls, example", "admin", f"{CALLS}?purpose__exact=demo"),
    Page("model calls, words", "admin", f"{CALLS}?q=RateLimited"),
    Page("model calls, rare words", "admin", f"{CALLS}?q=zanzibar"),
    Page("model calls, oldest first", "admin", f"{CALLS}?o=1"),
    Page("one model call", "admin", CALLS + "{call}/change/"),
    Page("stored answers", "admin", "routing/storedanswer/"),
    Page("retention", "admin", "assistant/retentionpolicy/1/change/"),
    Page("routes", "admin", "routing/route/"),
    Page("models", "admin", "routing/cataloguemodel/"),
    Page("visitor data", "admin", "visitor-data/"),
)
