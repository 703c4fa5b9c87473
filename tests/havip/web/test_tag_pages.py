"""Tags on the pages: the dialog that edits them, chips and filter of the lists, the lines of the create forms, the export."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from console.audit.models import AuditEvent
from havip.models import TAGGED, HaVip, Tag, Vpc
from havip.selectors.tags import tag_mapping
from tests.cast import REGION, World

HTMX = {"HX-Request": "true"}


def url(name: str, *arguments: str) -> str:
    return reverse(f"web:{name}", args=["alpha", REGION, *arguments])


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def rows(answer: HttpResponse) -> list[tuple[str, str]]:
    """Return the rows of the dialog as a browser shows them."""
    shown = re.findall(r'name="(key|value)" [^>]*?value="([^"]*)"', text(answer))
    return [(key, value) for (_k, key), (_v, value) in zip(shown[::2], shown[1::2], strict=True)]


def sent(*pairs: tuple[str, str], **more: str) -> dict[str, Any]:
    return {"key": [key for key, _value in pairs], "value": [value for _k, value in pairs], **more}


def one_of_each(world: World) -> dict[str, str]:
    return {
        "havip": world.havip(name="web"),
        "eip": world.eip1,
        "vpc": world.vpc,
        "vswitch": world.vswitch,
        "instance": world.ecs1,
    }


@pytest.mark.parametrize("kind", TAGGED)
class TestEveryKind:
    def test_edited_on_its_page_and_seen_on_page_and_list(
        self, operator_client: Client, world: World, kind: str
    ) -> None:
        resource = one_of_each(world)[kind]
        assert rows(operator_client.get(url(f"{kind}-tags", resource))) == [("", "")] * 2
        answer = operator_client.post(
            url(f"{kind}-tags", resource),
            sent(("env", "a b&c"), ("", ""), ("团队", "")),
            follow=True,
        )
        assert answer.redirect_chain[-1][0] == url(f"{kind}-detail", resource)
        assert tag_mapping(world.get(resource)) == {"env": "a b&c", "团队": ""}
        chip = f'href="{url(f"{kind}-list")}?tag=env%3Da+b%26c"'
        assert chip in text(answer)
        assert f'hx-get="{url(f"{kind}-tags", resource)}"' in text(answer)
        for name in (f"{kind}-list", f"{kind}-rows"):
            assert chip in text(operator_client.get(url(name)))

    def test_the_list_is_filtered_by_tags(
        self, operator_client: Client, world: World, kind: str
    ) -> None:
        resource = one_of_each(world)[kind]
        world.act("resource.tag", kind=kind, resource_ids=[resource], tags={"env": "prod"})
        for query, is_there in (
            ("tag=env", True),
            ("tag=env%3Dprod&tag=", True),
            ("tag=env%3Dtest", False),
            ("tag=env&tag=other", False),
        ):
            shown = text(operator_client.get(f"{url(f'{kind}-list')}?{query}"))
            listed = shown.partition('id="list"')[2]
            assert (resource in listed) is is_there, query
            assert 'value="env' in shown, "what is asked for stays in its field"
            if not is_there:
                assert "matches" in listed or "Nothing" in listed


def test_the_dialog_closes_over_a_page_that_then_looks_again(
    operator_client: Client, world: World
) -> None:
    dialog = url("vpc-tags", world.vpc)
    assert "<html" not in text(operator_client.get(dialog, headers=HTMX))
    answer = operator_client.post(dialog, sent(("env", "prod")), headers=HTMX)
    assert answer.status_code == 204
    assert set(json.loads(answer["HX-Trigger"])) == {"havip:changed", "overlay:close"}


def test_rows_are_added_and_removed_without_a_script(operator_client: Client, world: World) -> None:
    dialog = url("vpc-tags", world.vpc)
    events = AuditEvent.objects.count()
    filled = [("a", "1"), ("b", "2"), ("", "")]
    more = operator_client.post(dialog, sent(*filled, add="1", client_token="kept"))
    assert more.status_code == 200
    assert rows(more) == [("a", "1"), ("b", "2"), ("", ""), ("", "")]
    assert 'value="kept"' in text(more)
    fewer = operator_client.post(dialog, sent(*filled, remove="0"))
    assert rows(fewer) == [("b", "2"), ("", ""), ("", "")]
    for nonsense in ("7", "-1", "x", "9" * 5000, ""):
        assert rows(operator_client.post(dialog, sent(*filled, remove=nonsense)))[0] == ("a", "1")
    assert tag_mapping(world.get(world.vpc)) == {}
    assert AuditEvent.objects.count() == events


def test_no_row_is_offered_beyond_the_twentieth(operator_client: Client, world: World) -> None:
    nineteen = [(f"k{number}", "") for number in range(19)]
    dialog = url("vpc-tags", world.vpc)
    shown = operator_client.post(dialog, sent(*nineteen, add="1"))
    assert len(rows(shown)) == 20
    assert 'name="add"' not in text(shown)


def test_each_row_says_what_is_wrong_with_it(operator_client: Client, world: World) -> None:
    pairs = [("aliyun", ""), ("good", "yes"), ("v", "https://x"), ("", "no key"), ("good", "again")]
    answer = operator_client.post(url("vpc-tags", world.vpc), sent(*pairs))
    assert answer.status_code == 422
    assert rows(answer) == pairs
    lines = text(answer).partition("tag-rows")[2].partition("</ol>")[0].split("<li>")[1:]
    codes = [re.findall(r"\((G\d) · ", line) for line in lines]
    assert codes == [["G1"], [], ["G2"], ["G1"], ["G5"]]
    wrong = [re.search(r'name="(\w+)"[^>]*aria-invalid', line) for line in lines]
    assert [match and match[1] for match in wrong] == ["key", None, "value", "key", "key"]
    for number in (1, 3, 4, 5):
        assert f'aria-describedby="tag-error-{number}"' in lines[number - 1]
    assert tag_mapping(world.get(world.vpc)) == {}


def test_more_than_twenty_are_refused_above_the_rows(operator_client: Client, world: World) -> None:
    many = [(f"k{number}", "") for number in range(21)]
    answer = operator_client.post(url("vpc-tags", world.vpc), sent(*many))
    assert answer.status_code == 422
    assert "(G3 · QuotaExceed.TagsPerResource)" in text(answer).partition("tag-rows")[0]


def test_broken_rows_are_no_server_error(operator_client: Client, world: World) -> None:
    dialog = url("vpc-tags", world.vpc)
    assert operator_client.post(dialog, {"key": ["a", "b"], "value": ["1"]}).status_code == 302
    assert tag_mapping(world.get(world.vpc)) == {"a": "1", "b": ""}
    assert operator_client.post(dialog, {"key": "nul\0", "value": ""}).status_code == 422
    assert operator_client.post(dialog, {"value": "alone"}).status_code == 422


def test_a_viewer_sees_tags_and_why_they_cannot_be_edited(
    viewer_client: Client, world: World
) -> None:
    world.act("resource.tag", kind="vpc", resource_ids=[world.vpc], tags={"env": "prod"})
    shown = text(viewer_client.get(url("vpc-detail", world.vpc)))
    assert ">env<" in shown
    assert url("vpc-tags", world.vpc) not in shown
    assert viewer_client.get(url("vpc-tags", world.vpc)).status_code == 403


class TestTheHaVipList:
    def test_a_row_shows_the_first_tags_unless_the_column_is_hidden(
        self, operator_client: Client, world: World
    ) -> None:
        world.havip(name="web", tags={f"key{number}": "" for number in range(5)})
        shown = text(operator_client.get(url("havip-list")))
        assert [f">key{number}<" in shown for number in range(5)] == [True] * 3 + [False] * 2
        assert "2 more" in shown
        columns = {"column": ["ip", "status"], "next": url("havip-list")}
        operator_client.post(url("havip-columns"), columns)
        assert ">key0<" not in text(operator_client.get(url("havip-list")))

    def test_turning_the_page_keeps_every_tag(self, operator_client: Client, world: World) -> None:
        common = {"team": world.team, "region": REGION, "vpc": world.get(world.vpc)}
        made = HaVip.objects.bulk_create(
            HaVip(
                **common,
                vswitch=world.get(world.vswitch),
                resource_id=f"havip-{number}",
                ip_address=f"192.168.0.{100 + number}",
            )
            for number in range(42)
        )
        Tag.objects.bulk_create(
            Tag(team=world.team, havip=havip, key=key, value=str(havip.pk % 2))
            for havip in made
            for key in ("half", "other")
        )
        seen = []
        address = f"{url('havip-list')}?tag=other&tag=half%3D1&tag=&sort=-created"
        while address:
            shown = text(operator_client.get(address)).partition('id="list"')[2]
            seen += re.findall(r'id="row-(havip-\w+)"', shown)
            onward = re.search(r'href="(\?[^"]*after=[^"]*)"', shown)
            address = f"{url('havip-list')}{onward[1]}" if onward else ""
        odd = HaVip.objects.filter(tags__key="half", tags__value="1")
        assert len(seen) == len(set(seen)) == 21
        assert set(seen) == set(odd.values_list("resource_id", flat=True))

    def test_a_filter_that_makes_no_sense_shows_nothing_and_why(
        self, operator_client: Client, world: World
    ) -> None:
        havip = world.havip()
        shown = text(operator_client.get(f"{url('havip-list')}?tag=%3Dx"))
        assert "write key or key=value" in shown
        assert havip not in shown.partition('id="list"')[2]

    def test_the_export_has_them(self, operator_client: Client, world: World) -> None:
        tagged = world.havip(tags={"env": "prod", "list": "a; b, c"})
        plain = world.havip()

        def exported(query: str) -> str:
            answer: Any = operator_client.get(f"{url('havip-export')}?{query}")
            return b"".join(answer).decode()

        lines = csv.DictReader(io.StringIO(exported("format=csv")))
        cells = {line["id"]: line["tags"] for line in lines}
        assert json.loads(cells[tagged]) == {"env": "prod", "list": "a; b, c"}
        assert cells[plain] == ""
        (only,) = exported("format=jsonl&tag=env%3Dprod").splitlines()
        assert json.loads(only)["tags"] == {"env": "prod", "list": "a; b, c"}


class TestCreateForms:
    def test_one_tag_a_line(self, operator_client: Client, world: World) -> None:
        lines = "env = prod\r\n\r\n  owner=net=ops\r\nalone\r\n"
        fields = {"vswitch_id": world.vswitch, "name": "tagged", "tags": lines}
        assert operator_client.post(url("havip-create"), fields).status_code == 302
        havip = HaVip.objects.get(name="tagged")
        assert tag_mapping(havip) == {"env": "prod", "owner": "net=ops", "alone": ""}

    def test_what_is_wrong_stands_at_the_lines_and_they_stay(
        self, operator_client: Client, world: World
    ) -> None:
        fields = {"cidr_block": "300.0.0.0/8", "tags": "env=prod\nenv=test"}
        answer = operator_client.post(url("vpc-create"), fields)
        assert answer.status_code == 422
        shown = text(answer)
        assert "N1 · InvalidCidrBlock.Malformed" in shown
        assert "G5 · Duplicate.TagKey" in shown.partition('id="id_tags-error"')[2]
        assert "env=prod\nenv=test</textarea>" in shown
        assert Vpc.objects.count() == 1

    @pytest.mark.parametrize("stem", ["route", "interface"])
    def test_what_bears_none_asks_for_none(
        self, operator_client: Client, world: World, stem: str
    ) -> None:
        assert 'name="tags"' not in text(operator_client.get(url(f"{stem}-create")))
        assert 'name="tag"' not in text(operator_client.get(url(f"{stem}-list")))


def test_the_page_of_an_eip(operator_client: Client, world: World) -> None:
    havip = world.havip(world.ecs1, eip=world.eip1)
    shown = text(operator_client.get(url("eip-detail", world.eip1)))
    assert url("havip-detail", havip) in shown
    assert "F4" in shown, "why it cannot be released"
    free = text(operator_client.get(url("eip-detail", world.eip2)))
    assert "Bound to no HaVip" in free
    panel = operator_client.get(url("eip-panel", world.eip2), headers=HTMX)
    assert "<html" not in text(panel)
    world.act("eip.release", eip_id=world.eip2)
    gone = operator_client.get(url("eip-panel", world.eip2), headers=HTMX)
    assert gone["HX-Redirect"] == url("eip-list")


def test_the_audit_log_keeps_a_tags_own_name(owner_client: Client, world: World) -> None:
    world.act("resource.tag", kind="vpc", resource_ids=[world.vpc], tags={"name": "x", "vpc": "y"})
    event = AuditEvent.objects.latest("pk")
    shown = text(owner_client.get(reverse("audit:entry", args=["alpha", event.sequence])))
    assert "Tags · name" in shown
    assert "Tags · vpc" in shown
    assert "Added tags to vpc" in shown
