"""A rule set from draft to version and back: what runs, what is shown, who may, and what is refused."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assistant.pipeline import ConversationFacts, consider
from common.clock import now
from routing import publishing, rule_sets, setup
from routing.models import (
    CatalogueModel,
    Condition,
    ConfigVersion,
    FlipRecord,
    LadderStep,
    ModelPrice,
    Route,
    Rule,
)
from routing.presets import Proposal, RoutePlan
from tests.admin.conftest import SignIn
from tests.admin.pages import form_of, publish_draft, words_of

PUBLISH = reverse("admin:rule_set")
RULES = reverse("admin:routing_rule_changelist")
VERSIONS = reverse("admin:routing_configversion_changelist")
QUESTION = "Does it send texts too?"


def back(number: int) -> str:
    return reverse("admin:rule_set_back", args=[number])


def route_of(text: str) -> str:
    publishing.refresh()
    return consider(text, ConversationFacts(), publishing.current()).route.slug


def as_a_browser(form: dict[str, Any]) -> dict[str, Any]:
    """Return a form with the line ends that a browser sends."""
    return {
        name: "\r\n".join(value.splitlines()) if isinstance(value, str) else value
        for name, value in form.items()
    }


def send_texts_to(route: str) -> Rule:
    """Write a rule into the draft, as its form does."""
    rule = Rule.objects.create(position=0, name="Texts", route_id=route, reason="About text messages.")
    Condition.objects.create(rule=rule, signal="words", operator="contains", value="texts")
    return rule


def common_steps(*models: str) -> None:
    LadderStep.objects.filter(route_id="common").delete()
    for place, model in enumerate(models):
        LadderStep.objects.create(route_id="common", position=place, model_id=model)


def test_a_rule_waits_is_refused_mended_published_and_taken_back(admin: Client) -> None:
    assert route_of(QUESTION) == "common"
    send_texts_to("complex")
    common_steps("claude-haiku-5-5", "claude-haiku-4-5-20251001")
    assert route_of(QUESTION) == "common", "a draft answers nobody"
    assert "2 unpublished changes." in words_of(admin.get(RULES))

    page = words_of(admin.get(PUBLISH))
    assert "Texts is new, in place 1" in page
    assert "message: contains any of “texts” → Complex" in page
    assert "asks other models, or in another order" in page
    assert "may not fit" in page and "To mend first" in page
    form = form_of(admin.get(PUBLISH))
    refused = words_of(admin.post(PUBLISH, {**form, "publish": ""}, follow=True))
    assert "Nothing was published" in refused and "may not fit" in refused
    assert (route_of(QUESTION), ConfigVersion.objects.count()) == ("common", 1)

    common_steps("claude-haiku-4-5-20251001", "claude-haiku-5-5")
    elsewhere = publishing._Cache()  # what another process holds
    assert elsewhere.newest().number == 1
    done = words_of(publish_draft(admin, "Texts need thought"))
    assert "Published as version 2" in done and "unpublished" not in done
    assert route_of(QUESTION) == "complex"
    newest = ConfigVersion.objects.latest("number")
    assert (newest.created_by, newest.note) == ("admin", "Texts need thought")
    kept = FlipRecord.objects.filter(config_number=2).values_list("route_slug", "kind")
    assert sorted(kept) == [("all", "rules"), ("common", "model")]
    assert elsewhere.refresh(force=False), "noticed by the counter, which each process reads twice a second"
    assert consider(QUESTION, ConversationFacts(), elsewhere.newest()).route.slug == "complex"

    versions = words_of(admin.get(VERSIONS))
    assert "Texts is new, in place 1" in versions and "Back to 1" in versions and "In force" in versions
    shown = admin.get(back(1))
    assert "Texts is removed" in words_of(shown)
    undone = words_of(admin.post(back(1), {**form_of(shown), "publish": ""}, follow=True))
    assert "Version 3 has the rules and routes of version 1" in undone
    assert route_of(QUESTION) == "common"
    assert not Rule.objects.filter(name="Texts").exists(), "the draft became it as well"
    assert rule_sets.unpublished() == []
    latest = ConfigVersion.objects.latest("number")
    assert (latest.number, latest.note, latest.sha) == (
        3,
        "Back to version 1",
        ConfigVersion.objects.get(number=1).sha,
    )


def test_a_discarded_draft_is_what_is_published(admin: Client) -> None:
    """Everything a draft can do is done, and undone: added, removed, moved, off, a route gone, one new."""
    before = publishing.draft_content()
    Rule.objects.filter(name="Free plan").delete()
    Rule.objects.filter(name="Small talk").update(enabled=False, position=99, name="Chat")
    Route.objects.create(
        slug="own", name="Own", meaning="x", kind="fixed", tier="none", escalates_to_id="common"
    )
    send_texts_to("own")
    Rule.objects.filter(name="New code").update(route_id="common")
    Rule.objects.filter(route_id="scaffold").delete()
    Route.objects.filter(pk="scaffold").delete()
    Route.objects.filter(pk="long").update(total_s=7, daily_budget_usd="1.5", redact=False)
    common_steps("claude-haiku-5-5")
    Condition.objects.filter(rule__name="Known question").first().delete()  # type: ignore[union-attr]
    kinds = {(change.part, change.kind) for change in rule_sets.unpublished()}
    assert kinds >= {("rule", kind) for kind in ("added", "removed", "changed")} | {
        ("route", kind) for kind in ("added", "removed", "changed")
    }
    shown = form_of(admin.get(PUBLISH)) | {"discard": ""}
    asked = admin.post(PUBLISH, shown)
    assert "Tick that the draft may go" in words_of(asked) and rule_sets.unpublished()
    assert "sure" not in form_of(asked), "one click discards nothing"
    said = words_of(admin.post(PUBLISH, {**shown, "sure": "on"}, follow=True))
    assert "Discarded" in said and "unpublished" not in said
    assert publishing.draft_content() == before
    assert ConfigVersion.objects.count() == 1


def test_a_form_saved_as_it_was_opened_changes_nothing(admin: Client) -> None:
    """The line ends of a browser are no edit: of no route, and not of the assistant's settings."""
    Route.objects.filter(pk="common").update(instructions="One line.\r\nAnother one. \n")
    publish_draft(admin)
    config = publishing.current()
    assert "\n" in config.routes["complex"].instructions, "or nothing is tried here"
    for slug in config.routes:
        address = reverse("admin:routing_route_change", args=[slug])
        admin.post(address, as_a_browser(form_of(admin.get(address))))
    assert rule_sets.unpublished() == []
    assert Route.objects.get(pk="common").instructions == "One line.\nAnother one."
    settings_page = reverse("admin:assistant_assistantsettings_change", args=[1])
    texts = {"house_instructions": "Be brief. \r\nBe kind.", "closed_on": "12-24\r\n12-25"}
    admin.post(settings_page, form_of(admin.get(settings_page)) | texts)
    number = publishing.current().number
    assert publishing.current().settings["house_instructions"] == "Be brief.\nBe kind."
    admin.post(settings_page, as_a_browser(form_of(admin.get(settings_page))))
    assert publishing.current().number == number
    admin.post(address, form_of(admin.get(address)) | {"meaning": "Another one"})
    assert len(rule_sets.unpublished()) == 1, "and an edit is one"


