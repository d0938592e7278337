"""Our sentences in English, the language that the others are translated from."""

from assistant.words.shape import Words

WORDS = Words(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    moment="{weekday} {day} {month}, {time} ({place})",
    day_join=", ",
    greeting="Hello! What can I help you with?",
    thanks="You are welcome. Did that solve it?",
    ok="Good. Ask away if anything else comes up.",
    bye="Goodbye, and thanks for writing. You can come back to this conversation at any time.",
    other="I am here to help. What would you like to know?",
    unsure=(
        "I am not sure which of the questions above you mean. "
        "Choose the one that fits, or tell me that none of them does."
    ),
    of_course="Of course.",
    no_access=(
        "I have no access to accounts, bookings or payments, so I cannot look that up or change it for you. "
        "A person can."
    ),
    leave_by="Leave your e-mail address below and a person answers by {by}.",
    leave="Leave your e-mail address below and a person answers as soon as possible.",
    reach="You can also reach us here: {contact}.",
    hours="Hours: {hours}.",
    still_here="I am an AI and stay here for everything else.",
    only_approved=(
        "I can only give approved answers at the moment, and none of them fits your question for certain."
    ),
    budget_spent="No AI model can be asked until midnight ({zone}).",
    approved_near=(
        "I can only give approved answers at the moment. One of the questions above may be the one you mean."
    ),
    budget_spent_until="No AI model can be asked about this until {until}.",
    budget_never="No AI model can be asked about this.",
    spent_person="I have given as many answers of this kind as I may; there are more from {until} on.",
    unavailable="No AI model is available at the moment.",
    too_fast="Those were many messages in a short time. You can go on in {wait}.",
    answers_spent=(
        "The AI answers are used up for now; there are more in {wait}. Approved answers and our team "
        "are still there for you."
    ),
    seconds="{n} s",
    minutes="{n} min",
    languages={
        "en": "English",
        "de": "German",
        "fr": "French",
        "es": "Spanish",
        "pt": "Portuguese",
        "ja": "Japanese",
    },
    only_in="This answer exists only in {language}.",
    only_elsewhere="This answer exists only in another language.",
    write_now_by="If you write now, a person answers by e-mail by {by}.",
    write_now="A person answers by e-mail as soon as possible.",
    received_by="Your request no. {number} has reached us. We answer by e-mail to {email} by {by}.",
    received="Your request no. {number} has reached us. We answer by e-mail to {email} as soon as possible.",
    bad_email="Please write an e-mail address such as name@example.com, so that we can answer.",
    no_text="Please write what you would like us to help with.",
    too_long="Please shorten your message: {limit} characters are the most that we can take.",
    too_many="Those were many requests in a short time. Please try again in {minutes} min; your text stays.",
    subject="Your request no. {number} to {name}",
    hello="Hello,",
    you_wrote="What you wrote:",
    conversation="The conversation so far:",
    visitor="You",
    assistant="Assistant",
    staff="Our team",
    answer_here="You can simply answer this e-mail.",
    automatic="This e-mail was sent automatically because somebody left this address in our chat.",
    transcript_subject="Your conversation with {name}",
    transcript="Here is your conversation as it stood when this was sent.",
    transcript_cut="Earlier messages are left out: the last {count} questions are here.",
)
