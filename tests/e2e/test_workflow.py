"""The documented workflow with its own values, in a browser, from a fresh copy to an empty list again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.consoles import Console
from tests.e2e.conftest import Camera, sign_in

# Two browsers and a console from a fresh copy, beside other tests.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

HAVIP = "192.168.0.88"


def navigate(page: Page, name: str) -> None:
    """Follow a link of the side navigation."""
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def overlay(page: Page, opener: str) -> None:
    """Open a drawer or dialog by its button."""
    page.get_by_role("main").get_by_role("link", name=opener, exact=True).first.click()
    expect(page.locator("dialog#overlay-dialog")).to_be_visible()


def submit(page: Page, label: str) -> None:
    """Press the button of the open drawer or dialog, and see it close."""
    page.locator("dialog#overlay-dialog").get_by_role("button", name=label, exact=True).click()
    expect(page.locator("dialog#overlay-dialog")).to_have_count(0)


def chip(scope: Page | Locator, word: str) -> Locator:
    """Return the status chip with exactly this word."""
    return scope.locator(".chip").filter(has_text=re.compile(rf"^\s*{word}\s*$")).first


def status(page: Page, word: str) -> None:
    """Wait until the page's head shows this status, without a reload."""
    expect(chip(page.locator(".page-head"), word)).to_be_visible()


def mark(page: Page) -> None:
    """Leave something in the page that a reload would take away."""
    page.evaluate("window.notReloaded = true")


def was_not_reloaded(page: Page) -> None:
    """Check that the mark is still there."""
    assert page.evaluate("window.notReloaded") is True


def make_network(page: Page, camera: Camera) -> None:
    """Create VPC, vSwitch and the two instances of the documents, and an EIP, through their pages."""
    navigate(page, "VPCs")
    overlay(page, "Create VPC")
    page.get_by_label("Name").fill("prod")
    page.get_by_label("CIDR block").fill("192.168.0.0/16")
    submit(page, "Create")
    expect(chip(page.get_by_role("row").filter(has_text="prod"), "Available")).to_be_visible()

    navigate(page, "vSwitches")
    overlay(page, "Create vSwitch")
    page.get_by_label("Name").fill("web")
    vpc = option(page.locator("dialog#overlay-dialog"), "vpc_id", "prod")
    page.locator("[name=vpc_id]").select_option(label=vpc)
    page.locator("[name=cidr_block]").fill("192.168.0.0/24")
    submit(page, "Create")
    expect(chip(page.get_by_role("row").filter(has_text="web"), "Available")).to_be_visible()

    navigate(page, "Instances")
    for name, address in (("ecs1", "192.168.0.209"), ("ecs2", "192.168.0.210"), ("ecs3", "")):
        overlay(page, "Create instance")
        page.get_by_label("Name").fill(name)
        page.locator("[name=private_ip]").fill(address)
        submit(page, "Create")
        row = page.get_by_role("row").filter(has_text=name)
        expect(chip(row, "Running")).to_be_visible()
    camera.take(page, "instances")

    navigate(page, "Elastic IPs")
    overlay(page, "Allocate EIP")
    page.get_by_label("Name").fill("eip-web")
    submit(page, "Allocate")
    expect(page.get_by_role("row").filter(has_text="eip-web")).to_be_visible()


def test_documented_workflow(
    console: Console,
    new_context: Callable[..., BrowserContext],
    hold: Callable[[bool], None],
    camera: Camera,
) -> None:
    """Create, bind two instances and an EIP, be refused three times, unbind all, delete; another browser sees it all."""
    page = sign_in(new_context(), console)
    camera.take(page, "signed-in")
    make_network(page, camera)

    create_havip(page, hold, camera)
    page.get_by_role("row").filter(has_text=HAVIP).get_by_role("link", name="web-vip").click()
    status(page, "Available")
    other = sign_in(new_context(), console)
    other.goto(page.url)
    status(other, "Available")
    mark(page)
    mark(other)

    bind_instances(page, other, hold, camera)
    bind_the_eip(page, other, hold, camera)
    refused_binds(page, console, camera)
    refused_deletion(page, camera)
    unbind_everything(page, other, camera)
    was_not_reloaded(page)
    was_not_reloaded(other)
    delete_havip(page, other, camera)


def create_havip(page: Page, hold: Callable[[bool], None], camera: Camera) -> None:
    """Create 192.168.0.88 in the drawer; its row turns from Creating to Available by itself."""
    navigate(page, "HaVip")
    overlay(page, "Create HaVip")
    dialog = page.locator("dialog#overlay-dialog")
    dialog.locator("[name=vpc_id]").select_option(label=option(dialog, "vpc_id", "prod"))
    dialog.locator("[name=vswitch_id]").select_option(label=option(dialog, "vswitch_id", "web"))
    expect(dialog.locator(".static-value").get_by_text("192.168.0.0/24")).to_be_visible()
    address = dialog.locator("[name=ip_address]")
    for text, verdict in (
        ("192.168.0.209", "taken"),
        ("192.168.1.1", "outside"),
        ("192.168.0.255", "reserved"),
        (HAVIP, "free"),
    ):
        address.fill("")
        address.press_sequentially(text, delay=5)
        expect(dialog.locator(f"[data-verdict={verdict}]")).to_contain_text(text)
    dialog.get_by_label("Name").fill("web-vip")
    camera.take(page, "create")
    hold(True)
    submit(page, "Create")
    row = page.get_by_role("row").filter(has_text=HAVIP)
    expect(chip(row, "Creating")).to_be_visible()
    mark(page)
    camera.take(page, "creating")
    hold(False)
    expect(chip(row, "Available")).to_be_visible()
    was_not_reloaded(page)
    camera.take(page, "available")


