"""Who a scope is, in words: for sentences, which are English and translated with them, and for pages."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_noop

from console.sentences import phrase
from havip.fabric.linux.naming import Role, role_of, subject_of
from havip.models import Instance, Vpc

GATEWAY = phrase(gettext_noop("the gateway of %(name)s"))
NODE = phrase(gettext_noop("the node %(name)s"))
HOST = phrase(gettext_noop("the host of %(name)s"))


def labels_of(scopes: Iterable[str]) -> dict[str, str]:
    """Return the name of each scope's subject; the identifier of what is gone. Two queries, however many there are."""
    subjects = {scope: subject_of(scope) for scope in scopes}
    names: dict[str, str] = {}
    vpcs = [name for scope, name in subjects.items() if role_of(scope) == Role.GATEWAY]
    if vpcs:
        names |= {each.resource_id: each.label for each in Vpc.objects.filter(resource_id__in=vpcs)}
    instances = [name for scope, name in subjects.items() if role_of(scope) == Role.NODE]
    if instances:
        found = Instance.objects.filter(resource_id__in=instances)
        names |= {each.resource_id: each.label for each in found}
    return {scope: names.get(subject, subject) for scope, subject in subjects.items()}


def in_english(scope: str, label: str) -> str:
    """Return a scope as part of an English sentence: "the gateway of prod", "the node ecs1", "the host of dc-lab"."""
    messages = {Role.GATEWAY: GATEWAY, Role.NODE: NODE}
    return messages.get(role_of(scope), HOST) % {"name": label}
