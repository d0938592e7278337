"""Our sentences in Portuguese."""

from assistant.words.shape import Words

WORDS = Words(
    weekdays=(
        "segunda-feira",
        "terça-feira",
        "quarta-feira",
        "quinta-feira",
        "sexta-feira",
        "sábado",
        "domingo",
    ),
    months=(
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
    moment="{weekday}, {day} de {month}, {time} ({place})",
    day_join=", ",
    greeting="Olá! Em que posso ajudar?",
    thanks="De nada. Ficou resolvido?",
    ok="Certo. Pergunte à vontade se surgir mais alguma coisa.",
    bye="Até breve e obrigado pela mensagem. Pode voltar a esta conversa quando quiser.",
    other="Estou aqui para ajudar. O que gostaria de saber?",
    unsure=(
        "Não sei ao certo qual das perguntas acima quer fazer. "
        "Escolha a que corresponde ou diga-me que nenhuma serve."
    ),
    of_course="Claro.",
    no_access=(
        "Não tenho acesso a contas, reservas ou pagamentos e por isso não posso consultar nem alterar isso. "
        "Uma pessoa pode."
    ),
    leave_by="Deixe abaixo o seu e-mail e uma pessoa responde até {by}.",
    leave="Deixe abaixo o seu e-mail e uma pessoa responde assim que possível.",
    reach="Também pode falar connosco aqui: {contact}.",
    hours="Horário: {hours}.",
    still_here="Sou uma IA e continuo aqui para tudo o resto.",
    only_approved=(
        "Neste momento só posso dar respostas aprovadas, e nenhuma corresponde com certeza à sua pergunta."
    ),
    budget_spent="Nenhum modelo de IA pode ser consultado até à meia-noite ({zone}).",
    approved_near=(
        "Neste momento só posso dar respostas aprovadas. Talvez queira fazer uma das perguntas acima."
    ),
    budget_spent_until="Nenhum modelo de IA pode ser consultado sobre isto até {until}.",
    budget_never="Nenhum modelo de IA pode ser consultado sobre isto.",
    spent_person="Dei todas as respostas deste tipo que posso dar; haverá mais a partir de {until}.",
    unavailable="Neste momento não há nenhum modelo de IA disponível.",
    too_fast="Foram muitas mensagens em pouco tempo. Pode continuar dentro de {wait}.",
    answers_spent=(
        "As respostas de IA esgotaram-se por agora; haverá mais dentro de {wait}. As respostas "
        "aprovadas e a nossa equipa continuam à sua disposição."
    ),
    seconds="{n} s",
    minutes="{n} min",
    languages={
        "en": "inglês",
        "de": "alemão",
        "fr": "francês",
        "es": "espanhol",
        "pt": "português",
        "ja": "japonês",
    },
    only_in="Esta resposta só existe em {language}.",
    only_elsewhere="Esta resposta só existe noutro idioma.",
    write_now_by="Se escrever agora, uma pessoa responde por e-mail até {by}.",
    write_now="Uma pessoa responde por e-mail assim que possível.",
    received_by="Recebemos o seu pedido n.º\u00a0{number}. Respondemos por e-mail para {email} até {by}.",
    received="Recebemos o seu pedido n.º\u00a0{number}. Respondemos por e-mail para {email} assim que "
    "possível.",
    bad_email="Indique um e-mail como nome@example.com, para que possamos responder.",
    no_text="Escreva em que podemos ajudar.",
    too_long="Encurte a sua mensagem: podemos receber no máximo {limit} caracteres.",
    too_many=(
        "Foram muitos pedidos em pouco tempo. Tente de novo dentro de {minutes} min; o seu texto fica "
        "guardado."
    ),
    subject="O seu pedido n.º {number} a {name}",
    hello="Olá,",
    you_wrote="O que escreveu:",
    conversation="A conversa até agora:",
    visitor="Você",
    assistant="Assistente",
    staff="A nossa equipa",
    answer_here="Pode simplesmente responder a este e-mail.",
    automatic="Este e-mail foi enviado automaticamente porque alguém deixou este endereço no nosso chat.",
    transcript_subject="A sua conversa com {name}",
    transcript="Aqui está a sua conversa tal como estava quando este e-mail foi enviado.",
    transcript_cut="Faltam as mensagens anteriores: aqui estão as últimas {count} perguntas.",
)
