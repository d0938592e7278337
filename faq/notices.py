"""What staff should know about the matcher as a whole, for the first page and the list of entries."""

from dataclasses import dataclass

from faq import calibrating, calibration_state, index, reviewed
from faq.engine_models import Calibration as Stored
from faq.engine_models import FaqSettings
from faq.models import AskedQuestion
from faq.refitting import LEAST_REVIEWED

READ = 1_000  # judged messages: enough to hold LEAST_REVIEWED different ones, and quick to read


@dataclass(frozen=True)
class Notice:
    """One thing to know: a few words for a card, and a sentence."""

    title: str
    figure: str
    text: str
    icon: str
    kind: str


def notices() -> list[Notice]:
    """Return what stands against the matcher now, what matters most first. Some queries, no ranking."""
    found = []
    if calibrating.mode() == FaqSettings.Mode.SHADOW:
        text = "Shadow mode: the FAQ scores every question and answers none."
        found.append(Notice("FAQ only watches", "Shadow", text, "visibility", "warn"))
    if why := why_lexical():
        text = f"The matcher works by words alone, so fewer questions are recognised. {why}"
        found.append(Notice("Semantic half missing", "Words only", text, "translate", "warn"))
    if ready := ready_languages():
        names = " and ".join(calibration_state.name_of(code) for code in ready)
        text = f"Enough questions are reviewed for a calibration of {names} that has not been made."
        found.append(Notice("Ready to calibrate", names, text, "target", "info"))
    return found


def why_lexical() -> str:
    """Return why the matcher works by words alone and what to do about it, "" when it does not."""
    index.current()  # loads the FAQ where this process has not yet
    state = index.state()
    return state.why_lexical if state else ""


def ready_languages() -> list[str]:
    """Return the languages that could have a calibration of their own and for which none was made."""
    judged = AskedQuestion.objects.filter(purpose="visitor").exclude(label="")
    if judged.count() < LEAST_REVIEWED:
        return []  # spares reading them on every desk that is new
    half = calibration_state.semantic()
    made = {row.language for row in Stored.objects.all() if not calibrating.unfit(row, half)}
    return [
        code
        for code, found in reviewed.reviewed(READ).items()
        if code not in made and len(found.questions) >= LEAST_REVIEWED
    ]
