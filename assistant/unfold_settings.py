"""How the admin looks and what each role finds in its sidebar."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

Gate = Callable[[HttpRequest], bool]


def has(permission: str) -> Gate:
    """Return a callable that says whether the request's user has `permission`."""

    def gate(request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    return gate


def _item(title: str, icon: str, url: str, permission: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{url}"), "permission": has(permission)}


def _stylesheet(request: HttpRequest) -> str:
    return static("desk_admin/admin.css")


def _script(request: HttpRequest) -> str:
    return static("desk_admin/named.js")


def _icon(request: HttpRequest) -> str:
    return static("desk_admin/icon.svg")


DAILY_WORK = [
    {"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")},
    {
        **_item("Inbox", "inbox", "inbox", "assistant.use_inbox"),
        "badge": "assistant.admin.inbox.waiting",
    },
    {
        **_item("Requests", "support_agent", "assistant_request_changelist", "assistant.view_request"),
        "badge": "assistant.admin.requests.new_requests",
    },
    _item("Conversations", "forum", "assistant_conversation_changelist", "assistant.view_conversation"),
    _item("FAQ", "menu_book", "faq_entry_changelist", "faq.view_entry"),
    {
        **_item("Review", "rate_review", "faq_review", "faq.change_entry"),
        "badge": "faq.admin.review.open_groups",
    },
    _item("FAQ health", "monitor_heart", "faq_health", "faq.view_entry"),
    _item("Not for the FAQ", "block", "faq_negative_changelist", "faq.view_negative"),
    _item("What people ask", "groups", "flows", "assistant.view_flow_figures"),
    _item("Old questions", "inventory_2", "old_questions", "assistant.view_flow_figures"),
    _item("Asked questions", "quiz", "faq_askedquestion_changelist", "faq.view_askedquestion"),
    _item("FAQ confidence", "target", "faq_confidence", "faq.view_calibration"),
    _item("Rules", "rule", "routing_rule_changelist", "routing.view_rule"),
    _item("Versions", "history", "routing_configversion_changelist", "routing.view_configversion"),
    _item("Try a question", "science", "try", "assistant.try_question"),
    _item("Transfer cases", "checklist", "routing_transfercase_changelist", "routing.view_transfercase"),
    _item("Backtests", "replay_30", "backtests", "assistant.view_backtestrun"),
    _item("Rehearse an outage", "emergency", "rehearse", "assistant.try_question"),
]
FIGURES = [
    _item("Metrics", "monitoring", "metrics", "routing.view_metrics"),
    _item("People", "headset_mic", "inbox_figures", "assistant.view_inbox_figures"),
    _item("Service levels", "verified", "service_levels", "routing.view_servicelevels"),
    _item("Changes", "swap_vert", "routing_fliprecord_changelist", "routing.view_fliprecord"),
    _item("Transfer tests", "fact_check", "transfer", "routing.view_transferrun"),
    _item("Probe runs", "speed", "routing_proberun_changelist", "routing.view_proberun"),
]
COST = [
    _item("Cost", "payments", "cost", "routing.view_cost"),
    _item("Budgets", "savings", "routing_budget_changelist", "routing.view_budget"),
    _item("Plan budgets", "loyalty", "routing_planbudget_changelist", "routing.view_planbudget"),
]
ADVANCED = [
    _item(
        "Assistant settings",
        "tune",
        "assistant_assistantsettings_changelist",
        "assistant.view_assistantsettings",
    ),
    _item("Sites", "language", "assistant_site_changelist", "assistant.view_site"),
    _item("Routes", "alt_route", "routing_route_changelist", "routing.view_route"),
    _item("Models", "memory", "routing_cataloguemodel_changelist", "routing.view_cataloguemodel"),
    _item(
        "Connection doctor",
        "network_check",
        "connection_doctor",
        "assistant.change_assistantsettings",
    ),
    _item("Breakers", "electrical_services", "breakers", "routing.view_cataloguemodel"),
    _item("Model calls", "receipt_long", "routing_modelcall_changelist", "routing.view_modelcall"),
    _item("Stored answers", "replay", "routing_storedanswer_changelist", "routing.view_storedanswer"),
    _item("Help desk", "webhook", "help_desk", "assistant.use_help_desk"),
    _item("Visitor data", "person_search", "visitor_data", "assistant.export_visitor_data"),
    _item(
        "Retention", "auto_delete", "assistant_retentionpolicy_changelist", "assistant.view_retentionpolicy"
    ),
    _item("Users", "group", "auth_user_changelist", "auth.view_user"),
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Support desk",
    "SITE_HEADER": "Support desk",
    "SITE_SYMBOL": "support_agent",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "DASHBOARD_CALLBACK": "assistant.admin.home.home",
    "STYLES": [_stylesheet],
    "SCRIPTS": [_script],
    "BORDER_RADIUS": "8px",
    # A teal whose 600 step carries white text at 4.5 : 1 or better.
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.43)",
            "300": "oklch(85.5% .138 181.07)",
            "400": "oklch(77.7% .152 181.91)",
            "500": "oklch(70.4% .14 182.5)",
            "600": "oklch(50.5% .096 186.39)",
            "700": "oklch(43.7% .078 188.22)",
            "800": "oklch(38.6% .063 188.42)",
            "900": "oklch(33% .053 189)",
            "950": "oklch(27.7% .046 192.52)",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {"title": "", "items": DAILY_WORK},
            {"title": "Figures", "separator": True, "items": FIGURES},
            {"title": "Cost", "separator": True, "items": COST},
            {"title": "Advanced", "separator": True, "items": ADVANCED},
        ],
    },
}
