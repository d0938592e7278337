from dataclasses import asdict, dataclass, field

from common.flat import fields_of


@dataclass(frozen=True)
class Open:
    name: str
    many: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slotted:
    name: str
    many: dict[str, int]


def test_the_fields_are_those_of_asdict_in_its_order_and_share_their_values() -> None:
    for record in (Open("a", {"b": 1}), Slotted("a", {"b": 1})):
        found = fields_of(record)
        assert list(found.items()) == list(asdict(record).items())
        assert found["many"] is record.many
