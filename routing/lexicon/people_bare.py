"""Messages that name a human and nothing else ("einen Mitarbeiter bitte"), and forms near to that.

Patterns on folded sentences between `|`. English names stand in `people`, where they began.
"""

from routing.lexicon.text import Reading, fold, word_set

_ALONE = (
    # German
    r"(?:bitte |einen? |nen |ein |den |mal ){0,3}(?:mensch(?:en)?|mitarbeiter(?:in)?|ansprechpartner(?:in)?|"
    r"berater(?:in)?|sachbearbeiter(?:in)?|kunden(?:service|dienst|betreuung|support|berater))"
    r"(?: bitte| jetzt| sprechen){0,3}",
    # French
    r"(?:un |une |le |la |vrai |vraie ){0,3}(?:humaine?|conseillere?|agent|operateur|operatrice|"
    r"interlocuteur|service client)(?: humain)?(?: sil vous plait| sil te plait| svp| stp| maintenant){0,2}",
    # Spanish and Portuguese
    r"(?:por favor |un |una |um |uma ){0,2}(?:human[oa]|agente|asesora?|representante|operadora?|persona|"
    r"pessoa|atendente|atendimento|atencion al cliente|servicio al cliente)"
    r"(?: humano| real)?(?: por favor| porfa| pfv| ahora| ya| agora| ja){0,2}",
)
_HUMAN_DE = (
    r"(?:mensch(?:en)?|mitarbeiter\w{0,3}|ansprechpartner\w{0,3}|berater\w{0,3}|vorgesetzten?|kollegen)"
)
# What a visitor calls whoever is on duty; 人 alone is left out, as "2人お願いします" books for two.
_DUTY_JA = r"(?:人間|担当者|担当の方|オペレーター?|スタッフ|係の人|係の方|責任者)"

PERSON_BARE = (
    rf"\| (?:{'|'.join(_ALONE)}) \|",
    r"(?:is there|isnt there|do you have) (?:an? |any |some)?(?:real |actual |live )?(?:person|human|agent|"
    r"one|body) (?:here |there )?(?:that |who |whom )?(?:i|we) (?:can|could|may) (?:talk|speak|chat|write|"
    r"call)\b",
    r"gibt es (?:hier |da |bei (?:ihnen|euch) )?(?:ein(?:en|e)?|nen) "
    rf"(?:echten? |richtigen? )?{_HUMAN_DE}(?: \||,? (?:mit|den|die|der) )",
    rf"(?:ein(?:en|e|er)?|nen|ihren?|euren?) {_HUMAN_DE} (?:sprechen|erreichen)\b",
    r"(?:hablar|comunicar\w{0,3}|contactar) (?:con )?(?:la |el |su )?(?:atencion|servicio) al cliente",
    r"\| (?:por favor )?me (?:liga|ligue|liguem|telefona|telefone)(?: por favor)?(?: \||agora)",
    fold(rf"\| {_DUTY_JA}(?:に|を|の)?(?:お願い(?:します|できますか|したいです)?|希望(?:です|します)?)? \|"),
    fold(r"人間(?:の|による)(?:サポート|対応|担当者?)(?:を|が|に|お願い|希望)"),
)

# After thanks we ask "Did that solve it?", and people type their answer as often as they press it.
_YES = word_set(fold("yes yep yeah ja oui si sim はい"))
_NO = word_set(fold("no nope nein non não いいえ"))


def answers_solved(reading: Reading) -> str:
    """Return yes or no when the message is that one word, else ""."""
    word = reading.words[0] if len(reading.words) == 1 else ""
    return "yes" if word in _YES else "no" if word in _NO else ""
