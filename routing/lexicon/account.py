"""Messages that only somebody with access to the visitor's account can deal with."""

import re

from routing.lexicon.finding import Finder
from routing.lexicon.text import Reading, fold

_W = r"(?:[\w.@]{1,24} )"
_OBJECT = (
    r"(?:accounts?|subscriptions?|plans?|memberships?|invoices?|orders?|bookings?|reservations?|"
    r"appointments?|payments?|"
    r"cards?|refunds?|trial|profile|passwords?|email(?: address)?|e mail|phone number|logins?|licen[cs]es?|"
    r"data|credits?|"
    r"charges?|transactions?|receipts?|bill|bills|billing|address|name|two factor|2fa|seats?|domain|api key|"
    r"workspace|"
    r"konto|abo|rechnung\w{0,2}|buchung\w{0,2}|termin\w{0,2}|bestellung\w{0,2}|kundigung|zahlung\w{0,2}|"
    r"compte|abonnement|facture|reservation|commande|paiement|rendez vous|"
    r"cuenta|suscripcion|factura|reserva|pedido|pago|cita)"
)
_ACT = (
    r"(?:cancel|delete|close|change|refund|reset|unlock|unblock|upgrade|downgrade|update|move|reschedule|"
    r"remove|resend|"
    r"reactivate|activate|deactivate|transfer|check|look up|look into|look at|find|send|issue|extend|switch|"
    r"merge|restore|"
    r"verify|correct|fix|reverse|terminate|pause|renew|void|credit|recover|erase|block|apply|confirm|waive|"
    r"track|review|"
    r"disable|enable|set|add|book|release|reopen|suspend)"
)
_CHANGE = (
    r"(?:cancel|delete|close|change|refund|reset|unlock|unblock|upgrade|downgrade|reactivate|reverse|"
    r"terminate|fix|"
    r"resend|reschedule|restore|transfer|move|block|update|switch|remove)"
)
_ASK_YOU = (
    r"(?:(?:can|could|would|will) (?:you|u|someone|somebody|your team|"
    r"support)(?: guys)?(?: please)?(?: just)?"
    r"|i (?:want|need|would like|demand that|am asking) you to|id like you to|need your help to|"
    r"help me to have you)"
)
_MINE = r"(?:my|our|me|us|this|that|the|mine)"

# A thing with a number: "invoice 4711", "order #12345", "booking LB-2291".
CASE = Finder(
    r"\b(?:invoice|order|booking|reservation|appointment|payment|ticket|transaction|receipt|case|charge|"
    r"refund|subscription|"
    r"account|customer|rechnung|bestellung|buchung|termin|kundennummer|vorgang|facture|commande|reservation|"
    r"dossier|"
    r"factura|pedido|reserva|recibo|fatura|encomenda|marcacao|agendamento)s?"
    r"(?: (?:number|numbers|no|nr|num|id|ref|reference|code|nummer|numero|"
    r"mit der nummer|"
    r"with (?:the )?(?:number|id)))?(?: is)? (?:# ?|n ?)?"
    r"(?:[a-z]{0,4} ?(?=\d{3,15}\b)\d{3,15}|(?=[a-z0-9]{5,15}\b)[a-z]{1,5}\d{2,10}[a-z0-9]{0,5}|"
    r"[a-z]{2,4} \d{4} \d{2,8})\b"
    r"|(?:請求書|注文|予約|領収書|支払い?|契約|会員)(?:番号|no)?(?:の|は)? ?[a-z]{0,4}-?\d{3,15}"
)
HASH = re.compile(r"#\d{3,12}\b")
DIGIT = re.compile(r"\d")

