"""Every page in both themes: no serious accessibility fault, nothing that the browser complains about, usable without script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.consoles import Console, EmbeddedConsole, eventually
from tests.e2e.conftest import sign_in

# Every page is looked at three times: that takes minutes where other tests run beside this one.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

REGION = "t/demo/cn-hangzhou"
NARROW = {"width": 390, "height": 844}
GRAVE = ("serious", "critical")
THE_LIST = re.compile(r"/havips/(\?.*)?$")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An embedded console with the documented network, one HaVip with a node, and a failed job."""
    directory = tmp_path_factory.mktemp("pages")
    fabric = directory / "fabric"
    fabric.mkdir()
    with EmbeddedConsole(
        directory,
        HAVIP_TEST_FABRIC=str(fabric),
        HAVIP_FABRICS="*=tests.faults.fabric.DirectoryFabric",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def paths(console: Console) -> list[str]:
    """Return the path of every page, with something to see on it."""
    world = console.act("furnished-world")
    havip = f"{REGION}/havips/{world['havip']}"
    instance = f"{REGION}/instances/{world['instances'][0]}"
    interface = f"{REGION}/interfaces/{world['interface']}"
    lists = ("havips", "vpcs", "vswitches", "routes", "instances", "interfaces", "eips")
    return [
        *(f"{REGION}/{name}/" for name in lists),
        *(f"{REGION}/{name}/create/" for name in lists),
        *(f"{havip}/{rest}" for rest in ("", "?tab=configuration", "?tab=jobs", "?tab=audit")),
        *(f"{havip}/{rest}/" for rest in ("edit", "delete", "bind", "bind-eip", "unbind-eip")),
        *(f"{havip}/{rest}/" for rest in ("check", "timers", "drills", "drills/start")),
        f"{REGION}/keepalived/check/",
        f"{REGION}/guide/",
        f"{havip}/bind/?kind=NetworkInterface",
        f"{havip}/unbind/{world['instances'][0]}/",
        f"{REGION}/vpcs/{world['vpc']}/",
        f"{REGION}/vpcs/{world['vpc']}/delete/",
        f"{REGION}/vswitches/{world['vswitch']}/",
        *(f"{instance}/{rest}" for rest in ("", "stop/", "delete/")),
        *(f"{interface}/{rest}" for rest in ("", "attach/", "delete/")),
        f"{REGION}/eips/{world['eip']}/",
        f"{REGION}/eips/{world['eip']}/delete/",
        f"{havip}/tags/",
        f"{instance}/tags/",
        "api/v1/",
        "t/demo/jobs/",
        f"t/demo/jobs/{world['failed_job']}/",
        "t/demo/audit/",
        "t/demo/audit/3/",
        "t/demo/quotas/",
        "t/demo/help/",
        "t/demo/agents/",
        "site/requests/",
        "site/audit/",
        "t/demo/nowhere/",
    ]


@pytest.mark.parametrize(
    ("theme", "language"), [("light", "en"), ("dark", "en"), ("dark", "zh-hans")]
)
def test_no_grave_fault(
    console: Console,
    paths: list[str],
    new_context: Callable[..., BrowserContext],
    theme: str,
    language: str,
) -> None:
    """Axe finds nothing serious or critical; wide in English, narrow in Chinese."""
    context = new_context(viewport=NARROW) if language != "en" else new_context()
    anonymous = context.new_page()
    faults = grave_faults(anonymous, f"{console.url}sign-in/")
    page = sign_in(context, console)
    context.add_cookies(
        [
            {"name": "theme", "value": theme, "url": console.url},
            {"name": "django_language", "value": language, "url": console.url},
        ]
    )
    for path in paths:
        faults += grave_faults(page, f"{console.url}{path}")
        assert page.locator("html").get_attribute("data-theme") == theme
        assert page.locator("html").get_attribute("lang") == language
        width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if width > 0:
            faults.append(f"{path}: {width} pixels too wide")
    assert not faults, "\n".join(faults)


def grave_faults(page: Page, url: str) -> list[str]:
    """Open a page and return its serious and critical faults, one line each."""
    page.goto(url)
    if url.endswith("/api/v1/"):
        open_an_operation(page)
    found = Axe().run(page).response["violations"]
    return [
        f"{url}: {each['id']} {node['target']}: {node['html'][:120]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def open_an_operation(page: Page) -> None:
    """Open the first group of the REST description, and an operation of it, with fields to fill in."""
    page.locator(".opblock-tag .expand-operation").nth(2).click()
    operation = page.locator("[id$='-createHaVip']")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()


def test_the_browser_has_no_complaint(
    console: Console, paths: list[str], new_context: Callable[..., BrowserContext]
) -> None:
    """No script error, no blocked resource, no violation of the content security policy."""
    page = sign_in(new_context(), console)
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{page.url}: {message.text}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    for path in paths:
        if "nowhere" not in path:
            page.goto(f"{console.url}{path}")
    assert not complaints, "\n".join(complaints)


def test_works_without_script(
    console: Console, paths: list[str], new_context: Callable[..., BrowserContext]
) -> None:
    """Create, rename and delete a HaVip with nothing but links and forms."""
    context = new_context(java_script_enabled=False)
    page = sign_in(context, console)
    main = page.get_by_role("main")
    main.get_by_role("link", name="Create HaVip", exact=True).first.click()
    page.locator("[name=vswitch_id]").select_option(index=1)
    page.locator("[name=ip_address]").fill("192.168.0.120")
    page.locator("[name=name]").fill("plain")
    main.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url(THE_LIST)
    reload_until(page, "192.168.0.120", "Available")
    page.get_by_role("link", name="plain").first.click()
    main.get_by_role("link", name="Edit", exact=True).click()
    page.locator("[name=name]").fill("plainer")
    main.get_by_role("button", name=re.compile("Save")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("plainer")
    main.get_by_role("link", name="Delete", exact=True).click()
    main.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url(THE_LIST)
    reload_until(page, "192.168.0.120", "")


def reload_until(page: Page, row: str, word: str) -> None:
    """Reload, as one does without script, until a row shows the word; an empty one: until it is gone."""
    found = page.get_by_role("row").filter(has_text=row)

    def seen() -> bool:
        page.reload()
        if not word:
            return found.count() == 0
        return found.locator(".chip").filter(has_text=word).count() > 0

    eventually(seen, f"{row} to be {word or 'gone'}")


def test_keyboard_reaches_the_drawer(
    console: Console, paths: list[str], new_context: Callable[..., BrowserContext]
) -> None:
    """Open the drawer by Enter, leave it by Escape; the focus comes back to where it was."""
    page = sign_in(new_context(), console)
    opener = page.get_by_role("main").get_by_role("link", name="Create HaVip", exact=True).first
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#overlay-dialog")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#overlay-dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_an_open_menu_survives_a_refresh(
    console: Console, paths: list[str], new_context: Callable[..., BrowserContext]
) -> None:
    """Somebody else's change refreshes the list; the menu that is open stays open."""
    page = sign_in(new_context(), console)
    menu = page.get_by_role("row").nth(1).locator("details").first
    menu.locator("summary").click()
    Path(console.variables["HAVIP_TEST_FABRIC"], "log").touch()
    console.act("rename", "renamed-by-another")
    expect(page.get_by_role("row").filter(has_text="renamed-by-another")).to_be_visible()
    assert menu.evaluate("element => element.open") is True
