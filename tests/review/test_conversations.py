"""From a question in the queue to the conversation it was asked in, and to who judged it."""

from django.urls import reverse

from assistant.models import Turn
from faq import judging
from faq.judging import Verb
from faq.models import AskedQuestion
from tests.admin.conftest import SignIn, seeded, sign_in  # noqa: F401 - fixtures
from tests.admin.pages import make_conversation, text_of


def test_a_question_leads_to_its_transcript_and_says_who_judged_it(sign_in: SignIn) -> None:  # noqa: F811
    conversation = make_conversation("Where do bills live?")
    turn = Turn.objects.get(conversation=conversation)
    asked = AskedQuestion.objects.create(uuid=turn.pk, text=turn.text, normalised="where do bills live")
    support = sign_in("support")
    answer = support.get(reverse("admin:turn", args=[turn.pk]))
    assert answer.status_code == 302
    assert reverse("admin:assistant_conversation_change", args=[conversation.pk]) in answer["Location"]
    assert sign_in("manager").get(reverse("admin:turn", args=[turn.pk])).status_code == 403

    page = reverse("admin:faq_askedquestion_change", args=[asked.pk])
    assert "not yet" in text_of(support.get(page))
    judging.decide([asked.pk], Verb.WRONG, "anna")
    assert "judged by anna, " in text_of(support.get(page))
