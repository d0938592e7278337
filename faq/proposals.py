"""Proposed phrasings: ordered, stored as they come in, and used for nothing before they are accepted."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from common.clock import now
from common.versions import raise_version
from faq import claims, neighbours, paraphrases, services
from faq.drafter import Call, Offer
from faq.engine_models import key_of
from faq.models import Entry, Phrasing, Proposal, ProposalRun, Work

FEW = 3  # below that an entry is rarely recognised
LOCK = "proposals"  # the counter whose row lock lets one order be taken at a time
EXPECTED_TOKENS = 120  # eight lines of ten words


class Refused(Exception):
    """Something cannot be done as asked; the message is for the person who asked."""


class Nearer(Refused):
    """A phrasing leads to another entry; staff may accept it all the same."""


# --- what is to be asked ----------------------------------------------------------------------------


def thin_entries() -> QuerySet[Entry]:
    """Return the answers with fewer than FEW phrasings, archived ones left out."""
    return (
        Entry.objects.filter(kind=Entry.Kind.ANSWER)
        .exclude(status=Entry.Status.ARCHIVED)
        .annotate(held=Count("phrasings", distinct=True))
        .filter(held__lt=FEW)
        .order_by("category", "question")
    )


def to_ask() -> QuerySet[Entry]:
    """Return the thin entries that nobody has to decide about first, nor a run is at."""
    decided = thin_entries().exclude(proposals__state__in=Proposal.WAITING)
    return decided.exclude(proposal_runs__state__in=Work.OPEN)


def call_for(entry: Entry) -> Call:
    """Return the prompt that asks for other ways to put an entry's question."""
    known = entry.phrasings.all()
    return Call(
        paraphrases.system_prompt(entry.language),
        paraphrases.user_prompt(entry.question, entry.answer, [each.text for each in known]),
        paraphrases.OUTPUT_TOKENS,
        EXPECTED_TOKENS,
    )


def known_texts(entry: Entry) -> list[str]:
    """Return every text that may not be proposed again, those that staff rejected included."""
    held = [each.text for each in entry.phrasings.all()]
    return [entry.question, *held, *entry.proposals.values_list("text", flat=True)]


# --- orders -----------------------------------------------------------------------------------------


@transaction.atomic
def order(entries: Sequence[Entry], scope: str, who: str, offer: Offer) -> ProposalRun:
    """Store an order for proposals. Raises Refused when nothing is to do or a run is at it already."""
    raise_version(LOCK)
    if offer.problem:
        raise Refused(offer.problem)
    if not entries:
        raise Refused("Every entry has enough phrasings, or proposals that wait for you.")
    single = entries[0] if scope == ProposalRun.Scope.ENTRY else None
    busy = _at_work(single)
    if busy is not None:
        raise Refused(busy)
    return ProposalRun.objects.create(
        scope=scope,
        entry=single,
        left=[entry.pk for entry in entries],
        wanted=len(entries),
        created_by=who[:150],
        estimate_pico=offer.about_pico,
        model=offer.model,
    )


def _at_work(entry: Entry | None) -> str | None:
    """Return why an order has to wait for another one, None when it need not."""
    runs = ProposalRun.objects.filter(state__in=Work.OPEN)
    if entry is None:
        taken = runs.filter(scope=ProposalRun.Scope.FEW).exists()
        return "Phrasings are being proposed already; this page shows how far it is." if taken else None
    if runs.filter(entry=entry).exists():
        return "Phrasings are being proposed for this entry already."
    whole = runs.filter(scope=ProposalRun.Scope.FEW).first()
    if whole is not None and entry.pk in whole.left:
        return "A run over all entries is under way and has yet to come to this one."
    return None


def newest(entry: Entry | None) -> ProposalRun | None:
    """Return the last run for an entry, or over all entries."""
    scope = ProposalRun.Scope.ENTRY if entry else ProposalRun.Scope.FEW
    return ProposalRun.objects.filter(scope=scope, entry=entry).first()


def next_entry(run: ProposalRun) -> Entry | None:
    """Return the entry that a run has to ask about next; None at its end. Vanished ones are passed over."""
    rows = Entry.objects.prefetch_related("phrasings").in_bulk(run.left[:50])
    return next((rows[pk] for pk in run.left if pk in rows), None)


def store(
    run: ProposalRun, holder: str, entry: Entry, lines: Sequence[str], model: str, cost_pico: int | None
) -> bool:
    """Store an entry's proposals with the step of the run; False, storing nothing, when it was taken away."""
    found = [_judged(run, entry, line) for line in lines]
    left = run.left[run.left.index(entry.pk) + 1 :]
    with transaction.atomic():
        ours = claims.change(
            run,
            holder,
            left=left,
            done=run.wanted - len(left),
            proposed=F("proposed") + len(found),
            skipped=F("skipped") + int(not found),
            model=model[:120],
            cost_pico=cost_pico,
            moved_at=now(),
        )
        if ours and Entry.objects.filter(pk=entry.pk).exists():
            Proposal.objects.bulk_create(found, ignore_conflicts=True)
    run.left = left
    return ours


