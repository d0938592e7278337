"""A configuration is published once per change, is what the rows say, and reaches every reader."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from common.versions import read_version
from routing import publishing, snapshot
from routing.catalogue import seed_routing
from routing.config import ConditionSpec, ConfigError, Deadlines, ModelSpec, Price, RouteSpec, RuleSpec, Sla
from routing.models import Condition, ConfigVersion, FlipRecord, LadderStep, Route, Rule


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    publishing.forget()
    yield
    publishing.forget()


@pytest.fixture
def seeded(db: None) -> None:
    seed_routing()


# ---- publishing ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_before_the_first_publish_there_is_nothing_to_run_on() -> None:
    with pytest.raises(publishing.NotPublished, match="seed"):
        publishing.current()
    with pytest.raises(publishing.NotPublished, match="7"):
        publishing.config(7)


@pytest.mark.usefixtures("seeded")
def test_a_version_is_made_only_when_something_changed() -> None:
    first = publishing.publish(by="ana", note="start", settings={"name": "Desk"})
    assert (first.number, read_version("config")) == (1, 1)
    assert publishing.publish(by="ben") == first
    assert (ConfigVersion.objects.count(), read_version("config")) == (1, 1)
    Route.objects.filter(slug="common").update(max_output_tokens=555)
    second = publishing.publish(by="ben")
    assert (second.number, second.routes["common"].max_output_tokens, read_version("config")) == (2, 555, 2)
    assert second.settings == {"name": "Desk"}
    assert publishing.publish(settings={"name": "Other"}).settings == {"name": "Other"}
    row = ConfigVersion.objects.get(number=1)
    assert (row.created_by, row.note, row.sha) == ("ana", "start", first.sha)


@pytest.mark.usefixtures("seeded")
def test_the_snapshot_is_what_the_rows_say() -> None:
    config = publishing.publish()
    assert config.routes["common"].ladder == ("gemini-3.5-flash-lite", "claude-haiku-5-5")
    assert config.routes["faq"].escalates_to == "common"
    assert config.routes["complex"].deadlines.first_text_s == 15
    assert [rule.position for rule in config.rules] == list(range(1, len(config.rules) + 1))
    doubled = config.models["gemini-3.8-flash"].prices
    assert [(price.effective_from, price.input) for price in doubled] == [
        (date(2026, 9, 2), Decimal("0.00000075")),
        (date(2027, 1, 1), Decimal("0.0000015")),
    ]
    stored = ConfigVersion.objects.get(number=config.number)
    assert snapshot.load(stored.number, stored.sha, stored.snapshot) == config


@pytest.mark.usefixtures("seeded")
def test_a_changed_ladder_leaves_a_record_and_a_changed_deadline_does_not() -> None:
    publishing.publish()
    assert FlipRecord.objects.count() == 0
    Route.objects.filter(slug="draft").update(total_s=50)
    publishing.publish()
    assert FlipRecord.objects.count() == 0
    LadderStep.objects.filter(route="complex", position=1).delete()
    config = publishing.publish(by="ana")
    row = FlipRecord.objects.get()
    assert (row.route_slug, row.changed_by, row.config_number) == ("complex", "ana", config.number)
    assert (row.old, row.new) == (["claude-sonnet-5-5", "gemini-3.8-flash"], ["claude-sonnet-5-5"])


@pytest.mark.usefixtures("seeded")
def test_rules_that_cannot_route_every_message_are_refused() -> None:
    publishing.publish()
    with pytest.raises(publishing.CannotPublish, match="last rule"), transaction.atomic():
        Rule.objects.filter(locked=True).update(enabled=False)
        publishing.publish()
    with pytest.raises(publishing.CannotPublish, match="last rule"), transaction.atomic():
        Route.objects.filter(slug="common").update(enabled=False)
        publishing.publish()
    rule = Rule.objects.get(name="Free plan")
    with pytest.raises(publishing.CannotPublish, match=r"Free plan.*is one of"), transaction.atomic():
        Condition.objects.filter(rule=rule).update(value="gold")
        publishing.publish()
    assert ConfigVersion.objects.count() == 1
    assert FlipRecord.objects.count() == 0


@pytest.mark.usefixtures("seeded")
def test_a_rule_that_is_off_or_leads_to_a_route_that_is_off_is_left_out() -> None:
    before = {rule.name for rule in publishing.publish().rules}
    Rule.objects.filter(name="Free plan").update(enabled=False)
    Route.objects.filter(slug="scaffold").update(enabled=False)
    after = {rule.name for rule in publishing.publish().rules}
    assert before - after == {"Free plan", "Small new code"}


# ---- reading ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_readers_keep_the_old_version_until_the_new_one_is_committed(
    django_assert_num_queries: object,
) -> None:
    seed_routing()
    first = publishing.publish()
    assert publishing.current() == first
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert publishing.current() is publishing.config(first.number)
    with transaction.atomic():
        Route.objects.filter(slug="common").update(max_output_tokens=321)
        second = publishing.publish()
        assert publishing.current() == second  # who has published reads the own rows
    assert publishing.current() == second
    assert publishing.config(first.number) == first


@pytest.mark.django_db(transaction=True)
def test_a_publish_that_is_rolled_back_is_forgotten() -> None:
    seed_routing()
    first = publishing.publish()
    with pytest.raises(RuntimeError), transaction.atomic():
        Route.objects.filter(slug="common").update(max_output_tokens=321)
        publishing.publish()
        raise RuntimeError
    assert publishing.current() == first
    assert publishing.refresh() is False
    assert publishing.current() == first


@pytest.mark.django_db(transaction=True)
def test_another_process_notices_by_the_counter() -> None:
    seed_routing()
    publishing.publish()
    old = publishing.current()
    assert publishing.refresh() is False
    reader = publishing._Cache()
    assert reader.newest() == old
    Route.objects.filter(slug="common").update(max_output_tokens=99)
    new = publishing.publish()
    assert reader.newest() == old
    assert reader.refresh(force=False) is True
    assert reader.newest() == new
    assert reader.pinned(old.number) == old
    assert reader.refresh(force=False) is False


@pytest.mark.django_db(transaction=True)
def test_going_back_to_an_old_state_is_a_new_version_that_readers_see() -> None:
    seed_routing()
    reader = publishing._Cache()
    first = publishing.publish()
    assert reader.newest() == first
    for tokens in (99, first.routes["common"].max_output_tokens):
        Route.objects.filter(slug="common").update(max_output_tokens=tokens)
        third = publishing.publish()
    assert (third.number, third.sha) == (3, first.sha)
    assert reader.refresh(force=False) is True
    assert reader.newest().number == 3


# ---- the snapshot as JSON --------------------------------------------------------------------------

amounts = st.decimals(min_value=0, max_value=1, places=12)
names = st.text(alphabet="abcdefgh-.0123456789", min_size=1, max_size=12)
prices = st.builds(
    Price, st.dates(), st.integers(0, 10**6), amounts, amounts, st.none() | amounts, st.none() | amounts
)
models = st.builds(
    ModelSpec,
    id=names,
    provider=names,
    wire=names,
    label=st.text(max_size=9),
    tier=st.sampled_from(["lite", "standard", "heavy"]),
    context_tokens=st.integers(1, 10**7),
    max_output_tokens=st.integers(1, 10**6),
    prices=st.lists(prices, max_size=3).map(tuple),
    answers_as=st.lists(names, max_size=2).map(tuple),
    token_factor=st.floats(0.1, 3),
    released_on=st.none() | st.dates(),
    retires_on=st.none() | st.dates(),
)
routes = st.builds(
    RouteSpec,
    slug=names,
    name=st.text(max_size=9),
    kind=st.sampled_from(["faq", "fixed", "person", "model"]),
    tier=st.just("lite"),
    ladder=st.lists(names, max_size=3).map(tuple),
    instructions=st.text(max_size=30),
    redact=st.booleans(),
    allowed_providers=st.lists(names, max_size=2).map(tuple),
    deadlines=st.builds(Deadlines, *[st.floats(0, 600)] * 4),
    sla=st.builds(
        Sla,
        st.none() | st.integers(0, 10**6),
        error_rate=st.none() | st.floats(0, 1),
        availability=st.none() | st.floats(0, 1),
        period_days=st.sampled_from([1, 7, 28, 30]),
    ),
)
cells = st.builds(ConditionSpec, names, names, st.text(max_size=9))
rules = st.builds(
    RuleSpec,
    st.integers(),
    st.integers(),
    st.text(max_size=9),
    names,
    st.text(max_size=9),
    st.lists(st.lists(cells, max_size=2).map(tuple), max_size=2).map(tuple),
)


@given(
    st.lists(models, max_size=2, unique_by=lambda model: model.id),
    st.lists(routes, max_size=2, unique_by=lambda route: route.slug),
    st.lists(rules, max_size=2),
)
def test_a_configuration_survives_json(
    some: list[ModelSpec], ways: list[RouteSpec], order: list[RuleSpec]
) -> None:
    content = snapshot.dump(some, ways, order, {"name": "ü"})
    text = json.dumps(content)
    config = snapshot.load(4, snapshot.sha_of(content), json.loads(text))
    assert config.models == {model.id: model for model in some}
    assert config.routes == {route.slug: route for route in ways}
    assert config.rules == tuple(order)
    assert snapshot.sha_of(json.loads(text)) == snapshot.sha_of(content)


def test_a_snapshot_of_an_older_release_is_read_as_it_was_meant() -> None:
    content = snapshot.dump([], [RouteSpec("common", "Common", "model", "lite", ("a",))], [], {})
    for name in ("redact", "allowed_providers"):
        del content["routes"][0][name]
    for name in ("total_p99_ms", "escalation_rate", "availability", "period_days"):
        del content["routes"][0]["sla"][name]
    route = snapshot.load(1, "", content).routes["common"]
    assert route.sla == Sla()
    assert (route.redact, route.allowed_providers, route.allows("anybody")) == (False, (), True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format 2"),
        ({"models": [{"id": "x"}]}, "models"),
        ({"routes": None}, "routes"),
        ({"rules": [{"id": 1}]}, "rules"),
        ({"settings": 3}, "settings"),
    ],
)
def test_a_broken_snapshot_names_its_part(change: dict[str, object], says: str) -> None:
    content = snapshot.dump([], [], [], {})
    assert snapshot.load(1, "", content).rules == ()
    with pytest.raises(ConfigError, match=says):
        snapshot.load(1, "", {**content, **change})
