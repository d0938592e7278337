"""Our sentences in French."""

from assistant.words.shape import Words

WORDS = Words(
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    moment="{weekday} {day} {month} à {time} ({place})",
    first="1er",
    day_join=", ",
    greeting="Bonjour\u202f! En quoi puis-je vous aider\u202f?",
    thanks="Avec plaisir. Votre question est-elle résolue\u202f?",
    ok="Très bien. N’hésitez pas si autre chose se présente.",
    bye="Au revoir, et merci de votre message. Vous pouvez revenir à cette conversation à tout moment.",
    other="Je suis là pour vous aider. Que souhaitez-vous savoir\u202f?",
    unsure=(
        "Je ne sais pas à laquelle des questions ci-dessus vous pensez. "
        "Choisissez celle qui convient, ou dites-moi qu’aucune ne convient."
    ),
    of_course="Bien sûr.",
    no_access=(
        "Je n’ai pas accès aux comptes, aux réservations ni aux paiements\u00a0: je ne peux donc ni "
        "consulter ni "
        "modifier cela pour vous. Une personne le peut."
    ),
    leave_by="Laissez votre adresse e-mail ci-dessous\u00a0: une personne vous répond avant le {by}.",
    leave="Laissez votre adresse e-mail ci-dessous\u00a0: une personne vous répond dès que possible.",
    reach="Vous pouvez aussi nous joindre ici\u00a0: {contact}.",
    hours="Horaires\u00a0: {hours}.",
    still_here="Je suis une IA et je reste là pour tout le reste.",
    only_approved=(
        "Je ne peux donner pour le moment que des réponses validées, et aucune ne correspond avec certitude "
        "à votre question."
    ),
    budget_spent="Aucun modèle d’IA ne peut être interrogé avant minuit ({zone}).",
    approved_near=(
        "Je ne peux donner pour le moment que des réponses validées. Vous pensez peut-être à l’une "
        "des questions ci-dessus."
    ),
    budget_spent_until="Aucun modèle d’IA ne peut être interrogé à ce sujet avant le {until}.",
    budget_never="Aucun modèle d’IA ne peut être interrogé à ce sujet.",
    spent_person=(
        "J’ai donné autant de réponses de ce genre que je le peux\u202f; il y en aura d’autres à partir "
        "du {until}."
    ),
    unavailable="Aucun modèle d’IA n’est disponible pour le moment.",
    too_fast="Cela fait beaucoup de messages en peu de temps. Vous pourrez continuer dans {wait}.",
    answers_spent=(
        "Les réponses de l’IA sont épuisées pour l’instant\u202f; il y en aura d’autres dans {wait}. Les "
        "réponses validées et notre équipe restent à votre disposition."
    ),
    seconds="{n}\u00a0s",
    minutes="{n}\u00a0min",
    languages={
        "en": "anglais",
        "de": "allemand",
        "fr": "français",
        "es": "espagnol",
        "pt": "portugais",
        "ja": "japonais",
    },
    only_in="Cette réponse n’existe qu’en {language}.",
    only_elsewhere="Cette réponse n’existe que dans une autre langue.",
    write_now_by="Si vous écrivez maintenant, une personne vous répond par e-mail avant le {by}.",
    write_now="Une personne vous répond par e-mail dès que possible.",
    received_by=(
        "Votre demande n°\u00a0{number} nous est parvenue. Nous répondons par e-mail à {email} avant le {by}."
    ),
    received=(
        "Votre demande n°\u00a0{number} nous est parvenue. Nous répondons par e-mail à {email} dès que "
        "possible."
    ),
    bad_email="Indiquez une adresse e-mail comme nom@example.com, afin que nous puissions vous répondre.",
    no_text="Dites-nous en quoi nous pouvons vous aider.",
    too_long="Raccourcissez votre message\u00a0: {limit} caractères sont le maximum que nous pouvons "
    "recevoir.",
    too_many=(
        "Cela fait beaucoup de demandes en peu de temps. Réessayez dans {minutes}\u00a0min\u202f; votre "
        "texte est "
        "conservé."
    ),
    subject="Votre demande n° {number} à {name}",
    hello="Bonjour,",
    you_wrote="Votre message\u00a0:",
    conversation="La conversation jusqu’ici\u00a0:",
    visitor="Vous",
    assistant="Assistant",
    staff="Notre équipe",
    answer_here="Vous pouvez simplement répondre à cet e-mail.",
    automatic=(
        "Cet e-mail a été envoyé automatiquement parce que quelqu’un a laissé cette adresse dans notre chat."
    ),
    transcript_subject="Votre conversation avec {name}",
    transcript="Voici votre conversation telle qu’elle était à l’envoi de cet e-mail.",
    transcript_cut="Les messages plus anciens n’y sont pas\u00a0: voici les {count} dernières questions.",
)
