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
Can you provide me with a function in Java that signs requests?
I am looking for a PHP class that wraps your API
Show how to handle a booking.cancelled webhook in Express
Please convert the Python snippet from the article to Go
Write a unit test that checks signature verification
Our Django view rejects every webhook with 403, can you see why?
Is this the right way to build the Authorization header? headers = {"Authorization": "Bearer " + key}
I need sample JavaScript for opening the widget in a modal
Could you generate a PowerShell script for a nightly export?
What's the correct regex for a booking id?
Why does this return an empty list: client.list_bookings(from_=today)
Give me a quick Python one-liner to count today's bookings
Make a Google Apps Script which mails me each new booking
My signature comparison never matches, here is the code
how do I loop over all pages of /v1/bookings in TypeScript
Please debug my webhook code
can you give me a template for a Node webhook server
Write me SQL that finds clients without a booking in 6 months
My React app shows CORS errors when it calls your API
help me to write a program that sends the bookings to our ERP
I want code that checks availability every minute
how to deserialize the webhook payload into a C# object
Could you rewrite this with async/await?
Do you have example code for idempotency keys?
the script from your guide fails at line 14
I'd like a short bash script that backs up my clients
Explain why my fetch request is blocked
Code for embedding the calendar in Vue please
Build a tiny CLI in Python to create bookings
What should my endpoint return so that you stop retrying? right now it returns res.sendStatus(200)
fix my html, the widget does not show up
Could you show the PHP needed to call the bookings endpoint?
I'd like a Node.js sample that subscribes to booking.created
Any chance of a C# example for the clients API?
Can your team supply a sample integration in Java?
how would one check the signature header in Go?
Please produce a JavaScript function for parsing the webhook body
can you code me something that exports bookings every night
a Python script to download all invoices would be great
Could you please help me write a query that counts no-shows in SQL
write code for pagination
Show me an API request that creates a client
Give an example payload for the booking.cancelled event
I am getting 401 Unauthorized from GET /v1/bookings with this header, what did I do wrong?
My code for refreshing the token does not work
Why is this regex not matching booking ids? ^bk_[0-9]+$
what is wrong with my axios call
the hash my function calculates differs from the Larkfield-Signature
can you optimise this query
explain the code in your webhook article
I copied your sample code and it raises KeyError
generate typescript types from your API
Make me a shell script that pings the API
how to fetch availability using jQuery
implement HMAC check in Rust
code sample please
Could I have a snippet for embedding the calendar with a preset service?
Need help with my Python integration, requests returns 403
Provide boilerplate for a Laravel webhook controller
Can you turn this cURL into Python requests?
hey guys, does anyone have a little bit of js that opens the booking popup on click?
We'd need sample requests for the new invoices endpoint
trying to hit /v1/clients with axios but I always end up with 403
What would the webhook handler look like in Spring Boot?
my cron script stopped pulling bookings this morning
please provide working code that creates a booking and handles the 409
I have this: for b in bookings: print(b.id) and it prints nothing
how can I write a test for my webhook?
Sketch a small Go program listing free slots
can u write a zap code step that formats the start time
give me the SQL schema for storing your webhook events
what does 'const slots = await api.slots()' return
I keep getting "signature mismatch" in my Express middleware
Need a formula or script in Google Sheets that pulls my bookings
help, this Python throws KeyError: 'data'
Which lines do I have to change in this snippet to show only Pilates?
translate the PHP example from your docs to Ruby
create a Postman collection for your API
Could you write the JSON body for updating a client?
how do I decode the JWT you send, in Python
is there any code I can copy for the embed button?
Write a batch file that calls the export every night
Can I have an async version of the listing code?
I wrote a little Rust client and deserialising the booking fails
give a minimal example of pagination with the API
My function verify() always returns false
how to send a POST to create a client using fetch
implement retry with backoff for 429 responses
""".splitlines()

NO_CODE = """\
How do I configure the webhook of the API?
How do I install the plugin and connect it to the API?
Can you verify my payment method?
Wie richte ich die Schnittstelle ein?
Comment activer les webhooks ?
Avez-vous un programme de fidélité ?
¿Cómo configuro el webhook?
Quiero una consulta con el médico
Ich suche den Kurs von gestern
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
Is the API included in the Free plan?
How do I rotate the webhook secret?
Which events can webhooks send?
Where can I see failed webhook deliveries?
Why did my webhook get paused?
Do you have documentation for the API?
Can I restrict an API key to read only?
Does the widget slow down my website?
Which fields does a booking have in the API?
Do you have a sandbox environment?
Is there a Zapier integration?
The integration with Google Calendar stopped working
My booking widget is broken on mobile
I get an error when I save my opening hours
Create a template for reminder mails
Make a package of five massages
Write a description for our body wrap treatment
How do I send a test reminder?
Can I request a token of appreciation from clients?
The client gets an error 404 on the booking page
Can I give a client a sample product with the booking?
Our app shows null instead of the price
Set up a loyalty program for my clients
Design a nice booking page for me
How do I share my booking link?
Draft a response to a bad review
Provide an example of a good cancellation policy
Can you help with Ruby's calendar?
Generate a report of no-shows
How do I create a yoga class with a waiting list?
the page says payment failed, error 402
Can I show prices in the booking form?
How do I change the language of the booking page?
What programming languages do you support?
Can clients cancel with a code?
How do I export JSON?
""".splitlines()

PERSON = """\
is there a person I can talk to?
Mensch bitte
Mitarbeiter
einen Mitarbeiter bitte
Kundenservice bitte
Gibt es hier einen Ansprechpartner?
Kann ich einen Menschen sprechen?
un humain s'il vous plaît
un conseiller svp
agent humain
un humano por favor
agente
Quiero hablar con atención al cliente
um humano por favor
atendente
me liga por favor
オペレーターお願いします
オペレーター
人間のサポートをお願いします
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
I would like that somebody of your team calls me back, thank you
I'd appreciate it if someone contacted me about this
Quero falar com uma pessoa
Gostaria de falar com um atendente, por favor
Podem ligar-me amanhã?
Não quero falar com um robô
Preciso de um atendente humano
Me passe para um atendente
人と話したいです
担当者につないでください
オペレーターに代わってください
有人対応をお願いします
電話してください
スタッフと直接話せますか
Kann ich bitte mit einem Mitarbeiter sprechen?
J'aimerais un conseiller, s'il vous plaît
¿Puedo hablar con un agente?
""".splitlines()

NO_PERSON = """\
can a person book for two?
is there a person limit
Kann eine Person für zwei buchen?
Kann ich einen Mitarbeiter haben, der auch bucht?
Gibt es einen Berater-Tarif?
Une personne peut-elle réserver pour deux ?
¿Puede una persona reservar para dos?
Uma pessoa pode reservar para duas?
me liga o alarme
大人2人をお願いします
2人お願いします
スタッフを追加したい
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
can a person book two slots?
how do I add a person to my team?
What if a client calls me back about a booking?
I would like that somebody of my team sees the calendar
I want a person to appear twice in the list
Kann eine Person zwei Termine buchen?
Wie füge ich meinem Team eine Person hinzu?
Une personne peut-elle réserver deux créneaux ?
Comment ajouter une personne à mon équipe ?
¿Puede una persona reservar dos citas?
¿Cómo agrego una persona a mi equipo?
Uma pessoa pode marcar dois horários?
Como adiciono uma pessoa à minha equipe?
Quero uma pessoa por marcação
一人で二つの予約ができますか
チームに人を追加するにはどうすればいいですか
スタッフに連絡先を表示できますか
予約を担当者に割り当てるには?
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
