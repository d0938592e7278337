"""Our sentences in Spanish."""

from assistant.words.shape import Words

WORDS = Words(
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    moment="{weekday} {day} de {month}, {time} ({place})",
    day_join=", ",
    greeting="¡Hola! ¿En qué puedo ayudarle?",
    thanks="Con mucho gusto. ¿Ha quedado resuelto?",
    ok="Bien. Pregunte lo que necesite si surge algo más.",
    bye="Hasta pronto y gracias por escribir. Puede volver a esta conversación en cualquier momento.",
    other="Estoy aquí para ayudarle. ¿Qué le gustaría saber?",
    unsure=(
        "No tengo claro cuál de las preguntas de arriba quiere hacer. "
        "Elija la que corresponda o dígame que ninguna encaja."
    ),
    of_course="Por supuesto.",
    no_access=(
        "No tengo acceso a cuentas, reservas ni pagos, así que no puedo consultarlo ni cambiarlo por usted. "
        "Una persona sí puede."
    ),
    leave_by="Deje abajo su correo electrónico y una persona le responderá antes del {by}.",
    leave="Deje abajo su correo electrónico y una persona le responderá lo antes posible.",
    reach="También puede encontrarnos aquí: {contact}.",
    hours="Horario: {hours}.",
    still_here="Soy una IA y sigo aquí para todo lo demás.",
    only_approved=(
        "En este momento solo puedo dar respuestas aprobadas, y ninguna encaja con seguridad con su pregunta."
    ),
    budget_spent="No se puede consultar ningún modelo de IA hasta medianoche ({zone}).",
    approved_near=(
        "En este momento solo puedo dar respuestas aprobadas. Quizá quiera hacer una de las "
        "preguntas de arriba."
    ),
    budget_spent_until="No se puede consultar ningún modelo de IA sobre esto hasta el {until}.",
    budget_never="No se puede consultar ningún modelo de IA sobre esto.",
    spent_person="He dado todas las respuestas de este tipo que puedo; habrá más a partir del {until}.",
    unavailable="En este momento no hay ningún modelo de IA disponible.",
    too_fast="Son muchos mensajes en poco tiempo. Podrá continuar dentro de {wait}.",
    answers_spent=(
        "Las respuestas de IA se han agotado por ahora; habrá más dentro de {wait}. Las respuestas "
        "aprobadas y nuestro equipo siguen a su disposición."
    ),
    seconds="{n} s",
    minutes="{n} min",
    languages={
        "en": "inglés",
        "de": "alemán",
        "fr": "francés",
        "es": "español",
        "pt": "portugués",
        "ja": "japonés",
    },
    only_in="Esta respuesta solo existe en {language}.",
    only_elsewhere="Esta respuesta solo existe en otro idioma.",
    write_now_by="Si escribe ahora, una persona le responderá por correo antes del {by}.",
    write_now="Una persona le responderá por correo lo antes posible.",
    received_by=(
        "Hemos recibido su solicitud n.º\u00a0{number}. Responderemos por correo a {email} antes del {by}."
    ),
    received="Hemos recibido su solicitud n.º\u00a0{number}. Responderemos por correo a {email} lo "
    "antes posible.",
    bad_email="Escriba un correo electrónico como nombre@example.com para que podamos responderle.",
    no_text="Escriba en qué podemos ayudarle.",
    too_long="Acorte su mensaje: podemos recibir {limit} caracteres como máximo.",
    too_many=(
        "Son muchas solicitudes en poco tiempo. Inténtelo de nuevo en {minutes} min; su texto se conserva."
    ),
    subject="Su solicitud n.º {number} a {name}",
    hello="Hola:",
    you_wrote="Lo que escribió:",
    conversation="La conversación hasta ahora:",
    visitor="Usted",
    assistant="Asistente",
    staff="Nuestro equipo",
    answer_here="Puede responder directamente a este correo.",
    automatic=("Este correo se envió automáticamente porque alguien dejó esta dirección en nuestro chat."),
    transcript_subject="Su conversación con {name}",
    transcript="Aquí está su conversación tal como estaba al enviarse este correo.",
    transcript_cut="Faltan los mensajes anteriores: aquí están las últimas {count} preguntas.",
)
