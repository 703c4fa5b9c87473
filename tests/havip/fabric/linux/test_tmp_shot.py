import os

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
from datetime import timedelta
import pytest, time_machine
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import sync_playwright
from havip.models import HaVip
from havip.fabric.linux.models import Agent, HolderInterval
from tests.havip.fabric.linux.scripted import ScriptedAgent


@pytest.mark.urls("tests.havip.fabric.linux.urls")
@pytest.mark.django_db(transaction=True)
def test_shots(live_server, agents, havip, owner_client):
    w = agents.world
    ScriptedAgent(f"host:{w.region}")
    agents.gateway.obey()
    agents.ecs1.report(software={"agent": "1.0", "keepalived": "1.2.13"})
    agents.ecs2.fail("keepalived does not accept the file: line 7, unknown keyword “foo”.")
    start = timezone.now() - timedelta(minutes=50)
    HaVip.objects.update(created_at=start)
    row = HaVip.objects.get()
    marks = [
        (0, w.ecs1, "first_start"),
        (20, "", "lost"),
        (20.3, w.ecs2, "fail_over"),
        (40, "", "lost"),
        (41, w.ecs1, "drill"),
    ]
    for i, (m, h, r) in enumerate(marks):
        until = start + timedelta(minutes=marks[i + 1][0]) if i + 1 < len(marks) else None
        HolderInterval.objects.create(
            havip=row,
            holder_id=h,
            holder_label={w.ecs1: "ecs1", w.ecs2: "ecs2"}.get(h, ""),
            reason=r,
            since=start + timedelta(minutes=m),
            until=until,
        )
    agents.gateway.see(havip, w.ecs1, w.ecs2)
    with sync_playwright() as p:
        b = p.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for theme in ("light", "dark"):
            for size in ((1440, 900), (390, 844)):
                c = b.new_context(viewport={"width": size[0], "height": size[1]})
                c.add_cookies(
                    [
                        {
                            "name": "sessionid",
                            "value": owner_client.cookies["sessionid"].value,
                            "url": live_server.url,
                        },
                        {"name": "theme", "value": theme, "url": live_server.url},
                    ]
                )
                page = c.new_page()
                errors = []
                page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
                page.goto(live_server.url + reverse("web:agent-list", args=[w.team.slug]))
                page.screenshot(path=f"/tmp/shot-agents-{theme}-{size[0]}.png", full_page=True)
                if size[0] > 1000:
                    page.get_by_text("Enrol an agent").first.click()
                    page.wait_for_selector("dialog[open]")
                    page.locator("dialog select").select_option(index=1)
                    page.screenshot(path=f"/tmp/shot-form-{theme}.png")
                    page.get_by_role("button", name="Make a token").last.click()
                    page.wait_for_selector("#token")
                    page.screenshot(path=f"/tmp/shot-token-{theme}.png")
                print(errors)
                frag = c.new_page()
                frag.goto(live_server.url + reverse("web:agent-list", args=[w.team.slug]))
                frag.evaluate(
                    "url => htmx.ajax('GET', url, {target: '#list', swap: 'outerHTML'})",
                    reverse("web:havip-holders", args=[w.team.slug, w.region, havip]),
                )
                frag.wait_for_selector("#holders")
                frag.screenshot(path=f"/tmp/shot-holders-{theme}-{size[0]}.png", full_page=True)
        b.close()
