"""The node configuration: what it shows to whom, downloads, checked files, and the choice of timers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.audit.models import AuditEvent, AuditResult
from console.audit.wording import describe
from console.operations.refusal import Refusal
from havip.fabric.linux.agent.keepalived import rendered
from havip.fabric.linux.documents import node_body, picture, vrrp_secret
from havip.fabric.linux.models import TimerChoice, VirtualRouter
from havip.fabric.linux.protocol import NodeDocument, read_document
from havip.keepalived import check, password_of
from havip.keepalived.checker import SIZE_LIMIT
from havip.operations import choose_timers
from havip.selectors.configurations import Configurations
from havip.web.presenting.configuration import MASK, PROFILE_WORDS
from tests.cast import OTHER_REGION, REGION, World, carry_out_jobs, digest
from tests.fabrics import ScriptedFabric

HTMX = {"HX-Request": "true"}
CONTROL = re.compile(r"auth_pass (\S+)")


def url(name: str, *arguments: str, team: str = "alpha", region: str = REGION) -> str:
    return reverse(f"web:{name}", args=[team, region, *arguments])


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def havip(world: World) -> str:
    """The documented HaVip, with both nodes."""
    return world.havip(world.ecs1, world.ecs2, name="web-vip", ip_address="192.168.0.88")


def tab(client: Client, havip: str, **query: str) -> str:
    answer = client.get(url("havip-detail", havip), {"tab": "configuration", **query})
    assert answer.status_code == 200
    return text(answer)


def download(client: Client, havip: str, instance: str) -> Any:
    return client.get(url("havip-configuration-file", havip, instance))


# --- The tab --------------------------------------------------------------------------------------------------------


def test_it_shows_the_whole_file_of_a_node(
    operator_client: Client, world: World, havip: str
) -> None:
    shown = tab(operator_client, havip)
    assert "Checks passed" in shown
    for expected in (
        f"vrrp_instance {havip}",
        "unicast_src_ip 192.168.0.209",
        "192.168.0.210",
        "priority 250",
        "virtual_router_id 51",
        "keepalived-ecs1.conf",
        "apt-get install -y keepalived",
        "iptables -I INPUT -p 112 -s 192.168.0.210 -j ACCEPT",
        "havip-notify.sh",
    ):
        assert expected in shown
    other = tab(operator_client, havip, node=world.ecs2, family="redhat")
    assert "unicast_src_ip 192.168.0.210" in other
    assert "priority 240" in other
    assert "dnf install -y keepalived" in other
    assert "firewall-cmd --reload" in other


def test_a_node_has_one_file_for_all_its_havips(
    operator_client: Client, world: World, havip: str
) -> None:
    second = world.havip(world.ecs1, world.spare)
    shown = tab(operator_client, havip, node=world.ecs1)
    assert f"vrrp_instance {second}" in shown
    assert "virtual_router_id 52" in shown
    assert "One more HaVip of this node is in the file" in shown


def test_nothing_bound_says_what_to_do_next(operator_client: Client, world: World) -> None:
    shown = tab(operator_client, world.havip())
    assert "Bind a node first" in shown
    assert "vrrp_instance" not in shown


def test_a_lone_node_is_told_so(operator_client: Client, world: World) -> None:
    shown = tab(operator_client, world.havip(world.ecs1))
    assert "has no other node yet" in shown
    assert "192.168.0.253" in shown


def test_cards_are_named_by_their_device(operator_client: Client, world: World) -> None:
    shown = tab(operator_client, world.havip(world.card1, world.card2))
    assert "interface eth1" in shown
    assert "unicast_src_ip 192.168.0.219" in shown


def test_a_detached_card_has_no_file(operator_client: Client, world: World) -> None:
    havip = world.havip(world.card1, world.card2)
    world.done("interface.detach", interface_id=world.card1)
    shown = tab(operator_client, havip)
    assert "unicast_src_ip 192.168.0.220" in shown
    assert ">ecs1</a>" not in shown.split('id="configuration"')[1]


def test_the_tab_refreshes_itself(operator_client: Client, havip: str, world: World) -> None:
    address = url("havip-configuration", havip) + f"?node={world.ecs2}&family=suse"
    first = operator_client.get(address, headers=HTMX)
    assert "unicast_src_ip 192.168.0.210" in text(first)
    assert "zypper" in text(first)
    again = operator_client.get(address, headers={**HTMX, "If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_the_file_is_the_agents_file(world: World, havip: str) -> None:
    """What a person downloads and what an agent installs differ in the notifications alone."""
    from pathlib import Path

    vpc = world.get(world.vpc)
    body = node_body(picture(vpc, keep=False), world.ecs1)
    document = read_document(body, scope=f"node:{world.ecs1}")
    assert isinstance(document, NodeDocument)
    devices = {card.id: card.device for card in document.interfaces}
    agents = rendered(document, devices, Path("/run/havip/notify.fifo"))
    file = Configurations(vpc).file_of(world.ecs1)
    assert file is not None

    def without_notifications(config: str) -> list[str]:
        lines = config.splitlines()
        return [line for line in lines if not line.strip().startswith(("notify_", "vrrp_notify_"))]

    assert without_notifications(file.text) == without_notifications(agents)


def test_looking_changes_nothing(viewer_client: Client, world: World, havip: str) -> None:
    VirtualRouter.objects.all().delete()
    before = digest()
    assert "virtual_router_id 51" in tab(viewer_client, havip)
    assert digest() == before


def test_binding_gives_the_number_that_stays(world: World, havip: str) -> None:
    second = world.havip(world.spare)
    numbers = dict(VirtualRouter.objects.values_list("havip__resource_id", "number"))
    assert numbers == {havip: 51, second: 52}
    world.unbind(havip, world.ecs1)
    world.unbind(havip, world.ecs2)
    world.done("havip.delete", havip_id=havip)
    third = world.havip(world.ecs1)
    numbers = dict(VirtualRouter.objects.values_list("havip__resource_id", "number"))
    assert numbers == {second: 52, third: 51}


def test_the_number_of_queries_is_constant(
    operator_client: Client, world: World, havip: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            tab(operator_client, havip)
        return len(seen)

    queries()
    before = queries()
    world.raise_quota("havips_per_vpc", 20)
    world.raise_quota("havips_per_team", 20)
    for _ in range(4):
        world.havip(world.ecs1, world.ecs2)
    assert queries() == before


# --- Passwords and downloads ----------------------------------------------------------------------------------------


def test_the_password_is_for_those_who_may_operate(
    operator_client: Client, viewer_client: Client, auditor_client: Client, world: World, havip: str
) -> None:
    secret = password_of(vrrp_secret(world.vpc), havip)
    assert secret in tab(operator_client, havip)
    for client in (viewer_client, auditor_client):
        shown = tab(client, havip)
        assert secret not in shown
        assert MASK in shown
        assert "only to those who may operate" in shown
        fragment = client.get(url("havip-configuration", havip), headers=HTMX)
        assert secret not in text(fragment)
        assert download(client, havip, world.ecs1).status_code == 403


def test_a_download_is_the_file_as_shown(operator_client: Client, world: World, havip: str) -> None:
    answer = download(operator_client, havip, world.ecs1)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="keepalived-ecs1.conf"'
    assert "no-store" in answer["Cache-Control"]
    assert CONTROL.findall(text(answer)) == [password_of(vrrp_secret(world.vpc), havip)]
    assert check(text(answer)) == []


def test_there_is_no_file_of_what_is_not_bound(
    operator_client: Client, stranger_client: Client, world: World, havip: str
) -> None:
    assert download(operator_client, havip, world.spare).status_code == 404
    assert download(operator_client, "havip-nobodys", world.ecs1).status_code == 404
    assert download(stranger_client, havip, world.ecs1).status_code == 404
    elsewhere = url("havip-configuration-file", havip, world.ecs1, region=OTHER_REGION)
    assert operator_client.get(elsewhere).status_code == 404


def test_the_notify_script_can_be_had(viewer_client: Client) -> None:
    answer = viewer_client.get(url("notify-script"))
    assert text(answer).startswith("#!/bin/sh\n")
    assert 'filename="havip-notify.sh"' in answer["Content-Disposition"]


def test_no_password_reaches_the_audit_log(
    operator_client: Client, world: World, havip: str
) -> None:
    download(operator_client, havip, world.ecs1)
    operator_client.post(url("havip-timers", havip), {"profile": "fast"})
    carry_out_jobs()
    secret = password_of(vrrp_secret(world.vpc), havip)
    for event in AuditEvent.objects.all():
        assert secret not in f"{event.before}{event.after}{event.message}{event.object_label}"


# --- A pasted file --------------------------------------------------------------------------------------------------


def paste(client: Client, address: str, pasted: str, **fields: str) -> Any:
    return client.post(address, {"text": pasted, **fields})


def codes(answer: Any) -> set[str]:
    return set(re.findall(r'data-code="([^"]+)"', text(answer)))


def test_the_generated_file_passes_for_its_node_and_no_other(
    operator_client: Client, world: World, havip: str
) -> None:
    file = text(download(operator_client, havip, world.ecs1))
    here = url("havip-check", havip)
    good = paste(operator_client, here, file, against=world.ecs1)
    assert good.status_code == 200
    assert "Checks passed" in text(good)
    assert codes(good) == set()
    wrong = paste(operator_client, here, file, against=world.ecs2)
    assert codes(wrong)
    assert codes(paste(operator_client, here, file, against="")) == set()


BROKEN = """global_defs {
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 300
    nopreempt
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.168.0.88
    }
}
virtual_server 192.168.0.88 80 {
}
"""


def test_findings_stand_at_their_lines(viewer_client: Client, world: World, havip: str) -> None:
    before = digest()
    answer = paste(
        viewer_client,
        url("havip-check", havip),
        BROKEN.replace("\n", "\r\n"),
        against=world.ecs1,
    )
    shown = text(answer)
    for finding in check(BROKEN):
        assert f'<a href="#line-{finding.line}">' in shown
        assert finding.code in codes(answer)
    assert 'id="line-6" data-tone="bad"' in shown
    assert "virtual_router_id 300" in shown
    assert digest() == before
    assert shown.count('class="checked__line"') == len(BROKEN.splitlines())


def test_any_file_is_checked_without_a_havip(viewer_client: Client, world: World) -> None:
    answer = paste(viewer_client, url("configuration-check"), BROKEN)
    assert codes(answer) == {finding.code for finding in check(BROKEN)}
    assert viewer_client.get(url("configuration-check")).status_code == 200


def test_what_is_pasted_is_shown_as_text(viewer_client: Client, world: World) -> None:
    answer = text(paste(viewer_client, url("configuration-check"), "<script>alert(1)</script> {\n"))
    assert "<script>alert" not in answer
    assert "&lt;script&gt;alert" in answer


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Paste the text of a keepalived.conf."),
        ("#" * (SIZE_LIMIT + 1), "The file has 65 KiB; at most 64 KiB are checked."),
        ("global_defs {\0}", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_checked_is_refused_in_clear_words(
    viewer_client: Client, world: World, pasted: str, said: str
) -> None:
    answer = paste(viewer_client, url("configuration-check"), pasted)
    assert answer.status_code == 422
    assert said in text(answer)
    assert "verdict" not in text(answer)


def test_the_largest_file_is_checked(viewer_client: Client, world: World) -> None:
    answer = paste(viewer_client, url("configuration-check"), "#" * SIZE_LIMIT)
    assert answer.status_code == 200


# --- Timers ---------------------------------------------------------------------------------------------------------


def test_every_profile_has_its_words() -> None:
    from havip.keepalived import PROFILES

    assert set(PROFILE_WORDS) == set(PROFILES)


def test_timers_are_chosen_for_the_whole_vpc_and_audited(
    operator_client: Client, world: World, havip: str
) -> None:
    page = text(operator_client.get(url("havip-timers", havip), headers=HTMX))
    assert "≈ 0.1 s" in page
    answer = operator_client.post(url("havip-timers", havip), {"profile": "fast"}, headers=HTMX)
    assert answer.status_code == 204
    carry_out_jobs()
    assert TimerChoice.objects.get(vpc__resource_id=world.vpc).profile == "fast"
    shown = tab(operator_client, havip)
    assert "vrrp_version 3" in shown or "version 3" in shown
    assert "advert_int 0.03" in shown
    assert "auth_pass" not in shown
    assert "Checks passed" in shown
    event = AuditEvent.objects.filter(action="vpc.choose_timers").latest("sequence")
    assert (event.before, event.after) == ({"profile": "documented"}, {"profile": "fast"})
    assert describe(event) == "Chose the timers “fast” for the nodes of VPC vpc"


def test_the_same_choice_again_changes_nothing(world: World, havip: str) -> None:
    outcome = world.act("vpc.choose_timers", vpc_id=world.vpc, profile="documented")
    assert outcome.job_id == ""


def test_an_unknown_profile_is_refused(operator_client: Client, world: World, havip: str) -> None:
    answer = operator_client.post(url("havip-timers", havip), {"profile": "slow"})
    assert answer.status_code == 422
    assert "There is no timer profile" in text(answer)
    with pytest.raises(Refusal):
        choose_timers(principal=world.principal, region=REGION, vpc_id="vpc-0", profile="fast")


def test_a_viewer_cannot_choose(viewer_client: Client, world: World, havip: str) -> None:
    assert viewer_client.get(url("havip-timers", havip)).status_code == 403
    assert viewer_client.post(url("havip-timers", havip), {"profile": "fast"}).status_code == 403
    assert not TimerChoice.objects.exists()
    event = AuditEvent.objects.filter(action="vpc.choose_timers").latest("sequence")
    assert event.result == AuditResult.REFUSED


def test_a_network_that_refuses_puts_the_timers_back(
    world: World, havip: str, fabric: ScriptedFabric
) -> None:
    fabric.refuse()
    world.done("vpc.choose_timers", vpc_id=world.vpc, profile="fast")
    assert TimerChoice.objects.get().profile == "documented"
