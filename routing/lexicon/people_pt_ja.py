"""Portuguese and Japanese words by which people greet, thank, or ask for a human.

Japanese sets no spaces, so its patterns find their words anywhere in a sentence. Everything is folded as
messages are (`fold` takes accents and dakuten off), so it can be written here as people write it.
"""

from routing.lexicon.text import fold, word_set

_W = r"(?:[\w.]{1,24} )"

SMALL_TALK = {
    "bye": word_set(fold("tchau adeus さようなら さよなら ではまた 失礼します バイバイ")),
    "thanks": word_set(
        fold(
            "valeu agradeço agradecido agradecida brigado ありがとう ありがとうございます "
            "ありがとうございました どうもありがとう どうもありがとうございます どうも "
            "助かりました 感謝します サンキュー"
        )
    ),
    "greeting": word_set(
        fold("olá oi こんにちは こんばんは おはよう おはようございます もしもし やあ はじめまして")
    ),
    "ok": word_set(
        fold(
            "certo entendi beleza 了解 了解です 了解しました わかりました 分かりました 承知しました オッケー"
        )
    ),
}
PHRASES = (
    ("ate logo", "bye"),
    ("ate mais", "bye"),
    ("ate breve", "bye"),
    ("bom dia", "greeting"),
    ("boa tarde", "greeting"),
    ("boa noite", "greeting"),
    ("tudo bem", "greeting"),
    ("esta bem", "ok"),
    ("ta bom", "ok"),
)
FILLERS = word_set("pela pelo ajuda voce por muito muita mesmo tudo foi e")

_PT_HUMAN = (
    r"(?:pessoas?|alguem|atendentes?|humanos?|operadora?|agentes?|assistente humano|suporte|gerente|"
    r"funcionari[oa]|colaboradora?|voces|equipe|equipa)"
)
PERSON_PT = (
    rf"(?:falar|conversar|comunicar|falo|tratar) (?:diretamente |directamente )?com {_W}{{0,3}}{_PT_HUMAN}\b",
    rf"(?:passe|passa|passem|transfira|transfere|encaminhe|ligue|conecte|ponha) (?:me )?(?:para|a|ao|com|em "
    rf"contato com|em contacto com) {_W}{{0,3}}{_PT_HUMAN}\b",
    r"(?:quero|queria|preciso|gostaria|prefiro) (?:de )?(?:um|uma) "
    r"(?:humano|pessoa|atendente|agente|operadora?)"
    r"(?: \||$| real| de verdade| por favor| para me| que me| ja| agora)",
    r"atendimento humano|atendente humano|(?:pessoa|atendente|humano) (?:real|de verdade)",
    r"(?:podem|pode|poderiam|poderia) (?:por favor )?(?:ligar me|me ligar|telefonar me|me telefonar|"
    r"contactar me|me contactar|me contatar)\b",
    r"\| (?:por favor )?(?:ligue|liguem|telefonem|telefone|contactem|contatem) (?:me|para mim)\b",
    r"nao quero (?:falar com |conversar com )?(?:um |o )?(?:robo|bot|maquina|chatbot)\b",
)

_JA_HUMAN = (
    # "2人をお願いします" and "大人" count people.
    r"(?:人間|(?<![0-9一二三四五六七八九十何数大新成])人|担当者|担当の方|担当|オペレーター?|スタッフ|サポートの方|誰か|係の人|係の方|責任者)"
    r"(?:の方|さん)?"
)
PERSON_JA = tuple(
    fold(pattern)
    for pattern in (
        rf"{_JA_HUMAN}(?:と|に|へ)(?:直接|電話で)?(?:話し?たい|話せ|話がしたい|話をしたい|お話し?したい|お話し?でき|"
        r"相談したい|相談でき|つない|つなげ|繋い|繋げ|代わ|替わ|変わ|かわって|連絡したい|連絡を取りたい|連絡をとりたい|"
        r"対応して|対応をお願い|問い合わせたい|お願い)",
        rf"{_JA_HUMAN}(?:を呼んで|を出して|をお願い)",
        r"有人(?:対応|サポート|チャット|窓口)",
        r"(?:私に|こちらに|折り返し)?(?:お)?電話(?:を)?(?:してほしい|して欲しい|してください|して下さい|をください|ください|がほしい)",
        r"折り返し(?:の)?(?:ご)?(?:連絡|電話)",
        r"(?:ロボット|ボット|機械|ai)(?:では|じゃ)(?:なく|ない)",
    )
)
