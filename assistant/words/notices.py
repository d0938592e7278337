"""The notices under a reply that did not simply complete, by the English sentence that code gives.

The order of a translation is that of TRANSLATED_INTO. A test walks the notices that there are.
"""

from collections.abc import Mapping
from typing import Final

TRANSLATED_INTO: Final = ("de", "fr", "es", "pt", "ja")

NOTICES: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "The answer could not be finished. Your question is kept; please try again.": (
        "Die Antwort konnte nicht fertiggestellt werden. Ihre Frage ist gespeichert; bitte versuchen Sie es "
        "noch einmal.",
        "La réponse n’a pas pu être terminée. Votre question est conservée\u202f; veuillez réessayer.",
        "La respuesta no se pudo terminar. Su pregunta se conserva; inténtelo de nuevo.",
        "Não foi possível terminar a resposta. A sua pergunta fica guardada; tente de novo.",
        "回答を最後まで作成できませんでした。ご質問は保存されています。もう一度お試しください。",
    ),
    "Stopped.": ("Angehalten.", "Arrêtée.", "Detenida.", "Interrompida.", "停止しました。"),
    "The answer was cut off here.": (
        "Die Antwort bricht hier ab.",
        "La réponse s’interrompt ici.",
        "La respuesta se cortó aquí.",
        "A resposta foi cortada aqui.",
        "回答はここで途切れました。",
    ),
    "The answer stopped while nobody was connected.": (
        "Die Antwort endete, während niemand verbunden war.",
        "La réponse s’est arrêtée alors que personne n’était connecté.",
        "La respuesta se detuvo cuando no había nadie conectado.",
        "A resposta parou enquanto ninguém estava ligado.",
        "接続が切れている間に回答が止まりました。",
    ),
    "This answer was withheld. Please ask in another way.": (
        "Diese Antwort wurde zurückgehalten. Bitte fragen Sie anders.",
        "Cette réponse a été retenue. Veuillez formuler autrement.",
        "Esta respuesta se ha retenido. Pregunte de otra manera.",
        "Esta resposta foi retida. Pergunte de outra forma.",
        "この回答は表示できません。別の聞き方でお試しください。",
    ),
    "The answer grew too long and was cut off here.": (
        "Die Antwort wurde zu lang und deshalb hier abgebrochen.",
        "La réponse est devenue trop longue et s’interrompt ici.",
        "La respuesta era demasiado larga y se cortó aquí.",
        "A resposta ficou demasiado longa e foi cortada aqui.",
        "回答が長くなりすぎたため、ここで打ち切りました。",
    ),
    "The assistant was restarted while it answered. Please try again.": (
        "Der Assistent wurde während der Antwort neu gestartet. Bitte versuchen Sie es noch einmal.",
        "L’assistant a redémarré pendant la réponse. Veuillez réessayer.",
        "El asistente se reinició mientras respondía. Inténtelo de nuevo.",
        "O assistente foi reiniciado durante a resposta. Tente de novo.",
        "回答中にアシスタントが再起動しました。もう一度お試しください。",
    ),
    "The answer was interrupted and then completed.": (
        "Die Antwort wurde unterbrochen und dann zu Ende geschrieben.",
        "La réponse a été interrompue puis terminée.",
        "La respuesta se interrumpió y después se completó.",
        "A resposta foi interrompida e depois concluída.",
        "回答が中断されましたが、その後最後まで作成されました。",
    ),
    "The answer was interrupted and then completed by another model.": (
        "Die Antwort wurde unterbrochen und dann von einem anderen Modell zu Ende geschrieben.",
        "La réponse a été interrompue puis terminée par un autre modèle.",
        "La respuesta se interrumpió y la terminó otro modelo.",
        "A resposta foi interrompida e depois terminada por outro modelo.",
        "回答が中断され、別のモデルが続きを作成しました。",
    ),
    "The assistant cannot answer just now. Please try again in a moment.": (
        "Der Assistent kann gerade nicht antworten. Bitte versuchen Sie es gleich noch einmal.",
        "L’assistant ne peut pas répondre pour l’instant. Veuillez réessayer dans un moment.",
        "El asistente no puede responder ahora. Inténtelo de nuevo en un momento.",
        "O assistente não pode responder agora. Tente de novo daqui a pouco.",
        "ただいま回答できません。しばらくしてからもう一度お試しください。",
    ),
    "The answer was cut off. You can try again.": (
        "Die Antwort wurde abgebrochen. Sie können es noch einmal versuchen.",
        "La réponse a été coupée. Vous pouvez réessayer.",
        "La respuesta se cortó. Puede intentarlo de nuevo.",
        "A resposta foi cortada. Pode tentar de novo.",
        "回答が途切れました。もう一度お試しいただけます。",
    ),
    "The assistant took too long to answer. Please try again.": (
        "Der Assistent hat zu lange gebraucht. Bitte versuchen Sie es noch einmal.",
        "L’assistant a mis trop de temps à répondre. Veuillez réessayer.",
        "El asistente tardó demasiado en responder. Inténtelo de nuevo.",
        "O assistente demorou demasiado a responder. Tente de novo.",
        "回答に時間がかかりすぎました。もう一度お試しください。",
    ),
    "The answer ran out of room. You can let it continue.": (
        "Der Platz für die Antwort hat nicht gereicht. Sie können sie fortsetzen lassen.",
        "La réponse manquait de place. Vous pouvez la faire continuer.",
        "La respuesta se quedó sin espacio. Puede pedir que continúe.",
        "Faltou espaço para a resposta. Pode pedir que continue.",
        "回答が収まりきりませんでした。続きを表示できます。",
    ),
    "The answer became too long and was stopped.": (
        "Die Antwort wurde zu lang und deshalb beendet.",
        "La réponse est devenue trop longue et a été arrêtée.",
        "La respuesta se hizo demasiado larga y se detuvo.",
        "A resposta ficou demasiado longa e foi interrompida.",
        "回答が長くなりすぎたため、停止しました。",
    ),
    "This message is too long for the assistant. Please send a shorter part of it.": (
        "Diese Nachricht ist für den Assistenten zu lang. Bitte schicken Sie einen kürzeren Teil davon.",
        "Ce message est trop long pour l’assistant. Envoyez-en une partie plus courte.",
        "Este mensaje es demasiado largo para el asistente. Envíe una parte más corta.",
        "Esta mensagem é demasiado longa para o assistente. Envie uma parte mais curta.",
        "メッセージが長すぎます。短くしてお送りください。",
    ),
    "The assistant has answered as much as it may for now. The help texts are still here for you.": (
        "Der Assistent hat vorerst so viel geantwortet, wie er darf. Die Hilfetexte stehen weiter bereit.",
        "L’assistant a répondu autant qu’il le peut pour l’instant. Les textes d’aide restent disponibles.",
        "Por ahora el asistente ya no puede responder más. Los textos de ayuda siguen disponibles.",
        "Por agora, o assistente já não pode responder mais. Os textos de ajuda continuam disponíveis.",
        "現在、回答できる量の上限に達しています。ヘルプの回答は引き続きご利用いただけます。",
    ),
    "The assistant may not answer this. If you think it should, ask it in other words or talk to a person.": (
        "Das darf der Assistent nicht beantworten. Wenn er es Ihrer Meinung nach sollte, fragen Sie mit "
        "anderen Worten oder "
        "sprechen Sie mit einem Menschen.",
        "L’assistant ne peut pas répondre à cela. Si vous pensez qu’il le devrait, reformulez ou parlez "
        "à une personne.",
        "El asistente no puede responder a esto. Si cree que debería, pregunte con otras palabras o "
        "hable con "
        "una persona.",
        "O assistente não pode responder a isto. Se acha que devia, pergunte por outras palavras ou "
        "fale com uma "
        "pessoa.",
        "この内容にはお答えできません。別の言い方でお尋ねいただくか、担当者にご相談ください。",
    ),
}


def in_language(notice: str, language: str) -> str:
    """Return one of our notices in a language; unchanged where it has no translation there."""
    found = NOTICES.get(notice)
    return found[TRANSLATED_INTO.index(language)] if found and language in TRANSLATED_INTO else notice