def test_what_is_off_is_kept_in_a_version_and_comes_back_off(admin: Client) -> None:
    Rule.objects.filter(name="Free plan").update(enabled=False)
    publish_draft(admin)
    Rule.objects.filter(name="Free plan").delete()
    publish_draft(admin)
    shown = admin.get(back(2))
    assert "Free plan is new" in words_of(shown) and "switched off" in words_of(shown)
    admin.post(back(2), {**form_of(shown), "publish": ""})
    row = Rule.objects.get(name="Free plan")
    assert (row.enabled, row.conditions.count(), row.position) == (False, 1, 10)


def test_settings_and_prices_are_published_without_the_draft(admin: Client) -> None:
    send_texts_to("complex")
    settings_page = reverse("admin:assistant_assistantsettings_change", args=[1])
    admin.post(settings_page, form_of(admin.get(settings_page)) | {"name": "Mara"})
    row = CatalogueModel.objects.get(pk="claude-haiku-5-5")
    address = reverse("admin:routing_cataloguemodel_change", args=[row.pk])
    admin.post(address, form_of(admin.get(address)) | {"label": "Our Haiku"})
    config = publishing.current()
    assert (config.settings["name"], config.models[row.pk].label) == ("Mara", "Our Haiku")
    assert (route_of(QUESTION), config.number) == ("common", 3)
    assert len(rule_sets.unpublished()) == 1
    publish_draft(admin)
    assert (route_of(QUESTION), publishing.current().settings["name"]) == ("complex", "Mara")


def test_a_model_on_a_published_ladder_is_not_deleted_behind_it(admin: Client) -> None:
    LadderStep.objects.filter(model_id="gemini-3.5-flash-lite").delete()
    address = reverse("admin:routing_cataloguemodel_delete", args=["gemini-3.5-flash-lite"])
    refused = words_of(admin.post(address, {"post": "yes"}, follow=True))
    assert "Nothing was changed." in refused and "is on the published ladder" in refused
    assert CatalogueModel.objects.filter(pk="gemini-3.5-flash-lite").exists()
    publish_draft(admin)
    admin.post(address, {"post": "yes"})
    assert not CatalogueModel.objects.filter(pk="gemini-3.5-flash-lite").exists()
    shown = admin.get(back(1))
    gone = words_of(admin.post(back(1), {**form_of(shown), "publish": ""}, follow=True))
    assert "is no longer in the catalogue" in gone
    assert publishing.current().number == ConfigVersion.objects.latest("number").number == 3


