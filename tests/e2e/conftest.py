"""Browsers and consoles for the end-to-end tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.consoles import KINDS, PASSWORD, PROJECT, Console, EmbeddedConsole

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1440, "height": 900}
# How long a page may take on a machine that runs other tests beside this one.
PATIENCE_MILLISECONDS = 60_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)


def fresh_copy(target: Path) -> Path:
    """Copy what git tracks into an empty folder, as a clone has it: no .venv, no data, nothing built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = PROJECT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    return target


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=FLAGS, timeout=2 * PATIENCE_MILLISECONDS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=sorted(KINDS))
def console(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """A console of each kind on a fabric that can be held up; the embedded one from a fresh copy in an empty folder."""
    directory = tmp_path_factory.mktemp(request.param)
    fabric = directory / "fabric"
    fabric.mkdir()
    kind = KINDS[request.param]
    is_embedded = issubclass(kind, EmbeddedConsole)
    project = fresh_copy(directory / "clone") if is_embedded else PROJECT
    with kind(
        directory,
        project=project,
        HAVIP_TEST_FABRIC=str(fabric),
        HAVIP_FABRICS="*=tests.faults.fabric.DirectoryFabric",
    ) as running:
        yield running


@pytest.fixture
def hold(console: Console) -> Iterator[Callable[[bool], None]]:
    """Hold the fabric up, or let it go on."""
    path = Path(console.variables["HAVIP_TEST_FABRIC"]) / "hold"

    def switch(held: bool) -> None:
        path.touch() if held else path.unlink(missing_ok=True)

    yield switch
    switch(False)


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts, each a stranger to the others; they are closed at the end."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(
            **{"viewport": WIDE, "ignore_https_errors": True, **options}  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


def sign_in(context: BrowserContext, console: Console) -> Page:
    """Sign the administrator in; return the page, which shows the HaVip list."""
    page = context.new_page()
    page.goto(console.url)
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit].btn--primary").click()
    page.wait_for_url(re.compile(r"/havips/"))
    return page


class Camera:
    """Takes numbered screenshots into the folder that the command line names."""

    def __init__(self, folder: Path | None, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._number = 0

    def take(self, page: Page, name: str) -> None:
        """Write one picture, if a folder was named."""
        self._number += 1
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self._folder / f"{self._kind}-{self._number:02}-{name}.png")


@pytest.fixture
def camera(request: pytest.FixtureRequest, console: Console) -> Camera:
    """Return a camera; without --screenshots it takes nothing."""
    folder = request.config.getoption("--screenshots")
    return Camera(Path(folder) if folder else None, console.kind)
