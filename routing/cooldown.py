"""Models that asked not to be called for a while, in this process."""

from collections.abc import Iterable

MAX_REST_S = 60.0  # a provider that says "retry in 10 h" is asked again after a minute all the same
DEFAULT_REST_S = 5.0  # for a rate limit without a time; most windows are a minute, most bursts shorter


class Cooldowns:
    """Remembers until when each model rests; times are monotonic seconds handed in by the caller."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def rest(self, provider: str, model: str, wish: float | None, now: float) -> None:
        """Let a model rest for as long as its provider wishes, at most MAX_REST_S."""
        seconds = DEFAULT_REST_S if wish is None else min(wish, MAX_REST_S)
        self._until[provider, model] = now + seconds

    def resting(self, provider: str, model: str, now: float) -> bool:
        """Return whether a model still rests."""
        return self._until.get((provider, model), 0.0) > now

    def among(self, models: Iterable[tuple[str, str]], now: float) -> frozenset[str]:
        """Return the ids of those (provider, model id) that rest."""
        return frozenset(model for provider, model in models if self.resting(provider, model, now))

    def clear(self) -> None:
        """Forget all."""
        self._until.clear()


COOLDOWNS = Cooldowns()
