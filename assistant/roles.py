"""Who may see and change what: three groups whose rights stand here and in docs/roles.md.

Rights are set again at every migrate, so a group means the same on every desk. Some things nobody
may change, whatever the group: the ledger and the audit trail refuse it in their own admin pages.
"""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import Group, Permission

ROLES = ("support", "manager", "admin")

_ALL = ("view", "add", "change", "delete")

# role -> model -> what its members may do. `use` names a permission that is not about rows.
RIGHTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "support": {
        "assistant.conversation": ("view", "use:try_question"),
        "assistant.backtestrun": ("view", "add"),
        "assistant.request": ("view", "change"),
        "assistant.requestevent": ("use:use_inbox", "use:view_inbox_figures"),
        "assistant.flowrun": ("use:view_flow_figures", "use:work_on_flows"),
        "faq.entry": ("view", "add", "change"),
        "faq.phrasing": _ALL,
        "faq.negative": _ALL,
        "faq.askedquestion": ("view",),
        "faq.calibration": ("view",),
        "routing.rule": _ALL,
        "routing.condition": _ALL,
        "routing.configversion": ("view",),
        "routing.transfercase": _ALL,
        "routing.transferturn": _ALL,
        "routing.transferrun": ("view", "use:start_transferrun"),
    },
    "manager": {
        "assistant.backtestrun": ("view",),
        "assistant.requestevent": ("use:view_inbox_figures",),
        "assistant.flowrun": ("use:view_flow_figures",),
        "routing.rollupstate": ("use:view_metrics",),
        "routing.incident": ("use:view_servicelevels",),
        "routing.demotion": ("use:end_demotion",),
        "routing.configversion": ("view",),
        "routing.fliprecord": ("view", "use:roll_back_flip"),
        "routing.proberun": ("view",),
        "routing.budget": ("view", "use:view_cost"),
        "routing.transferrun": ("view",),
        "routing.planbudget": ("view",),
    },
    "admin": {
        "assistant.backtestrun": ("view", "add"),
        "assistant.conversation": ("view", "use:try_question"),
        "assistant.request": ("view", "change"),
        "assistant.requestevent": ("use:use_inbox", "use:view_inbox_figures", "use:use_help_desk"),
        "assistant.assistantsettings": ("view", "change"),
        "assistant.flowrun": ("use:view_flow_figures", "use:work_on_flows"),
        "assistant.retentionpolicy": ("view", "change"),
        "assistant.deletion": ("view",),
        "assistant.site": _ALL,
        "assistant.sitesecret": ("view", "change"),
        "assistant.visitordataaction": ("view", "use:export_visitor_data", "use:erase_visitor_data"),
        "faq.entry": _ALL,
        "faq.phrasing": _ALL,
        "faq.negative": _ALL,
        "faq.askedquestion": ("view",),
        "faq.calibration": ("view", "change"),
        "faq.faqsettings": ("view", "change"),
        "routing.rule": _ALL,
        "routing.condition": _ALL,
        "routing.route": _ALL,
        "routing.ladderstep": _ALL,
        "routing.cataloguemodel": _ALL,
        "routing.modelprice": _ALL,
        "routing.modelcall": ("view",),
        "routing.budget": ("view", "use:view_cost"),
        "routing.planbudget": _ALL,
        "routing.storedanswer": ("view", "delete"),
        "routing.configversion": ("view",),
        "routing.fliprecord": ("view", "use:roll_back_flip"),
        "routing.proberun": ("view",),
        "routing.transfercase": _ALL,
        "routing.transferturn": _ALL,
        "routing.transferrun": ("view", "use:start_transferrun"),
        "routing.rollupstate": ("use:view_metrics",),
        "routing.incident": ("use:view_servicelevels",),
        "routing.demotion": ("use:end_demotion",),
        "auth.user": ("view", "add", "change"),
    },
}


def permission_names(rights: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    """Return (app label, codename) of each right, as Django names its permissions."""
    names: set[tuple[str, str]] = set()
    for label, actions in rights.items():
        app, model = label.split(".")
        for action in actions:
            use = action.removeprefix("use:")
            names.add((app, use if use != action else f"{action}_{model}"))
    return names


def ensure_roles() -> None:
    """Create the groups and give each exactly its rights.

    Raises LookupError naming the permissions that no migration has made.
    """
    known = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role in ROLES:
        wanted = permission_names(RIGHTS[role])
        missing = sorted(wanted - known.keys())
        if missing:
            raise LookupError(f"The role {role} asks for permissions that do not exist: {missing}")
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in wanted])
