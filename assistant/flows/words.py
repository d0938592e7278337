"""The questions of a flow as the FAQ's form for a new entry takes them over; the settings name this."""

from assistant.flow_models import Flow
from assistant.flows.shown import asked_texts


def wordings(pk: str) -> list[str]:
    """Return the questions of a flow, the most central one first; none when it or they are gone."""
    flow = Flow.objects.filter(pk=int(pk)).first() if pk.isdecimal() else None
    if flow is None:
        return []
    examples = list(flow.examples.all())
    live = asked_texts(examples)
    texts = (live.get(each.asked, "") if each.asked else each.text for each in examples)
    return [text for text in texts if text]
