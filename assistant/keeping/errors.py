"""The one error of backup, restore and upgrade."""


class KeepingError(Exception):
    """Something of the desk's data could not be kept; the message is one sentence for the operator."""