@pytest.mark.parametrize("spoil", ["price", "retired"])
def test_a_missing_price_and_a_retired_model_refuse_until_mended(admin: Client, spoil: str) -> None:
    if spoil == "price":
        ModelPrice.objects.filter(model_id="claude-haiku-5-5").delete()
    else:
        CatalogueModel.objects.filter(pk="claude-haiku-5-5").update(retires_on=now().date())
    send_texts_to("complex")
    page = words_of(admin.get(PUBLISH))
    assert ("enter one under Models" if spoil == "price" else "was retired on") in page
    assert "cannot be published before the above is mended" in page
    with pytest.raises(rule_sets.CannotPublish, match="Haiku"):
        rule_sets.publish("admin", "", rule_sets.review().seen)
    LadderStep.objects.filter(model_id="claude-haiku-5-5").delete()
    assert "Published as version 2" in words_of(publish_draft(admin))


def test_who_publishes_has_seen_what_is_published(support: Client, sign_in: SignIn) -> None:
    """Two people with the same page open: the second is shown what the first did, and nothing is lost."""
    rule = send_texts_to("complex")
    first, second = form_of(support.get(PUBLISH)), form_of(sign_in("admin").get(PUBLISH))
    support.post(PUBLISH, {**first, "publish": ""})
    late = words_of(sign_in("admin").post(PUBLISH, {**second, "publish": ""}, follow=True))
    assert "Somebody has changed or published something meanwhile" in late
    assert ConfigVersion.objects.count() == 2

    Rule.objects.filter(pk=rule.pk).update(route_id="code")
    shown = form_of(support.get(PUBLISH))
    Rule.objects.filter(pk=rule.pk).update(route_id="person")
    for act in ("publish", "discard"):
        answer = support.post(PUBLISH, {**shown, "note": "Mine", "sure": "on", act: ""}, follow=True)
        assert "Look at it once more" in words_of(answer)
        assert form_of(answer)["note"] == "Mine", "what was typed is kept beside the new difference"
        assert form_of(answer)["seen"] == rule_sets.review().seen
    assert route_of(QUESTION) == "complex"
    assert Rule.objects.get(pk=rule.pk).route_id == "person"
    publish_draft(support)
    assert route_of(QUESTION) == "person"


def test_support_publishes_rules_and_not_ladders_and_a_manager_reads(sign_in: SignIn) -> None:
    support, manager = sign_in("support"), sign_in("manager")
    send_texts_to("complex")
    assert "Published as version 2" in words_of(publish_draft(support))
    common_steps("claude-haiku-5-5")
    shown = support.get(PUBLISH)
    assert "somebody who may edit routes has to publish this" in words_of(shown)
    seen = {"seen": rule_sets.review().seen}
    assert support.post(PUBLISH, {**seen, "publish": ""}).status_code == 403
    assert support.post(PUBLISH, {**seen, "discard": ""}).status_code == 403
    assert ConfigVersion.objects.count() == 2

    versions = words_of(manager.get(VERSIONS))
    assert "Texts is new" in versions and "Back to" not in versions
    one = manager.get(reverse("admin:routing_configversion_change", args=[1]))
    assert one.status_code == 200 and "Back to" not in words_of(one)
    for address in (PUBLISH, back(1)):
        assert manager.get(address).status_code == 403
        assert manager.post(address, {**seen, "publish": ""}).status_code == 403
    assert "Back to 1" in words_of(support.get(VERSIONS))


def test_there_is_no_way_back_to_what_never_was(admin: Client) -> None:
    assert admin.get(back(99)).status_code == 404
    same = words_of(admin.get(back(1)))
    assert "Its rules and routes are those of today." in same and "Go back to version 1" in same
    seen: dict[str, Any] = {"seen": rule_sets.review_back(1).seen, "publish": ""}
    admin.post(back(1), seen)
    assert ConfigVersion.objects.count() == 1, "nothing changed, so nothing is numbered"


def test_own_models_are_not_set_up_over_an_unseen_draft(seeded: None) -> None:
    plan = RoutePlan("common", "Common", publishing.current().routes["common"].ladder, ("claude-haiku-5-5",))
    proposal = Proposal("one", "claude-haiku-5-5", "claude-haiku-5-5", (plan,))
    rule = send_texts_to("complex")
    with pytest.raises(publishing.CannotPublish, match="publish or discard them first"):
        setup.apply(proposal, "me")
    rule.delete()
    config = setup.apply(proposal, "me")
    assert config is not None and config.routes["common"].ladder == ("claude-haiku-5-5",)


def test_a_seed_and_an_upgrade_leave_a_draft_a_draft(seeded: None) -> None:
    from django.core.management import call_command

    from assistant.keeping.steps import _catalogue
    from routing.catalogue import FILE

    send_texts_to("complex")
    call_command("seed", verbosity=0)
    assert route_of(QUESTION) == "common"
    assert "1 changes of rules and routes stay a draft" in _catalogue(FILE).replace("1 change ", "1 changes ")
    assert route_of(QUESTION) == "common"
    assert len(rule_sets.unpublished()) == 1