# An order to act: "can you cancel my subscription", "please refund my last payment", "... for me".
ORDER = Finder(
    rf"{_ASK_YOU} {_W}{{0,1}}{_ACT}(?: back| up| out)? {_W}{{0,2}}?{_MINE} {_W}{{0,4}}?(?:{_OBJECT}|money|"
    rf"for me|for us|back)\b"
    rf"|{_ASK_YOU} (?:refund|unlock|reimburse|upgrade|downgrade|unsubscribe|reactivate|unblock|credit|"
    rf"compensate|move) (?:me|us)\b"
    rf"|{_ASK_YOU} {_W}{{0,2}}(?:give|send|issue|process|make) {_W}{{0,2}}(?:a )?(?:full |"
    rf"partial )?(?:refund|credit note|reimbursement)\b"
    rf"|\| (?:hi |hello |hey )?(?:please |pls |plz |kindly |just )?{_ACT} (?:my|our) {_W}{{0,4}}?{_OBJECT}\b"
    rf" {_W}{{0,6}}?(?:for me|for us|now|immediately|asap|right away|today|please|effective|at once|pls)\b"
    rf"|\| (?:please |pls |plz |kindly ){_ACT} {_W}{{0,3}}?{_MINE} {_W}{{0,4}}?{_OBJECT}\b"
    r"|\| (?:please |pls |just )?(?:move|reschedule|change|switch|shift|rebook) (?:my|our) (?:next |"
    r"upcoming |last )?"
    rf"(?:appointment|booking|reservation|session|lesson)s?(?! page| form| widget| link| url|"
    rf" rules) {_W}{{0,6}}?(?:to|from|until|for)\b"
    rf"|\b(?:check|tell me|confirm|find out|see) (?:whether|if|that|why|when) (?:my|"
    rf"our) {_W}{{0,2}}?(?:payment|refund|invoice|order|"
    r"account|cancellation|transfer|booking|subscription) (?:went|was|is|has|got|came|arrived|did|failed|"
    r"will)\b"
    r"|\b(?:on file|on record|stored|registered|saved) for (?:me|us|my account)\b"
    rf"|(?:{_ASK_YOU}|\| please|\| pls|\| kindly) (?:refund|reimburse) (?:my|our|the|this|that|it|\d)"
    r"|\| (?:please |pls |plz |kindly |just )?(?:refund|reimburse|unsubscribe|unlock|upgrade|"
    r"downgrade) (?:me|us)\b"
    rf"|\b(?:{_CHANGE}|look into|take a look at|check) {_W}{{1,6}}?(?:for me|on my behalf|for us) (?:\||"
    rf"please|now|today|right|asap|and)"
    r"|i (?:want|demand|need|would like|expect) (?:my money back|a (?:full )?refund (?:for|of|on|right|now|"
    r"\|)|to be refunded|a reimbursement)"
    r"|(?:refund|give|want) (?:me )?(?:back )?my money\b"
    rf"|(?:konnen|koennen|konnten|koennten) sie (?:bitte )?(?:mein|meine|meinen|mir|unser|unsere) {_W}{{0,5}}"
    r"(?:kundigen|kuendigen|loschen|loeschen|stornieren|andern|aendern|erstatten|zurucksetzen|sperren|"
    r"entsperren|schliessen|prufen|pruefen)\b"
    rf"|\| (?:bitte )?(?:kundigen?|kuendigen?|loschen?|loeschen?|stornieren?|erstatten?|"
    rf"entsperren?) (?:sie )?(?:bitte )?(?:mein|meine|meinen|mir|unser) {_W}{{1,4}}"
    rf"|(?:pouvez vous|peux tu|pourriez vous|veuillez) {_W}{{0,1}}(?:annuler|supprimer|rembourser|resilier|"
    rf"fermer|modifier|changer|debloquer|verifier)"
    r" (?:mon|ma|mes|moi|notre|me)\b"
    r"|\| (?:annulez|supprimez|remboursez|resiliez|fermez|annule|supprime) (?:mon|ma|mes|moi)\b"
    r"|(?:puede|pueden|podria|podrian|puedes|podrias) (?:por favor )?(?:cancelar|eliminar|borrar|reembolsar|"
    r"cerrar|cambiar|devolver|desbloquear)\w{0,3}"
    r" (?:mi|mis|el|la|nuestra|me)\b"
    r"|\| (?:por favor )?(?:cancele|cancela|elimine|elimina|reembolse|reembolsa|cierre|cierra|devuelvan|"
    r"borra|borre)\w{0,2} (?:mi|mis|el)\b"
)

