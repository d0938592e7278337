"""What the desk writes into a conversation around a live chat with a person, in every language of the page.

Pure. Stored as messages in the visitor's language, so that every tab, the team and a transcript have them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from assistant.languages import DEFAULT


@dataclass(frozen=True)
class LiveWords:
    """Whole sentences; {name} is a first name, {email} a masked address, {by} a moment in words."""

    asked: str
    offered: str
    joined: str
    joined_by: str  # {name}
    released: str
    back: str
    back_yourself: str
    closed: str
    nobody: str
    lost: str
    left: str
    nobody_there: str
    ask_below: str
    rate_first: str


LIVE: Final[Mapping[str, LiveWords]] = {
    "en": LiveWords(
        asked="The team has been told that you would like to talk to a person. You can go on with the "
        "assistant "
        "meanwhile.",
        offered="Somebody from the team has time for you now.",
        joined="Somebody from the team is here now and reads along. The assistant is silent meanwhile.",
        joined_by="{name} from the team is here now and reads along. The assistant is silent meanwhile.",
        released="Whoever was here has passed you on to a colleague, who comes as soon as "
        "possible. The assistant answers meanwhile.",
        back="The team has handed back. The assistant answers again.",
        back_yourself="The chat with the team has ended. The assistant answers again.",
        closed="The chat with the team has ended. If you write again, the assistant answers.",
        nobody="Nobody from the team could come in time. We are sorry. What you wrote is kept.",
        lost="The person from the team had to leave. We are sorry. What you wrote is kept.",
        left="The chat with the team was closed because nobody was here any more.",
        nobody_there="Nobody from the team is here right now. Leave your e-mail address, and they answer "
        "there.",
        ask_below="Somebody from the team is there now: ask for them below, and they come into this chat.",
        rate_first="Only a conversation with the team can be rated.",
    ),
    "de": LiveWords(
        asked="Das Team weiß, dass Sie mit einem Menschen sprechen möchten. Sie können solange mit dem "
        "Assistenten "
        "weitermachen.",
        offered="Jemand aus dem Team hat jetzt Zeit für Sie.",
        joined="Jemand aus dem Team ist jetzt hier und liest mit. Solange antwortet der Assistent nicht.",
        joined_by="{name} aus dem Team ist jetzt hier und liest mit. Solange antwortet der Assistent nicht.",
        released="Jemand anderes aus dem Team übernimmt und kommt so bald wie möglich. "
        "Solange antwortet der Assistent.",
        back="Das Team hat das Gespräch zurückgegeben. Der Assistent antwortet wieder.",
        back_yourself="Der Chat mit dem Team ist beendet. Der Assistent antwortet wieder.",
        closed="Der Chat mit dem Team ist beendet. Wenn Sie wieder schreiben, antwortet der Assistent.",
        nobody="Aus dem Team konnte niemand rechtzeitig kommen. Das tut uns leid. Was Sie geschrieben "
        "haben, ist "
        "gespeichert.",
        lost="Die Person aus dem Team musste gehen. Das tut uns leid. Was Sie geschrieben haben, ist "
        "gespeichert.",
        left="Der Chat mit dem Team wurde geschlossen, weil niemand mehr hier war.",
        nobody_there="Gerade ist niemand aus dem Team hier. Hinterlassen Sie Ihre E-Mail-Adresse; das Team "
        "antwortet "
        "dorthin.",
        ask_below="Gerade ist jemand aus dem Team da: Fragen Sie unten an, dann kommt jemand in diesen Chat.",
        rate_first="Nur ein Gespräch mit dem Team kann bewertet werden.",
    ),
    "fr": LiveWords(
        asked="L’équipe sait que vous souhaitez parler à une personne. Vous pouvez continuer avec "
        "l’assistant en "
        "attendant.",
        offered="Quelqu’un de l’équipe est disponible pour vous maintenant.",
        joined="Quelqu’un de l’équipe est là et lit la conversation. L’assistant ne répond pas pendant "
        "ce temps.",
        joined_by="{name}, de l’équipe, est là et lit la conversation. L’assistant ne répond pas "
        "pendant ce temps.",
        released="Votre conversation a été confiée à une autre personne de l’équipe, qui arrive "
        "dès que possible. L’assistant répond en attendant.",
        back="L’équipe a terminé. L’assistant répond de nouveau.",
        back_yourself="La discussion avec l’équipe est terminée. L’assistant répond de nouveau.",
        closed="La discussion avec l’équipe est terminée. Si vous écrivez de nouveau, l’assistant répond.",
        nobody="Personne de l’équipe n’a pu venir à temps. Nous en sommes désolés. Ce que vous avez écrit "
        "est conservé.",
        lost="La personne de l’équipe a dû partir. Nous en sommes désolés. Ce que vous avez écrit est "
        "conservé.",
        left="La discussion avec l’équipe a été fermée parce que plus personne n’était là.",
        nobody_there="Personne de l’équipe n’est là pour le moment. Laissez votre adresse e-mail\u00a0: "
        "l’équipe "
        "vous y "
        "répondra.",
        ask_below="Quelqu’un de l’équipe est là en ce moment\u00a0: demandez ci-dessous, et cette personne "
        "rejoint ce chat.",
        rate_first="Seule une conversation avec l’équipe peut être évaluée.",
    ),
    "es": LiveWords(
        asked="El equipo sabe que desea hablar con una persona. Mientras tanto puede seguir con el "
        "asistente.",
        offered="Alguien del equipo tiene tiempo para usted ahora.",
        joined="Alguien del equipo ya está aquí y lee la conversación. El asistente no responde "
        "mientras tanto.",
        joined_by="{name}, del equipo, ya está aquí y lee la conversación. El asistente no responde "
        "mientras tanto.",
        released="Su conversación ha pasado a otra persona del equipo, que vendrá lo antes "
        "posible. Mientras tanto responde el asistente.",
        back="El equipo ha devuelto la conversación. El asistente vuelve a responder.",
        back_yourself="El chat con el equipo ha terminado. El asistente vuelve a responder.",
        closed="El chat con el equipo ha terminado. Si escribe de nuevo, responde el asistente.",
        nobody="Nadie del equipo pudo venir a tiempo. Lo sentimos. Lo que escribió se conserva.",
        lost="La persona del equipo tuvo que irse. Lo sentimos. Lo que escribió se conserva.",
        left="El chat con el equipo se cerró porque ya no había nadie.",
        nobody_there="Ahora mismo no hay nadie del equipo. Deje su dirección de correo electrónico y le "
        "responderán allí.",
        ask_below="Ahora mismo hay alguien del equipo: pídalo abajo y vendrá a este chat.",
        rate_first="Solo se puede valorar una conversación con el equipo.",
    ),
    "pt": LiveWords(
        asked="A equipa sabe que quer falar com uma pessoa. Entretanto, pode continuar com o assistente.",
        offered="Alguém da equipa tem tempo para si agora.",
        joined="Alguém da equipa já está aqui e lê a conversa. Entretanto, o assistente fica em silêncio.",
        joined_by="{name}, da equipa, já está aqui e lê a conversa. Entretanto, o assistente fica em "
        "silêncio.",
        released="A sua conversa passou para outra pessoa da equipa, que virá assim que possível. "
        "Entretanto, responde o assistente.",
        back="A equipa devolveu a conversa. O assistente volta a responder.",
        back_yourself="A conversa com a equipa terminou. O assistente volta a responder.",
        closed="A conversa com a equipa terminou. Se escrever de novo, responde o assistente.",
        nobody="Ninguém da equipa pôde vir a tempo. Lamentamos. O que escreveu fica guardado.",
        lost="A pessoa da equipa teve de sair. Lamentamos. O que escreveu fica guardado.",
        left="A conversa com a equipa foi fechada porque já não estava ninguém.",
        nobody_there="Neste momento não está ninguém da equipa. Deixe o seu endereço de e-mail e respondem "
        "para lá.",
        ask_below="Neste momento está alguém da equipa: peça abaixo e essa pessoa vem a esta conversa.",
        rate_first="Só uma conversa com a equipa pode ser avaliada.",
    ),
    "ja": LiveWords(
        asked="担当者と話したいというご希望をチームに伝えました。その間もアシスタントをご利用いただけます。",
        offered="チームの担当者が今対応できます。",
        joined="チームの担当者が入りました。その間アシスタントは応答しません。",
        joined_by="チームの{name}が入りました。その間アシスタントは応答しません。",
        released="担当がチームの別の者に代わりました。できるだけ早く参りますので、それまではアシスタントがお答えします。",
        back="チームからアシスタントに戻りました。アシスタントが再びお答えします。",
        back_yourself="チームとのチャットは終了しました。アシスタントが再びお答えします。",
        closed="チームとのチャットは終了しました。続けて書き込むとアシスタントがお答えします。",
        nobody="時間内に対応できる担当者がいませんでした。申し訳ありません。ご入力の内容は保存されています。",
        lost="担当者が席を離れました。申し訳ありません。ご入力の内容は保存されています。",
        left="どなたもいらっしゃらなかったため、チームとのチャットを終了しました。",
        nobody_there="現在チームの担当者がいません。メールアドレスを残していただければ、そちらへお返事します。",
        ask_below="現在チームの担当者がおります。下からお申し込みいただくと、このチャットに参加します。",
        rate_first="評価できるのはチームとの会話だけです。",
    ),
}


def live_words(language: str) -> LiveWords:
    """Return the sentences in a language, in English for one that they do not exist in."""
    return LIVE.get(language) or LIVE[DEFAULT]
