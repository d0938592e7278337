"""The example's questions from before the desk: what Larkfield Bookings was mailed and asked in a quarter."""

from pathlib import Path

FILE = Path(__file__).with_name("old_questions.csv")
