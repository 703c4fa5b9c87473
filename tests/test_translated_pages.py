"""What a reader sees who has chosen Chinese: no English on any page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from havip.fabric.linux.models import Agent, Alert, AlertKind, HolderInterval, HolderReason
from tests.cast import REGION, World, carry_out_jobs
from tests.chinese import CHINESE, ENTRIES, compiled, originals, translations
from tests.conftest import SignIn
from tests.havip.web.test_access_matrix import NAMES, RECIPES, scene

pytestmark = pytest.mark.slow

__all__ = ["compiled", "scene"]

ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-label", "data-copied")
# Not prose: what is typed into a shell or a file, and what people wrote themselves.
MACHINE = {"script", "style", "code", "pre", "textarea", "svg"}
VOID = {"input", "br", "img", "link", "meta", "hr", "use", "path", "rect", "col"}


class Reader(HTMLParser):
    """Collects what a page says: texts, and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._inside.append(tag)
        shown = (*ATTRIBUTES, "value") if ("type", "submit") in attrs else ATTRIBUTES
        self.said += [value for name, value in attrs if name in shown and value]

    def handle_endtag(self, tag: str) -> None:
        while tag in self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not MACHINE & set(self._inside):
            self.said.append(" ".join(data.split()))


def said_by(response: HttpResponse) -> list[str]:
    reader = Reader()
    reader.feed(response.content.decode())
    return [text for text in reader.said if text]


def fragments() -> dict[str, str]:
    """Return the pieces of English messages that have more than three words, with their messages."""
    found = {}
    for entry in ENTRIES:
        for text in originals(entry):
            for part in re.split(r"%\(\w+\)[\d.]*\w|\{\w+\}|</?\w+[^>]*>", text):
                piece = part.replace("%%", "%").strip(" .,:;“”()")
                if len(piece.split()) > 3:
                    found[piece] = text
    return found


FRAGMENTS = fragments()
SHORT = {
    text
    for entry in ENTRIES
    for text in originals(entry)
    if text not in translations(entry) and "%" not in text
}
PROSE = re.compile(r"\b[A-Za-z]\w*(?:['’]\w+)?(?: [a-z]+(?:['’]\w+)?){3,}")
# What the cast and the world wrote themselves, and names that are English in every language.
OWN = {
    "owner",
    "operator",
    "viewer",
    "auditor",
    "to try it",
    "more",
    "we grow",
    "web",
    "page",
    "English",
}


def english_in(said: list[str]) -> list[str]:
    """Return what of a Chinese page is English: known messages, their pieces, and any other prose."""
    whole = "\n".join(said)
    return [
        *(text for piece, text in FRAGMENTS.items() if piece in whole),
        *(text for text in said if text.strip(" :·") in SHORT - OWN),
        *(match[0] for text in said for match in PROSE.finditer(text) if match[0] not in OWN),
    ]


def test_english_is_noticed() -> None:
    assert english_in(["It is not there at all, you see"])
    assert english_in(["Created", "创建"])
    assert english_in(["Highly available virtual IPs"])
    assert not english_in(["高可用虚拟IP 192.168.0.88 正在创建。", "ecs1", "CIDR"])


def _answers(
    browser: Client, scene: dict[str, str], *, posting: bool
) -> Iterator[tuple[str, HttpResponse]]:
    """Ask for every page, and send every form empty."""
    for name in NAMES:
        recipe = RECIPES.get(name)  # an address without one fails the access matrix
        if recipe is None or name == "teams:sign-out" or recipe.address:
            continue
        where = (["alpha", *([REGION] if recipe.regional else [])]) if recipe.of_team else []
        address = reverse(name, args=[*where, *(scene[part] for part in recipe.arguments)])
        with transaction.atomic():
            if not recipe.only_post:
                yield f"GET {address}", browser.get(address)
            if posting and recipe.fields is not None:
                yield f"POST {address}", browser.post(address, {})
            transaction.set_rollback(True)


@pytest.mark.parametrize("person", ["owner", "viewer", "administrator", ""])
def test_no_page_shows_english(
    scene: dict[str, str], sign_in: SignIn, person: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Every address of the console, read by somebody who has chosen Chinese."""
    caplog.set_level("ERROR", "django.request")
    browser = sign_in(person) if person else Client()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = CHINESE
    seen, wrong = 0, {}
    for name, response in _answers(browser, scene, posting=person in ("owner", "administrator")):
        kind = response.headers.get("Content-Type", "")
        if response.streaming or not response.content or not kind.startswith("text/html"):
            continue
        seen += 1
        if found := english_in(said_by(response)):
            wrong[name] = sorted(set(found))
    assert seen >= (40 if person in ("owner", "viewer") else 1)
    assert wrong == {}


def test_no_page_of_observed_addresses_shows_english(
    world: World, owner_client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Every alert, every reason on the timeline, agents in each state, and a job that waits for one."""
    caplog.set_level("ERROR", "django.request")
    identifier = world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    havip, begin = world.get(identifier), timezone.now() - timedelta(hours=1)
    for number, reason in enumerate(HolderReason):
        HolderInterval.objects.create(
            havip=havip,
            holder_id="" if reason == HolderReason.LOST else world.ecs1,
            holder_label="" if reason == HolderReason.LOST else "ecs1",
            reason=reason,
            since=begin + timedelta(minutes=number),
            until=begin + timedelta(minutes=number + 1),
        )
    for kind in AlertKind:
        parameters = {"holders": "ecs1", "agent": "the gateway of vpc", "error": "nft: 17"}
        Alert.objects.create(
            kind=kind, team=world.team, havip=havip, since=begin, parameters=parameters
        )
    fields = {"region": REGION, "team": world.team, "last_seen": begin}
    for number, scope in enumerate((f"gateway:{world.vpc}", f"node:{world.ecs1}")):
        Agent.objects.create(scope=scope, key_digest=str(number), **fields)
    Agent.objects.create(
        scope=f"node:{world.ecs2}",
        key_digest="9",
        revoked_at=begin,
        keepalived_version="1",
        **fields,
    )
    settings.HAVIP_FABRICS = {"*": "havip.fabric.linux.fabric.LinuxFabric"}
    job = world.act("havip.create", vswitch_id=world.vswitch).job_id
    carry_out_jobs()
    here = f"/t/alpha/{REGION}"
    tabs = ("overview", "configuration", "failover", "jobs", "audit")
    owner_client.cookies[settings.LANGUAGE_COOKIE_NAME] = CHINESE
    addresses = (
        *(f"{here}/havips/{identifier}/?tab={tab}" for tab in tabs),
        f"{here}/havips/",
        f"{here}/guide/",
        "/t/alpha/agents/",
        f"/t/alpha/jobs/{job}/",
        "/t/alpha/audit/",
    )
    wrong = {}
    for address in addresses:
        response = owner_client.get(address)
        assert response.status_code == 200, address
        if found := english_in(said_by(response)):
            wrong[address] = sorted(set(found))
    assert wrong == {}
