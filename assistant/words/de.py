"""Our sentences in German."""

from assistant.words.shape import Words

WORDS = Words(
    weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    moment="{weekday}, {day}. {month}, {time} Uhr ({place})",
    day_join=", ",
    greeting="Hallo! Wobei kann ich helfen?",
    thanks="Gern geschehen. Ist Ihre Frage damit gelöst?",
    ok="Gut. Fragen Sie gern weiter, wenn noch etwas ist.",
    bye="Auf Wiedersehen und danke für Ihre Nachricht. Sie können jederzeit in dieses Gespräch zurückkommen.",
    other="Ich bin da, um zu helfen. Was möchten Sie wissen?",
    unsure=(
        "Ich bin nicht sicher, welche der Fragen oben Sie meinen. "
        "Wählen Sie die passende, oder sagen Sie mir, dass keine passt."
    ),
    of_course="Selbstverständlich.",
    no_access=(
        "Ich habe keinen Zugriff auf Konten, Buchungen oder Zahlungen und kann das deshalb weder nachsehen "
        "noch ändern. Ein Mensch kann es."
    ),
    leave_by="Hinterlassen Sie unten Ihre E-Mail-Adresse, und ein Mensch antwortet bis {by}.",
    leave="Hinterlassen Sie unten Ihre E-Mail-Adresse, und ein Mensch antwortet so bald wie möglich.",
    reach="Sie erreichen uns auch hier: {contact}.",
    hours="Zeiten: {hours}.",
    still_here="Ich bin eine KI und bleibe für alles andere hier.",
    only_approved=(
        "Ich kann im Moment nur freigegebene Antworten geben, und keine davon passt sicher zu Ihrer Frage."
    ),
    budget_spent="Bis Mitternacht ({zone}) kann kein KI-Modell gefragt werden.",
    approved_near=(
        "Ich kann im Moment nur freigegebene Antworten geben. Vielleicht meinen Sie eine der Fragen oben."
    ),
    budget_spent_until="Dazu kann bis {until} kein KI-Modell gefragt werden.",
    budget_never="Dazu kann kein KI-Modell gefragt werden.",
    spent_person=(
        "Ich habe so viele Antworten dieser Art gegeben, wie ich darf; ab {until} gibt es wieder welche."
    ),
    unavailable="Im Moment ist kein KI-Modell erreichbar.",
    too_fast="Das waren viele Nachrichten in kurzer Zeit. In {wait} geht es weiter.",
    answers_spent=(
        "Die KI-Antworten sind vorerst aufgebraucht; in {wait} gibt es wieder welche. Freigegebene "
        "Antworten und unser Team sind weiter für Sie da."
    ),
    seconds="{n} s",
    minutes="{n} min",
    languages={
        "en": "Englisch",
        "de": "Deutsch",
        "fr": "Französisch",
        "es": "Spanisch",
        "pt": "Portugiesisch",
        "ja": "Japanisch",
    },
    only_in="Diese Antwort gibt es nur auf {language}.",
    only_elsewhere="Diese Antwort gibt es nur in einer anderen Sprache.",
    write_now_by="Wenn Sie jetzt schreiben, antwortet ein Mensch per E-Mail bis {by}.",
    write_now="Ein Mensch antwortet per E-Mail so bald wie möglich.",
    received_by="Ihre Anfrage Nr.\u00a0{number} ist bei uns. Wir antworten per E-Mail an {email} bis {by}.",
    received=(
        "Ihre Anfrage Nr.\u00a0{number} ist bei uns. Wir antworten per E-Mail an {email} so bald wie möglich."
    ),
    bad_email="Bitte geben Sie eine E-Mail-Adresse wie name@example.com an, damit wir antworten können.",
    no_text="Bitte schreiben Sie, wobei wir helfen sollen.",
    too_long="Bitte kürzen Sie Ihre Nachricht: Mehr als {limit} Zeichen können wir nicht annehmen.",
    too_many=(
        "Das waren viele Anfragen in kurzer Zeit. Bitte versuchen Sie es in {minutes} min noch einmal; Ihr "
        "Text bleibt erhalten."
    ),
    subject="Ihre Anfrage Nr. {number} an {name}",
    hello="Guten Tag,",
    you_wrote="Das haben Sie geschrieben:",
    conversation="Das bisherige Gespräch:",
    visitor="Sie",
    assistant="Assistent",
    staff="Unser Team",
    answer_here="Sie können einfach auf diese E-Mail antworten.",
    automatic=(
        "Diese E-Mail wurde automatisch verschickt, weil jemand diese Adresse in unserem Chat angegeben hat."
    ),
    transcript_subject="Ihr Gespräch mit {name}",
    transcript="Hier ist Ihr Gespräch, wie es beim Versand dieser E-Mail stand.",
    transcript_cut="Frühere Nachrichten fehlen: Hier stehen die letzten {count} Fragen.",
)