# A bare "cancel my account" may want to know how, which an approved answer says; without one it is an order.
BARE_ORDER = Finder(rf"\| (?:hi |hello |hey |just )?{_ACT} (?:my|our) {_W}{{0,4}}?{_OBJECT} {_W}{{0,1}}\|")

# A look into the visitor's own records: "why was I charged twice", "which plan am I on".
RECORD = Finder(
    r"\b(?:was|were|got|been|being|am|are) (?:i |we |just |already |wrongly |incorrectly )?(?:charged|"
    r"billed|overcharged|overbilled|debited|double billed|double charged)"
    r" (?:twice|again|double|two times|three times|for|too much|the wrong|wrong|extra|more|an? |\$|£|\d|"
    r"after|even|on|yesterday|today|last|this|but)"
    r"|why (?:was|were|am|are|have|did) (?:i|we|my card|you) (?:been )?(?:charged?|billed?|debited|"
    r"overcharged|charging)"
    r"|you (?:have )?(?:charged|billed|overcharged|debited|took|taken) (?:me|us|my|too|money|twice|\d)"
    r"|(?:which|what) plan (?:am i|are we|do i have|do we have|is my (?:account|studio))"
    r"|whats? (?:is )?my (?:current |account |remaining |outstanding )?(?:balance|plan|customer (?:number|"
    r"id)|account (?:number|id|status)|"
    r"(?:last|latest|next) (?:invoice|payment|bill))\b"
    r"|when (?:does|will|is|do|did) my (?:trial|plan|subscription|contract|account|membership|"
    r"next (?:invoice|payment|bill|charge))"
    rf" {_W}{{0,2}}?(?:end|renew|expire|run out|start|due|ending|expiring|\||be charged|created)"
    r"|how much (?:do|did|will|have) (?:i|we) (?:currently |still |already )?(?:owe|been charged|"
    r"been billed|pay(?:ing)? (?:last|next|this) month|paid)\b"
    r"|how many (?:bookings|appointments|clients|reminders|texts|sms|messages|seats|credits) (?:do|did|"
    r"have) (?:i|we) "
    r"(?:have left|had|get last|get this|used|have used|have in|have this|have today|left|make|made|sent)"
    r"|has my (?:payment|refund|invoice|order|account|cancellation|booking|request) (?:been|gone|arrived|"
    r"come|cleared)\b"
    r"|(?:did|have) you (?:received?|get|got|process(?:ed)?|refund(?:ed)?|cancel(?:led|ed)?|"
    r"see) my (?:payment|refund|cancellation|order|invoice|request|account|email|subscription)\b"
    r"|where (?:is|are) my (?:refund|money|order|parcel|package|payment|confirmation number)\b"
    r"|(?:is|was|has) my (?:account|subscription|card) (?:been )?(?:currently |still |"
    r"already )?(?:suspended|locked|blocked|cancelled|canceled|hacked|compromised|closed|disabled|"
    r"deactivated|active|paid|verified)\b"
    r"|(?:someone|somebody) (?:else )?(?:has |is |was )?(?:hacked|got into|logged into|accessed|using|stole|"
    r"broke into) (?:into )?my (?:account|card)"
    r"|my account (?:is|was|has been|got) (?:hacked|compromised|suspended|wrongly|closed without|stolen|"
    r"taken over)"
    r"|(?:look|check) (?:in|into|at|up) (?:my|our) (?:account|booking|bookings|invoice|order|records?|"
    r"subscription|payment)"
    rf"|\b(?:is|are|was|were|has|have) my {_W}{{0,1}}?(?:invoice|payment|bill|order|booking|refund|"
    rf"subscription|transfer)s?"
    rf" {_W}{{0,4}}?(?:paid|open|overdue|settled|due|processed|confirmed|active|missing|late|correct)\b"
    r"|who (?:cancelled|canceled|changed|deleted|booked|made|edited|moved) (?:my|our|this|the) (?:booking|"
    r"appointment|account|plan|subscription)\b"
    r"|warum wurde (?:mir|ich|von meinem|mein\w{0,2} konto)|(?:mir|"
    r"ich) wurde \w{1,12} (?:doppelt )?(?:abgebucht|berechnet|belastet)"
    r"|doppelt (?:abgebucht|berechnet|belastet|bezahlt)|welchen (?:tarif|plan) habe ich"
    r"|wo (?:ist|bleibt) mein\w{0,2} (?:geld|erstattung|ruckerstattung|bestellung|zahlung)"
    r"|pourquoi (?:ai je ete|jai ete|mavez vous|on ma|suis je) \w{0,12}|debitee? deux fois|"
    r"facturee? deux fois|ou est mon remboursement"
    r"|por que (?:me (?:cobraron|han cobrado|cobraste|cobran|cargaron))|me (?:cobraron|"
    r"han cobrado) (?:dos veces|doble|de mas)|donde esta mi (?:reembolso|dinero)"
    r"|\bou (?:est|sont|en est) (?:ma|mon|mes) (?:commande|remboursement|argent|colis|paiement)\b"
    r"|donde estan? mis? (?:pedidos?|paquete|pago|reembolso)\b"
    r"|\bonde esta (?:o |a )?(?:meu|minha) (?:pedido|encomenda|reembolso|dinheiro|pagamento)\b"
    r"|(?:fui|me) cobr\w{2,5} (?:duas vezes|em dobro|a mais)|paguei duas vezes"
    + fold(r"|(?:注文|返金|入金)(?:は|が)(?:まだ|いつ|どこ|どうな|届)|二重に(?:請求|課金|引き落と)")
)