def _judged(run: ProposalRun, entry: Entry, text: str) -> Proposal:
    verdict = neighbours.verdict(entry, text)
    return Proposal(
        entry=entry,
        run=run,
        text=text,
        normalised=key_of(text),
        state=Proposal.State.CONFLICT if verdict.conflict else Proposal.State.OPEN,
        rival_id=int(verdict.rival_id) if verdict.conflict else None,
        confidence=verdict.confidence,
    )


# --- decisions --------------------------------------------------------------------------------------


def waiting(entry: Entry | None = None) -> QuerySet[Proposal]:
    """Return the proposals that wait for a decision, by entry, in the order they were made."""
    rows = Proposal.objects.filter(state__in=Proposal.WAITING).exclude(entry__status=Entry.Status.ARCHIVED)
    rows = rows.filter(entry=entry) if entry else rows
    return rows.select_related("entry", "rival").order_by(
        "entry__category", "entry__question", "entry_id", "pk"
    )


def first_waiting(entry: Entry | None, most: int) -> list[int]:
    """Return the first `most` entries with proposals that wait, in the order of `waiting`."""
    if entry is not None:
        return [entry.pk]
    ordered = waiting().values_list("entry__category", "entry__question", "entry_id")
    rows = ordered.order_by("entry__category", "entry__question", "entry_id").distinct()[:most]
    return [pk for _, _, pk in rows]


def accept(proposal: Proposal, who: str, anyway: bool = False) -> Phrasing | None:
    """Make a proposal a phrasing of its entry; None when it already is one.

    Raises Nearer when it leads to another entry (unless `anyway`), Refused when that entry already has
    it or somebody has rejected the proposal meanwhile. The proposal then stands as a conflict.
    """
    if proposal.state == Proposal.State.ACCEPTED:
        return None
    if proposal.state == Proposal.State.REJECTED:
        raise Refused("This proposal was rejected meanwhile.")
    # Outside of the transaction: the matcher may have to be built.
    verdict = neighbours.verdict(proposal.entry, proposal.text)
    rival = Entry.objects.filter(pk=int(verdict.rival_id)).first() if verdict.conflict else None
    if rival is not None and not anyway:
        _contest(proposal, rival, verdict.confidence)
        raise Nearer(_nearer(rival, verdict.confidence, verdict.exact))
    try:
        with transaction.atomic():
            return _accept(proposal, who)
    except ValidationError as error:
        owners = services.conflicts(proposal.entry, [proposal.text])
        if owners:
            _contest(proposal, owners[0].owner, 1.0)
        raise Refused(" ".join(error.messages)) from error


def _accept(proposal: Proposal, who: str) -> Phrasing | None:
    phrasing = services.add_phrasing(proposal.entry, proposal.text)
    _decide(Proposal.objects.filter(pk=proposal.pk), Proposal.State.ACCEPTED, who, now())
    return phrasing


def _contest(proposal: Proposal, rival: Entry, confidence: float) -> None:
    rows = Proposal.objects.filter(pk=proposal.pk, state__in=Proposal.WAITING)
    rows.update(state=Proposal.State.CONFLICT, rival=rival, confidence=confidence)


def _nearer(rival: Entry, confidence: float, exact: bool) -> str:
    if exact:
        return f"This is a phrasing of “{rival.question}” already."
    return f"The matcher finds “{rival.question}” nearer ({confidence:.0%} sure). Nothing was added."


def reject(proposal: Proposal, who: str) -> None:
    """Reject a proposal; it is not proposed again. Raises Refused when it was accepted meanwhile."""
    _decide(Proposal.objects.filter(pk=proposal.pk), Proposal.State.REJECTED, who, now())
    proposal.refresh_from_db()
    if proposal.state == Proposal.State.ACCEPTED:
        raise Refused("This proposal was accepted meanwhile; remove the phrasing in the entry's form.")


def _decide(rows: QuerySet[Proposal], state: str, who: str, at: datetime) -> None:
    rows.filter(Q(state__in=Proposal.WAITING)).update(state=state, decided_by=who[:150], decided_at=at)


def accept_all(proposals: Iterable[Proposal], who: str) -> tuple[int, list[str]]:
    """Accept those without a conflict; return how many were, and what each other one met."""
    done, problems = 0, []
    for proposal in proposals:
        try:
            accept(proposal, who)
        except Refused as problem:
            problems.append(f"“{proposal.text}”: {problem}")
        else:
            done += 1
    return done, problems
