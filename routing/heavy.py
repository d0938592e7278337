"""What a reply would have cost on the heavy model alone: the figure that tiers are judged by."""

from datetime import date

from routing.config import Config, ModelSpec
from routing.cost import price_of
from routing.events import UsageReport


def heavy_model(config: Config) -> ModelSpec | None:
    """Return the first allowed model on the ladder of the first heavy route, None without one."""
    for route in config.routes.values():
        if route.kind == "model" and route.tier == "heavy" and route.enabled:
            for model_id in route.ladder:
                model = config.models.get(model_id)
                if model is not None and route.allows(model.provider):
                    return model
    return None


def heavy_cost(config: Config, input_tokens: int | None, output_tokens: int | None, on: date) -> int | None:
    """Return pico-USD for these tokens at the heavy model's uncached price; None when unknown."""
    model = heavy_model(config)
    if model is None or input_tokens is None or output_tokens is None:
        return None
    return price_of(model, UsageReport(input_tokens=input_tokens, output_tokens=output_tokens), on)
