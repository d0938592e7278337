"""The FAQ's pages in the admin."""

from faq.admin.asked import AskedQuestionAdmin
from faq.admin.entries import EntryAdmin
from faq.admin.negatives import NegativeAdmin

__all__ = ["AskedQuestionAdmin", "EntryAdmin", "NegativeAdmin"]
