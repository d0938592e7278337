"""An answer is found wanting by what stands in it and in its passages, never by asking its model."""

import pytest

from routing.evidence import Verdict, cannot_help, climbs, judge

NO_HELP = {
    "sandbox": "I could not find this in the help texts, so I will not guess.\n\nThe next step: ask a person "
    "at hello@larkfield.example, or tell me in other words what you want to do.",
    "sandbox in German": "Das konnte ich in den Hilfetexten nicht finden.\n\nAm schnellsten hilft ein "
    "Mensch: schreiben Sie an hello@larkfield.example.",
    "after an apology": "I’m sorry. The help texts don’t mention a tablet app. Please write to hello@x.",
    "refused": "I'm sorry, I can't help with that.",
    "no information": "Unfortunately I don't have any information about that.",
    "none in the texts": "There is nothing about that in our help articles.",
    "German": "Leider liegen mir dazu keine Informationen vor. Bitte wenden Sie sich an das Team.",
    "German texts": "In den **Hilfetexten** steht dazu nichts.",
    "French": "Je n'ai pas trouvé cela dans les textes d'aide. Écrivez à l'équipe.",
    "French refusal": "Désolé, je ne peux pas vous aider avec cela.",
    "Spanish": "No he podido encontrar esto en los textos de ayuda.",
    "Spanish texts": "Los artículos de ayuda no lo mencionan.",
    "Portuguese": "Não consegui encontrar isso nos textos de ajuda.",
    "Portuguese information": "Infelizmente não tenho informações sobre isso.",
    "Japanese": "申し訳ありませんが、ヘルプの中にその情報は見つかりませんでした。",
    "Japanese texts": "ヘルプには記載がありません。担当者にお問い合わせください。",
}
HELP = {
    "an open point": "Yes: open **Settings**, choose Calendar and press Print. The help texts do not say "
    "whether colours are printed.",
    "about the visitor": "You cannot find the button in the app; it is on the website under Settings, Team.",
    "a limit": "You can't cancel a booking that has started. Open it and mark it as a no-show.",
    "help after all": "I could not find a tablet app, but the website works on tablets. Open it there, "
    "open the menu in the upper right corner, choose the share symbol, choose add to home screen, give it a "
    "name such as Bookings, and confirm it with the button Done at the top. From then on it opens like an "
    "app, in full screen and with your sign-in kept.",
    "German": "Klicken Sie auf Einstellungen. Dort kann der Kunde nichts mehr ändern.",
    "French": "Vous ne pouvez pas annuler une réservation passée. Ouvrez le calendrier.",
    "Spanish": "No puedes cancelar una reserva pasada. Abre el calendario y márcala.",
    "Portuguese": "Não é possível cancelar depois da data. Abra o calendário.",
    "Japanese": "予約は管理画面からキャンセルできます。過去の予約はキャンセルできません。",
    "empty": "",
}


@pytest.mark.parametrize("answer", NO_HELP.values(), ids=NO_HELP.keys())
def test_an_answer_that_cannot_help_is_recognised(answer: str) -> None:
    assert cannot_help(answer)


@pytest.mark.parametrize("answer", HELP.values(), ids=HELP.keys())
def test_an_answer_that_helps_is_left_alone(answer: str) -> None:
    assert not cannot_help(answer)


@pytest.mark.parametrize(
    ("answer", "support", "needs", "kind"),
    [
        (HELP["a limit"], 0.5, 0.5, ""),
        (HELP["a limit"], 0.49, 0.5, "unsupported"),
        (HELP["a limit"], 0.0, 0.0, ""),  # the route asks for none
        (HELP["a limit"], None, 0.5, ""),  # nothing could be said
        (NO_HELP["refused"], 1.0, 0.5, "cannot_help"),
        (NO_HELP["refused"], 0.0, 0.5, "cannot_help"),  # the plainer reason of the two
    ],
)
def test_a_verdict_names_the_reason(answer: str, support: float | None, needs: float, kind: str) -> None:
    found = judge(answer, support, needs)
    assert (found.kind, found.support, found.needs, found.against) == (kind, support, needs, bool(kind))
    assert not Verdict().against


def test_only_a_higher_tier_is_a_step_up() -> None:
    assert climbs("lite", "heavy")
    assert climbs("none", "lite")
    assert not climbs("heavy", "heavy")
    assert not climbs("heavy", "lite")