def option(scope: Locator, name: str, text: str) -> str:
    """Return the whole label of the option of a select that contains the text."""
    found = scope.locator(f"[name={name}] option").filter(has_text=text).first
    return found.inner_text().strip()


def choose(page: Page, text: str) -> None:
    """Choose the radio button whose line contains the text."""
    page.locator("dialog#overlay-dialog label.choice").filter(has_text=text).locator(
        "input"
    ).check()


def bind_instances(page: Page, other: Page, hold: Callable[[bool], None], camera: Camera) -> None:
    """Bind ecs1, then ecs2; both browsers go through Associating to In use without a reload."""
    for name in ("ecs1", "ecs2"):
        overlay(page, "Bind now")
        choose(page, name)
        camera.take(page, f"bind-{name}")
        hold(True)
        submit(page, "Bind")
        status(page, "Associating")
        status(other, "Associating")
        camera.take(page, f"associating-{name}")
        camera.take(other, f"associating-{name}-other-browser")
        hold(False)
        status(page, "In use")
        status(other, "In use")
        expect(page.locator(".node").filter(has_text=name)).to_be_visible()
        for each in (page, other):
            node = each.locator(".node").filter(has_text=name)
            expect(node.get_by_role("link", name="Disassociate")).to_be_visible()
            expect(node.get_by_role("link", name="Bind now")).to_have_count(0)
        camera.take(page, f"bound-{name}")


def bind_the_eip(page: Page, other: Page, hold: Callable[[bool], None], camera: Camera) -> None:
    """Bind the EIP."""
    overlay(page, "Bind EIP")
    choose(page, "203.0.113.")
    hold(True)
    submit(page, "Bind")
    status(page, "Associating")
    status(other, "Associating")
    hold(False)
    status(page, "In use")
    expect(other.locator(".node--eip, .node").filter(has_text="203.0.113.").first).to_be_visible()
    camera.take(page, "eip-bound")


def refused_binds(page: Page, console: Console, camera: Camera) -> None:
    """A third instance and an interface are drawn disabled with their reasons; sent all the same, they are refused."""
    here = page.url
    for kind, number in (("EcsInstance", "B3"), ("NetworkInterface", "B4")):
        page.goto(f"{here}bind/?kind={kind}")
        choice = page.locator("label.choice").filter(has_not_text=re.compile("B5")).last
        expect(choice.locator("input")).to_be_disabled()
        expect(choice).to_contain_text(number)
        choice.locator("input").evaluate("box => { box.disabled = false; box.checked = true }")
        page.locator("main form").evaluate("form => form.submit()")
        expect(page.locator("main .field__error, main .callout--bad").first).to_contain_text(number)
        camera.take(page, f"refused-{number}")
    page.goto(here)
    mark(page)


def refused_deletion(page: Page, camera: Camera) -> None:
    """Delete lists what is in the way, each with its link."""
    here = page.url
    page.goto(f"{here}delete/")
    expect(page.get_by_role("main")).to_contain_text("D1")
    expect(page.get_by_role("main")).to_contain_text("D2")
    camera.take(page, "refused-delete")
    page.goto(here)
    mark(page)


def unbind_everything(page: Page, other: Page, camera: Camera) -> None:
    """Unbind the EIP and both instances."""
    page.locator(".node").filter(has_text="203.0.113.").get_by_role(
        "link", name="Disassociate"
    ).click()
    submit(page, "Unbind EIP")
    expect(page.locator(".node").filter(has_text="203.0.113.")).to_have_count(0)
    status(page, "In use")
    for name, afterwards in (("ecs2", "In use"), ("ecs1", "Available")):
        page.locator(".node").filter(has_text=name).get_by_role("link", name="Disassociate").click()
        submit(page, "Disassociate")
        expect(page.locator(".node").filter(has_text=name)).to_have_count(0)
        status(page, afterwards)
        status(other, afterwards)
    camera.take(page, "unbound")


def delete_havip(page: Page, other: Page, camera: Camera) -> None:
    """Delete the HaVip: the list is empty again, and the other browser is led there with the reason."""
    overlay(page, "Delete")
    camera.take(page, "delete")
    page.locator("dialog#overlay-dialog").get_by_role("button", name="Delete", exact=True).click()
    for each in (page, other):
        each.wait_for_url(re.compile(r"/havips/(\?gone=.*)?$"))
        expect(each.get_by_role("row").filter(has_text=HAVIP)).to_have_count(0)
    camera.take(page, "deleted")
