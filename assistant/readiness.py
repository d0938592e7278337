"""What has to be there before this process should be sent visitors, each check in plain words."""

from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection

from assistant import process
from common.redis import RedisGone, sync_client
from faq import index
from faq.embedder import known_absence
from routing import publishing
from routing.ladder import steps_of
from routing.providers import registry


@dataclass(frozen=True)
class Check:
    """One condition; `detail` says what is wrong, or what was looked at."""

    name: str
    ok: bool
    detail: str


def check_process() -> Check:
    """Check that this process has not been asked to end: its balancer should look elsewhere first."""
    stays = not process.leaving()
    return Check("process", stays, "serves" if stays else "is about to end")


def check_database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Check("database", False, type(error).__name__)
    return Check("database", True, connection.vendor)


def check_redis() -> Check:
    if not settings.REDIS_URL:
        return Check("redis", True, "not configured")
    client = sync_client(settings.REDIS_URL)
    try:
        client.ping()
    except RedisGone as error:
        return Check("redis", False, type(error).__name__)
    finally:
        client.close()
    return Check("redis", True, "answers")


def check_index() -> Check:
    ready = index.ready()
    return Check("faq_index", ready, "loaded" if ready else "not loaded yet")


def check_semantic_half() -> Check:
    """Say whether this process compares questions by their meaning; without that it serves as well."""
    missing = known_absence()
    if missing:
        return Check("faq_semantic_half", True, f"the lexical half works alone. {missing}")
    return Check("faq_semantic_half", True, "loaded" if missing == "" else "not loaded yet")


def check_ladders() -> Check:
    """Check that each enabled model route has at least one model that can be asked."""
    try:
        config = publishing.current()
    except (publishing.NotPublished, DatabaseError) as error:
        return Check("ladders", False, str(error))
    routes = [route for route in config.routes.values() if route.kind == "model" and route.enabled]
    stuck = [route.slug for route in routes if not steps_of(registry.ladder(route, config.models))]
    if not routes:
        return Check("ladders", False, "no model route is published")
    if stuck:
        return Check("ladders", False, f"no usable model on: {', '.join(stuck)}")
    return Check("ladders", True, f"{len(routes)} routes")


def all_checks() -> tuple[Check, ...]:
    """Run every check; without a database the ones that need it are not tried."""
    first = (check_process(), check_database())
    if not first[1].ok:
        return (*first, check_redis())
    return (*first, check_redis(), check_index(), check_semantic_half(), check_ladders())


def own_checks() -> tuple[Check, ...]:
    """Run the checks in which one web process can differ from the next: what a balancer has to know.

    Without Redis or a model all processes are alike; taking every one of them away would only keep
    visitors from the FAQ and from the way to a person.
    """
    return (check_process(), check_index())
