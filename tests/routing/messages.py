"""Messages and what they are, for the tests of the signals: one message a line."""

CODE = """\
Write a Python function that verifies your webhook signature
Can you give me a snippet to list all bookings from the API in PHP?
I need a curl example for creating a booking
show me how to call the availability endpoint with JavaScript
Please write a small script that exports my clients to CSV
Could you provide sample code for the webhook receiver in Node?
how do i authenticate against your api in ruby
Generate a regex that matches your booking references
My script gets a 401 from the API, here's what I have
Why does my fetch call return undefined?
fix this: response = requests.get(url)
I'm getting a TypeError when I call bookings.list()
Can you review my webhook handler?
Help me debug this Laravel code
give me an html embed code for the booking widget
How would I loop through paginated results in Python?
need a bash one-liner to download all invoices
Can you convert this curl command to Java?
write SQL to count bookings per month
I want a Google Apps Script that copies new bookings into a sheet
example of verifying HMAC in Go please
Do you have a code sample for refreshing tokens?
Write me a React component that shows free slots
what's wrong with my code? it crashes on line 12
could you code a tiny Flask app that receives your webhooks
How can I parse the webhook payload in C#?
our integration throws an exception when the payload is empty
make a function that turns your timestamps into local time
show an example request body in JSON for POST /bookings
provide a TypeScript type for the booking object
build me a python client for your API
Write unit tests for my signature check
Can you explain what this function does?
please refactor my node script so that it retries
I need some code to embed the calendar on my website
script to cancel all bookings of tomorrow via the API
python example for webhooks
how to verify signature in node.js
Could you write a cron job that syncs bookings every hour?
My PHP integration stopped working after your update, the signature check always fails
Can I get a code snippet for the embed?
translate this snippet from python to php
Draft a function in Kotlin to format booking times
we use Django; show how a view receiving your webhook would look
give me a working example of the OAuth flow in Python
Schreib mir eine Python-Funktion, die die Webhook-Signatur prüft
Écris-moi un script qui liste les réservations
Escribe una función en JavaScript para validar la firma del webhook
I pasted the code below, why is the hash different?
Can you spot the bug in this snippet?
""".splitlines()

NO_CODE = """\
Does it send texts too?
Do you have an API?
What is a webhook?
How many API calls can I make per minute?
How do I create a class with 12 places?
Where do I enter my discount code?
I did not get the verification code
Can I use a promo code on Studio?
Can clients scan a QR code to check in?
Can I build an app on top of your API?
How do I add the booking widget to my website?
Is there a WordPress plugin?
What does error code 429 mean?
Write a reminder text for my clients
Draft a message to my clients about new opening hours
Give me an example of a cancellation policy
Create a booking for tomorrow at 10
How do I make a plan for two locations?
Can I generate reports per employee?
I have a query about my bill
Can you help me write an email to a client who did not show up?
show me how to change my opening hours
Do you have a Python SDK?
How do I get an API key?
My API key was leaked, what now?
I need a function to block days for holidays
Where is the source of this charge?
Is there a function to send a text to all clients?
what's the zip code of your office
How do I test webhooks?
""".splitlines()

PERSON = """\
I want to talk to a person
Can I speak with someone?
human please
let me chat with an agent
get me a human
Is there anybody I can call?
I'd like to speak to your manager
Could somebody ring me back?
Please put me through to your support team
I don't want to chat with a bot
stop, I need a real human being
can a real person look at this
Agent!
How do I reach your support staff?
connect me to customer service
I'd rather deal with a person
what's your support phone number?
Ich will mit einem echten Menschen reden
Kann mich bitte jemand anrufen?
Verbinden Sie mich bitte mit einem Mitarbeiter
Gibt es hier auch echte Mitarbeiter?
Je voudrais parler à quelqu'un
Puis-je avoir un conseiller au téléphone ?
Quiero hablar con alguien
¿Me puede atender una persona?
necesito un agente humano
Pouvez-vous me passer un humain ?
no more bots, give me somebody who understands
Is a human available?
transfer me to an advisor
I would like to be contacted by one of your staff
may I talk with support
""".splitlines()

NO_PERSON = """\
Can I add a person to my team?
How do clients contact me?
Can one person have two calendars?
Are you a human or a bot?
Can staff see each other's calendars?
How do I remove a staff member?
Can clients talk to my staff through the app?
Do you offer phone support on the Free plan?
Can two people book the same slot?
How do I let someone else manage my calendar?
Can I send a message to all clients?
What can a manager do that an agent cannot?
Is there a limit on people per class?
Can a client book for another person?
How do I call the API?
someone booked twice
Is my data seen by any human?
I need to add someone to my account
""".splitlines()

ACCOUNT = """\
Where is invoice 4711?
cancel my account for me
Why was I charged twice this month?
Can you cancel booking 88213?
Please refund my last payment
unlock my account please, I am locked out
What plan am I on?
could you change my email address for me
Move my appointment with Dana to Friday
Did you get my payment from yesterday?
when does my trial end
Please upgrade us to Studio
Delete my account right now
has order #10023 been refunded yet
You billed me 49 euros but I cancelled last month
I want my money back
how much do I owe you
Reset my password for me
Kündigen Sie bitte mein Abo
Warum wurde mir doppelt abgebucht?
Pouvez-vous annuler mon abonnement ?
¿Por qué me cobraron dos veces?
Where is my refund?
is my subscription still active?
Someone hacked into my account
Can you look up my last invoice
Check whether my payment went through
please resend invoice INV-2026-0042
which card do you have on file for me?
I'd like you to delete all my data
""".splitlines()

NO_ACCOUNT = """\
how do I cancel my account?
Can I cancel my subscription at any time?
Where can I find my invoices?
How do I reset my password?
What happens to my data if I cancel?
i cant log in, forgot my pasword
When are payments charged?
Can I get a refund if I cancel mid-month?
How do I change my email address?
Can I change my plan later?
How long does a refund take?
Can clients reschedule their booking?
Do you charge per booking?
Why are payments sometimes declined?
Is there a trial?
What is the 2026 price of Pro?
Do you support 250 bookings per month?
How many bookings can I have on Free?
Can I delete a client's data?
How do I move a booking to another day?
Can you tell me how to delete my account?
Does Pro include invoices?
Can you explain my options for changing plan?
Can you send me reminders by SMS?
Please explain how I can update my card
Can you help me change my opening hours?
""".splitlines()