# A question how the visitor does it, or what the rule is, needs no access: "how do I cancel my account?"
HOW_TO = Finder(
    r"\bhow (?:do|can|could|should|would|to|does|did|might)\b|\b(?:can|could|may|do|should|must|shall|am|"
    r"are) (?:i|we|clients?|my clients?|customers?|people|they)\b"
    r"|\bwhere (?:do|can|could|would) (?:i|we)\b|what happens (?:if|when|to)|(?:steps?|way|possible|"
    r"instructions?|guide) (?:to|for)\b"
    r"|\b(?:tell|show|explain|teach|help) (?:me|us) (?:how|where|to)\b|\bhelp me\b|\b(?:if|when) (?:i|we|"
    r"you|a client|clients|my clients?) (?:cancel|delete|close|change|upgrade|downgrade)"
    r"|\bwie (?:kann|konnen|kundige|losche|mache|geht|andere)\b|\bkann ich\b|\bcomment\b|\bpuis je\b|"
    r"\bcomo (?:puedo|se|hago)\b|\bpuedo\b"
)


def names_case(reading: Reading) -> bool:
    """Return whether one invoice, booking or payment is named by its number."""
    if DIGIT.search(reading.line) is None:  # a case has a number, and most messages have none
        return False
    return CASE.found(reading) or HASH.search(reading.line) is not None


def orders_action(reading: Reading) -> bool:
    """Return whether some sentence tells us to do something in the account; "how do I" does not."""
    return any(line not in HOW_TO.lines(reading) for line in ORDER.lines(reading))


def needs_account(reading: Reading) -> bool:
    """Return whether the answer stands in the visitor's own records, or the message is a bare order."""
    return RECORD.found(reading) or BARE_ORDER.found(reading)
