"""The guard in the admin: stops the publishing of an answer once, with what it would clash with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from common.clock import ticks
from common.text import clean
from faq import guarding, services
from faq.admin.base import ModelAdmin
from faq.guard import Entry as Seen
from faq.guard import Finding, Kind
from faq.models import Entry

PUBLISH = "faq_entry_save_and_publish"  # the name that Unfold gives the button of the submit line
CONSENT = "publish_anyway"
LOOKING_S = 6.0  # at the entries that are published together; a page that takes longer looks broken
LACKING_SHOWN = 4


@dataclass(frozen=True)
class Told:
    """A finding as a page tells it."""

    look: str
    title: str
    question: str
    url: str
    number: str
    draft: bool
    finding: Finding
    what: str
    advice: str


@dataclass(frozen=True)
class Checked:
    """What an answer would clash with, and whether a person wants it published all the same."""

    told: tuple[Told, ...]
    consent: str
    consented: bool

    @property
    def stops(self) -> bool:
        """Return whether the person has to decide first."""
        return bool(self.told) and not self.consented

    @property
    def reason(self) -> str:
        """Return what the history keeps of the decision, "" without one."""
        return guarding.reason(each.finding for each in self.told) if self.told and self.consented else ""


def checked(findings: Sequence[Finding], given: str) -> Checked:
    """Return findings as a page tells them; `given` is what the person has consented to before."""
    return Checked(
        tuple(_told(each) for each in findings),
        guarding.consent(findings),
        bool(findings) and guarding.consented(findings, given),
    )


def of_form(post: QueryDict, entry: Entry | None) -> Checked | None:
    """Return what the posted form would clash with, None when it publishes no answer."""
    publishes = PUBLISH in post or post.get("status") == Entry.Status.PUBLISHED
    if not publishes or post.get("kind") != Entry.Kind.ANSWER or not post.get("question", "").strip():
        return None
    texts = [_line(str(post["question"]))]
    for row in range(_rows(post)):
        text = _line(post.get(f"phrasings-{row}-text", ""))
        if text and not post.get(f"phrasings-{row}-DELETE"):
            texts.append(text)
    mine = Seen(str(entry.pk) if entry else "", tuple(dict.fromkeys(texts)), clean(post.get("answer", "")))
    found = guarding.fresh(mine, post.get("language", "").strip().lower())
    return checked(found, post.get(CONSENT, ""))


def _rows(post: QueryDict) -> int:
    number = post.get("phrasings-TOTAL_FORMS", "")
    return min(int(number), 1000) if number.isdecimal() else 0


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _told(finding: Finding) -> Told:
    titles = {
        Kind.CONTRADICTION: ("bad", "Contradicts"),
        Kind.NEAR: ("warn", "Asks nearly the same as"),
        Kind.OPPOSITE: ("info", "Differs by one thing from"),
    }
    look, title = titles[finding.kind]
    if finding.negated:
        title = "Asks the opposite of"
    what, advice = _words(finding)
    url = reverse("admin:faq_entry_change", args=[finding.other.id])
    other = finding.other
    return Told(look, title, other.question, url, other.id, not other.published, finding, what, advice)


def _words(finding: Finding) -> tuple[str, str]:
    if finding.kind == Kind.OPPOSITE:
        return _apart(finding)
    taken = (
        f"{finding.taken} of its ways to ask would be answered by that entry. "
        if finding.taken
        else "The words that count are the same. "
    )
    if finding.kind == Kind.CONTRADICTION:
        return (
            taken,
            "Visitors get one of the two answers by chance. Find out which one is true, and mend the other.",
        )
    return taken, "Make one entry of the two, or let the phrasings of each say what it is about."


def _apart(finding: Finding) -> tuple[str, str]:
    if finding.negated:
        what = "One question is negated and the other is not. Both may stand."
        keep = "Keep the difference in every phrasing"
    else:
        mine, theirs = finding.apart
        what = f"Only “{mine}” here and “{theirs}” there separate the two. Both may stand."
        keep = f"Let every phrasing hold “{mine}” or something else that only fits here"
    lacking = ", ".join(f"“{text}”" for text in finding.lacking[:LACKING_SHOWN])
    more = len(finding.lacking) - LACKING_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    return what, f"{keep}; these do not: {lacking}{rest}." if lacking else f"{keep}, as they all do now."


# --- many at once -----------------------------------------------------------------------------------


def hold_back(
    request: HttpRequest, entries: Iterable[Entry]
) -> tuple[list[Entry], list[tuple[Entry, Checked]]]:
    """Return which entries may be published now, and which a person has to decide about first.

    What could not be looked at in LOOKING_S is in neither list, and the person is told.
    """
    clear: list[Entry] = []
    held: list[tuple[Entry, Checked]] = []
    ends, unseen = ticks() + LOOKING_S, 0
    for entry in entries:
        texts = [entry.question, *(each.text for each in entry.phrasings.all())]
        if entry.status == Entry.Status.PUBLISHED or services.conflicts(entry, texts):
            clear.append(entry)  # the second is refused with its reason
        elif ticks() > ends:
            unseen += 1
        else:
            found = checked(guarding.fresh_of(entry), request.POST.get(f"{CONSENT}-{entry.pk}", ""))
            entry._change_reason = found.reason or None  # type: ignore[attr-defined]
            if found.stops:
                held.append((entry, found))
            else:
                clear.append(entry)
    if unseen:
        messages.warning(
            request, f"{unseen} were left as they are, since comparing so many takes long. Publish them next."
        )
    return clear, held


def ask(page: ModelAdmin[Entry], request: HttpRequest, held: list[tuple[Entry, Checked]]) -> HttpResponse:
    """Ask about the entries that were held back."""
    return TemplateResponse(
        request,
        "faq/publish_held.html",
        {
            **page.admin_site.each_context(request),
            "title": "Publish all the same?",
            "opts": Entry._meta,
            "held": held,
            "consent_name": CONSENT,
            "list_url": request.get_full_path(),
        },
    )
