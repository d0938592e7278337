"""The sandbox's own texts, in each language the same ones: what stands around sentences of the help texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Wording:
    """The texts of one language; `example` is for a help text in another one, which is quoted as it is."""

    in_short: str
    see_also: str
    example: str
    entries_read: str
    lines_read: str
    read: str
    told: str
    points: str
    see: str
    silent: str
    closing: str
    not_found: str
    not_found_in: str
    from_texts: str
    before_live: str
    checks: str
    fetches: str
    fresh: str
    one_line: str
    some_lines: str
    begins: str
    review: str
    draft: str


WORDINGS: Final[Mapping[str, Wording]] = {
    "en": Wording(
        in_short="**In short:**",
        see_also="See also **{title}**: {text}",
        example="This is an example answer, as the sandbox is no model and does not translate; a real one "
        "would tell you here in English what stands under “{title}”, where the help text has it so:",
        entries_read="{events} calendar entries in {lines} lines",
        lines_read="{lines} lines of text",
        read="I have read what you pasted ({what})",
        told="{read}. This is what the help texts say.",
        points="Your points one by one:",
        see="see **{title}**",
        silent="the help texts do not say",
        closing="If that does not settle it, write to {contact} and say which plan you are on.",
        not_found="I could not find this in the help texts, so I will not guess.\n\n"
        "The next step: ask a person at {contact}, or tell me in other words what you want to do.",
        not_found_in="{read}, but could not find anything about it in the help texts, so I will not "
        "guess.\n\nThe next step: ask a person at {contact}, or tell me in other words what you want to do.",
        from_texts="From the help texts, **{title}**:",
        before_live="Before it goes live:\n\n"
        "- Keep the secret in the environment, never in the code.\n"
        "- Try it with one real event and one that you have altered by a single character.\n"
        "- Answer at once and do the slow work afterwards, so that the sender need not repeat.",
        checks="checks the signature over the raw body",
        fetches="makes one request and reads its answer",
        fresh="This {what}; nothing in it depends on a framework:",
        one_line="one line",
        some_lines="{lines} lines",
        begins=", from `{code}` on",
        review="I have read your code ({size}{begins}) and would change as little as possible: "
        "check the value before it is used, and let the error say which value it was.",
        draft="Here is a draft{whom} that you can adapt:\n\n"
        "> **Subject: {subject}**\n>\n> Hello [first name],\n>\n"
        "> we would like to tell you about {topic}. From [date] on: [the details in one or two lines].\n>\n"
        "> You need not do anything; bookings you already have stay as they are. "
        "If a time no longer suits you, just reply to this message.\n>\n> See you soon,\n> [your name]\n\n"
        "Put in the date and the details, and it is ready to send.",
    ),
    "de": Wording(
        in_short="**Kurz gesagt:**",
        see_also="Siehe auch **{title}**: {text}",
        example="Das ist eine Beispielantwort, denn die Testumgebung ist kein Modell und übersetzt nicht; "
        "ein echtes würde Ihnen hier auf Deutsch sagen, was unter „{title}“ steht, und im Original heißt es:",
        entries_read="{events} Kalendereinträge in {lines} Zeilen",
        lines_read="{lines} Zeilen Text",
        read="Ich habe gelesen, was Sie eingefügt haben ({what})",
        told="{read}. Das sagen die Hilfetexte dazu.",
        points="Ihre Punkte der Reihe nach:",
        see="siehe **{title}**",
        silent="dazu sagen die Hilfetexte nichts",
        closing="Wenn das nicht weiterhilft, schreiben Sie an {contact} und nennen Sie Ihren Tarif.",
        not_found="Das konnte ich in den Hilfetexten nicht finden, darum rate ich nicht.\n\n"
        "Der nächste Schritt: Am schnellsten hilft ein Mensch, schreiben Sie an {contact}. Oder sagen Sie "
        "mir in anderen Worten, was Sie tun möchten.",
        not_found_in="{read}, konnte dazu aber in den Hilfetexten nichts finden, darum rate ich nicht.\n\n"
        "Der nächste Schritt: Am schnellsten hilft ein Mensch, schreiben Sie an {contact}. Oder sagen Sie "
        "mir in anderen Worten, was Sie tun möchten.",
        from_texts="Aus den Hilfetexten, **{title}**:",
        before_live="Bevor es in Betrieb geht:\n\n"
        "- Bewahren Sie das Geheimnis in der Umgebung auf, nie im Code.\n"
        "- Versuchen Sie es mit einem echten Ereignis und einem, an dem Sie ein Zeichen geändert haben.\n"
        "- Antworten Sie sofort und erledigen Sie Langsames danach, damit der Absender nicht wiederholt.",
        checks="prüft die Signatur über den rohen Inhalt",
        fetches="stellt eine Anfrage und liest die Antwort",
        fresh="Das {what}; nichts darin hängt von einem Framework ab:",
        one_line="eine Zeile",
        some_lines="{lines} Zeilen",
        begins=", ab `{code}`",
        review="Ich habe Ihren Code gelesen ({size}{begins}) und würde so wenig wie möglich ändern: "
        "Prüfen Sie den Wert, bevor er verwendet wird, und lassen Sie den Fehler sagen, welcher es war.",
        draft="Hier ist ein Entwurf, den Sie anpassen können:\n\n"
        "> **Betreff: [Thema]**\n>\n> Guten Tag [Vorname],\n>\n"
        "> wir möchten Ihnen etwas mitteilen: [Thema]. Ab [Datum]: [die Einzelheiten in ein, zwei Zeilen].\n"
        ">\n> Sie müssen nichts tun; Ihre Buchungen bleiben, wie sie sind. "
        "Passt eine Zeit nicht mehr, antworten Sie einfach auf diese Nachricht.\n>\n"
        "> Bis bald\n> [Ihr Name]\n\n"
        "Setzen Sie Thema, Datum und Einzelheiten ein, dann ist er fertig zum Senden.",
    ),
    "fr": Wording(
        in_short="**En bref :**",
        see_also="Voir aussi **{title}** : {text}",
        example="Ceci est un exemple de réponse, car le bac à sable n’est pas un modèle et ne traduit pas ; "
        "un vrai modèle vous dirait ici en français ce que dit « {title} », dont voici l’original :",
        entries_read="{events} événements de calendrier en {lines} lignes",
        lines_read="{lines} lignes de texte",
        read="J’ai lu ce que vous avez collé ({what})",
        told="{read}. Voici ce qu’en disent les textes d’aide.",
        points="Vos points un par un :",
        see="voir **{title}**",
        silent="les textes d’aide n’en disent rien",
        closing="Si cela ne suffit pas, écrivez à {contact} en indiquant votre forfait.",
        not_found="Je n’ai pas trouvé cela dans les textes d’aide, je préfère donc ne rien deviner.\n\n"
        "L’étape suivante : demandez à une personne à {contact}, ou dites-moi en d’autres mots ce que vous "
        "voulez faire.",
        not_found_in="{read}, mais je n’ai rien trouvé à ce sujet dans les textes d’aide, je préfère donc ne "
        "rien deviner.\n\nL’étape suivante : demandez à une personne à {contact}, ou dites-moi en d’autres "
        "mots ce que vous voulez faire.",
        from_texts="Dans les textes d’aide, **{title}** :",
        before_live="Avant la mise en service :\n\n"
        "- Gardez le secret dans l’environnement, jamais dans le code.\n"
        "- Essayez avec un vrai événement et avec un autre dont vous avez changé un seul caractère.\n"
        "- Répondez tout de suite et faites le travail lent ensuite, pour que l’expéditeur ne répète pas.",
        checks="vérifie la signature sur le corps brut",
        fetches="envoie une requête et lit la réponse",
        fresh="Ce code {what} ; rien n’y dépend d’un framework :",
        one_line="une ligne",
        some_lines="{lines} lignes",
        begins=", à partir de `{code}`",
        review="J’ai lu votre code ({size}{begins}) et j’y changerais le moins possible : vérifiez la valeur "
        "avant de l’utiliser, et faites dire à l’erreur de quelle valeur il s’agit.",
        draft="Voici un brouillon que vous pouvez adapter :\n\n"
        "> **Objet : [sujet]**\n>\n> Bonjour [prénom],\n>\n"
        "> nous avons une nouvelle pour vous : [sujet]. À partir du [date] : [les détails en une ou deux "
        "lignes].\n>\n> Vous n’avez rien à faire ; vos réservations restent telles quelles. "
        "Si un horaire ne vous convient plus, répondez simplement à ce message.\n>\n"
        "> À bientôt,\n> [votre nom]\n\n"
        "Ajoutez le sujet, la date et les détails, et il est prêt à être envoyé.",
    ),
    "es": Wording(
        in_short="**En resumen:**",
        see_also="Consulte también **{title}**: {text}",
        example="Esta es una respuesta de ejemplo, porque el entorno de prueba no es un modelo y no traduce; "
        "uno real le diría aquí en español lo que dice «{title}», cuyo original es este:",
        entries_read="{events} eventos de calendario en {lines} líneas",
        lines_read="{lines} líneas de texto",
        read="He leído lo que ha pegado ({what})",
        told="{read}. Esto es lo que dicen los textos de ayuda.",
        points="Sus puntos, uno por uno:",
        see="consulte **{title}**",
        silent="los textos de ayuda no lo dicen",
        closing="Si esto no lo resuelve, escriba a {contact} e indique su plan.",
        not_found="No he podido encontrar esto en los textos de ayuda, así que prefiero no adivinar.\n\n"
        "El siguiente paso: pregunte a una persona en {contact}, o dígame con otras palabras qué quiere "
        "hacer.",
        not_found_in="{read}, pero no he podido encontrar nada al respecto en los textos de ayuda, así que "
        "prefiero no adivinar.\n\n"
        "El siguiente paso: pregunte a una persona en {contact}, o dígame con otras palabras qué quiere "
        "hacer.",
        from_texts="De los textos de ayuda, **{title}**:",
        before_live="Antes de ponerlo en marcha:\n\n"
        "- Guarde el secreto en el entorno, nunca en el código.\n"
        "- Pruébelo con un evento real y con otro en el que haya cambiado un solo carácter.\n"
        "- Responda enseguida y haga después el trabajo lento, para que el remitente no tenga que repetir.",
        checks="comprueba la firma sobre el cuerpo sin procesar",
        fetches="hace una petición y lee la respuesta",
        fresh="Este código {what}; nada en él depende de un framework:",
        one_line="una línea",
        some_lines="{lines} líneas",
        begins=", desde `{code}`",
        review="He leído su código ({size}{begins}) y cambiaría lo menos posible: compruebe el valor antes "
        "de usarlo, y haga que el error diga qué valor era.",
        draft="Aquí tiene un borrador que puede adaptar:\n\n"
        "> **Asunto: [tema]**\n>\n> Hola, [nombre]:\n>\n"
        "> queremos contarle una novedad: [tema]. A partir del [fecha]: [los detalles en una o dos líneas].\n"
        ">\n> No tiene que hacer nada; sus reservas se mantienen como están. "
        "Si una hora ya no le conviene, responda a este mensaje.\n>\n"
        "> Hasta pronto,\n> [su nombre]\n\n"
        "Añada el tema, la fecha y los detalles, y estará listo para enviar.",
    ),
    "pt": Wording(
        in_short="**Em resumo:**",
        see_also="Veja também **{title}**: {text}",
        example="Esta é uma resposta de exemplo, porque o ambiente de teste não é um modelo e não traduz; "
        "um de verdade diria aqui em português o que diz «{title}», cujo original é este:",
        entries_read="{events} eventos de calendário em {lines} linhas",
        lines_read="{lines} linhas de texto",
        read="Li o texto colado ({what})",
        told="{read}. Isto é o que dizem os textos de ajuda.",
        points="Os seus pontos, um a um:",
        see="veja **{title}**",
        silent="os textos de ajuda não dizem",
        closing="Se isso não resolver, escreva para {contact} e indique o seu plano.",
        not_found="Não consegui encontrar isto nos textos de ajuda, por isso prefiro não adivinhar.\n\n"
        "O próximo passo: pergunte a uma pessoa em {contact}, ou diga-me por outras palavras o que deseja.",
        not_found_in="{read}, mas não consegui encontrar nada sobre isto nos textos de ajuda, por isso "
        "prefiro não adivinhar.\n\n"
        "O próximo passo: pergunte a uma pessoa em {contact}, ou diga-me por outras palavras o que deseja.",
        from_texts="Dos textos de ajuda, **{title}**:",
        before_live="Antes de pôr a funcionar:\n\n"
        "- Guarde o segredo no ambiente, nunca no código.\n"
        "- Teste com um evento real e com outro em que mudou um único carácter.\n"
        "- Responda logo e faça depois o trabalho demorado, para que o remetente não tenha de repetir.",
        checks="verifica a assinatura sobre o corpo em bruto",
        fetches="faz um pedido e lê a resposta",
        fresh="Este código {what}; nada nele depende de um framework:",
        one_line="uma linha",
        some_lines="{lines} linhas",
        begins=", a partir de `{code}`",
        review="Li o seu código ({size}{begins}) e mudaria o mínimo possível: verifique o valor antes "
        "de o usar, e faça com que o erro diga qual era o valor.",
        draft="Aqui está um rascunho que pode adaptar:\n\n"
        "> **Assunto: [tema]**\n>\n> Olá, [nome],\n>\n"
        "> temos uma novidade para si: [tema]. A partir de [data]: [os detalhes em uma ou duas linhas].\n"
        ">\n> Não precisa de fazer nada; as suas reservas continuam como estão. "
        "Se um horário já não servir, responda a esta mensagem.\n>\n"
        "> Até breve,\n> [seu nome]\n\n"
        "Inclua o tema, a data e os detalhes, e ele está pronto para enviar.",
    ),
    "ja": Wording(
        in_short="**要点：**",
        see_also="「{title}」もご覧ください：{text}",
        example="これは回答の例です。このサンドボックスはモデルではないため、翻訳をしません。"
        "実際のモデルなら「{title}」の内容を日本語でお答えします。原文には次のように書かれています：",
        entries_read="カレンダーの予定{events}件、{lines}行",
        lines_read="文章{lines}行",
        read="貼り付けられた内容（{what}）を読みました",
        told="{read}。ヘルプには次のように書かれています。",
        points="ご質問の各点について：",
        see="「{title}」をご覧ください",
        silent="ヘルプには記載がありません",
        closing="これで解決しない場合は、ご利用中のプランを添えて {contact} までご連絡ください。",
        not_found="ヘルプの中にその情報は見つかりませんでした。推測でのお答えは控えます。\n\n"
        "次の手順：{contact} で担当者にお尋ねになるか、なさりたいことを別の言葉でお書きください。",
        not_found_in="{read}が、ヘルプの中にその情報は見つかりませんでした。推測でのお答えは控えます。\n\n"
        "次の手順：{contact} で担当者にお尋ねになるか、なさりたいことを別の言葉でお書きください。",
        from_texts="ヘルプの「{title}」より：",
        before_live="公開する前に：\n\n"
        "- 秘密の値は環境変数に置き、コードには書かないでください。\n"
        "- 本物のイベント一つと、一文字だけ変えたイベント一つで試してください。\n"
        "- すぐに応答し、時間のかかる処理は後で行ってください。送信側が送り直さずに済みます。",
        checks="受け取った本文そのものの署名を確かめます",
        fetches="リクエストを一つ送り、その応答を読みます",
        fresh="このコードは{what}。フレームワークには依存しません：",
        one_line="1行",
        some_lines="{lines}行",
        begins="、`{code}` から",
        review="コード（{size}{begins}）を読みました。変更はできるだけ少なくします。値を使う前に確かめ、"
        "どの値だったかがエラーから分かるようにしてください。",
        draft="そのまま直してお使いいただける下書きです：\n\n"
        "> **件名：[用件]**\n>\n> [お名前] 様\n>\n"
        "> [用件] についてお知らせいたします。[日付] から：[詳細を一、二行で]。\n>\n"
        "> お手続きは必要ありません。すでにお取りのご予約はそのままです。"
        "ご都合が合わなくなった場合は、このメッセージにご返信ください。\n>\n"
        "> よろしくお願いいたします。\n> [差出人]\n\n"
        "用件、日付、詳細を入れれば、送信できます。",
    ),
}
