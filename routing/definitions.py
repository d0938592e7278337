"""What every figure on the metrics page means, in one place for its hovers and for docs/metrics.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """A figure's name in the markup, its heading, its unit, and its meaning in plain words."""

    name: str
    label: str
    unit: str
    text: str
    short: str = ""

    @property
    def heading(self) -> str:
        """Return what heads its column in the wide table."""
        return self.short or self.label


_ALL = (
    Definition(
        "requests",
        "Requests",
        "replies",
        "Replies that ended in the period, however they ended. A retry, an escalation and a choice under "
        "“did you mean” make a reply of their own.",
    ),
    Definition("share", "Share", "%", "This route's requests as a share of the requests of all routes."),
    Definition(
        "first_text_p50",
        "First text p50",
        "ms",
        "Half of the replies showed their first text within this time from sending. A reply that never "
        "showed any counts with its whole wait.",
    ),
    Definition(
        "first_text_p95",
        "First text p95",
        "ms",
        "95 of 100 replies showed their first text within this time. Needs 20 replies.",
    ),
    Definition(
        "first_text_p99",
        "First text p99",
        "ms",
        "99 of 100 replies showed their first text within this time. Needs 100 replies.",
    ),
    Definition(
        "total_p50",
        "Total p50",
        "ms",
        "Half of the replies had ended within this time from sending. Failed and stopped ones count.",
    ),
    Definition(
        "total_p95", "Total p95", "ms", "95 of 100 replies had ended within this time. Needs 20 replies."
    ),
    Definition(
        "total_p99", "Total p99", "ms", "99 of 100 replies had ended within this time. Needs 100 replies."
    ),
    Definition(
        "queue_p95",
        "Queueing p95",
        "ms",
        "95 of 100 replies waited at most this long for their turn before anything was done for them. Needs "
        "20 replies.",
    ),
    Definition(
        "match_p95",
        "FAQ matching p95",
        "ms",
        "In 95 of 100 replies, looking for an approved answer took at most this long. Needs 20 replies "
        "whose question was matched.",
    ),
    Definition(
        "input_tokens",
        "Input tokens",
        "tokens",
        "Tokens of all prompts, as the providers counted them, over every attempt, failed ones included.",
    ),
    Definition(
        "output_tokens",
        "Output tokens",
        "tokens",
        "Tokens written by the models and billed, thinking included, over every attempt.",
    ),
    Definition(
        "cost",
        "Cost",
        "USD",
        "What all attempts of these replies cost at the catalogue's prices of the day.",
    ),
    Definition(
        "cost_per_1000",
        "Cost per 1,000",
        "USD",
        "Cost divided by requests, times 1,000: what a thousand replies of this route cost.",
    ),
    Definition(
        "errors",
        "Errors",
        "replies",
        "Replies that ended as failed: after every fallback the visitor still had no proper answer. Replies "
        "without an answer because a budget was spent are not counted.",
    ),
    Definition(
        "out_of_budget",
        "Out of budget",
        "replies",
        "Replies that got no answer because a budget was spent: what staff have decided, so neither an "
        "error nor part of the error rate.",
    ),
    Definition(
        "truncations",
        "Truncations",
        "replies",
        "Replies whose text broke off before the model's own end mark or at its length limit, even if it "
        "was then continued. Visitors who left or pressed Stop are not counted.",
    ),
    Definition(
        "fallbacks",
        "Fallbacks",
        "replies",
        "Replies in which another model had to step in because the one before failed.",
    ),
    Definition(
        "cached",
        "From the store",
        "replies",
        "Replies that were given an answer stored earlier: no model was asked, and they cost nothing.",
    ),
    Definition(
        "escalated_before",
        "Sent to the heavy tier at once",
        "replies",
        "First replies that the rules sent to a route of the heavy tier, before anything was shown.",
        "Heavy at once",
    ),
    Definition(
        "escalated_after",
        "Escalated after an answer",
        "replies",
        "Answers of this route that were shown and did not do, so that a larger model was asked under them.",
        "Escalated after",
    ),
    Definition(
        "handoffs_failed",
        "Handoffs failed",
        "replies",
        "After these answers a visitor asked for a person in the chat, and nobody came in time or whoever "
        "had it was gone. The request went on by e-mail where there was an address.",
    ),
    Definition("thumbs_up", "Thumbs up", "replies", "Replies that visitors marked as good."),
    Definition("thumbs_down", "Thumbs down", "replies", "Replies that visitors marked as bad."),
    Definition(
        "grounded",
        "Grounded",
        "%",
        "Share of the answers that were judged of which four in five sentences stand in the passages they "
        "were given, with the bounds that hold in 95 of 100 cases. Needs 20 judged answers.",
    ),
    Definition(
        "target",
        "Target",
        "",
        "Whether the route kept each target set for it in this period: first text at p95, total time at p95 "
        "and p99, error, truncation and escalation rate, availability. Said only from 20 replies on, of a "
        "p99 from 100.",
    ),
    Definition(
        "heavy_cost",
        "On the heavy model alone",
        "USD",
        "What the same tokens would have cost at the heavy model's uncached price. For replies without a "
        "model: the prompt it would have read and the text that was shown, both estimated.",
        "Heavy alone",
    ),
)

DEFINITIONS = {item.name: item for item in _ALL}

# By what answers were found wanting, in a table of their own: names as in `routing.evidence`.
_KINDS = (
    Definition("visitor", "Asked for more", "replies", "The visitor pressed the button for a larger model."),
    Definition(
        "thumbs_down",
        "Thumbs down",
        "replies",
        "The visitor gave a thumbs-down, and the next tier was asked at once or with the next message.",
    ),
    Definition(
        "cannot_help",
        "Said it cannot help",
        "replies",
        "The answer itself said that it cannot help, and the next tier was asked at once.",
    ),
    Definition(
        "unsupported",
        "Without support",
        "replies",
        "Less of the answer stood in its passages than the route asks for, and the next tier was asked at "
        "once.",
    ),
    Definition(
        "re_ask",
        "Asked again",
        "replies",
        "The visitor's next message asked the same again, and the rules sent it to a larger tier.",
    ),
    Definition(
        "did_not_help",
        "Did not help",
        "replies",
        "The visitor's next message said that the answer did not help, and the rules sent it to a larger "
        "tier.",
    ),
)
ESCALATIONS = {item.name: item for item in _KINDS}

# How matters stand after answers, side by side and never one number: names as in `routing.tally`.
_RESOLUTIONS = (
    Definition("confirmed", "Confirmed", "replies", "The visitor said that it solved the matter."),
    Definition(
        "assumed",
        "Assumed",
        "replies",
        "Nothing was said against the answer for some hours. That is no proof: some give up without a word.",
    ),
    Definition(
        "re_asked",
        "Asked again",
        "replies",
        "The visitor's next message asked the same again, or said that the answer did not help.",
    ),
    Definition("escalated", "Escalated", "replies", "A larger model was asked under the answer."),
    Definition("handed_off", "Handed off", "replies", "The visitor then asked for a person."),
    Definition(
        "unsolved",
        "Unsolved",
        "replies",
        "The visitor said that it did not solve the matter, or gave a thumbs-down.",
    ),
    Definition(
        "no_answer", "No answer", "replies", "There was none: the reply failed, was refused, or was stopped."
    ),
    Definition("open", "Open", "replies", "It is too early to say."),
)
RESOLUTIONS = {item.name: item for item in _RESOLUTIONS}
