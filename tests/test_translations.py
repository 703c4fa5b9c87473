"""The Chinese catalogue: complete, well formed, in the product's own words, and what readers get to see."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation.reloader import translation_file_changed

from console.audit import wording
from console.operations.refusal import Rule
from havip.keepalived.problems import PROBLEMS
from havip.regions import AREA_NAMES, regions
from havip.rules.catalogue import CATALOGUE
from tests.cast import REGION
from tests.conftest import SignIn
from tests.havip.web.test_access_matrix import NAMES, RECIPES, scene

__all__ = ["scene"]

ROOT = Path(__file__).resolve().parent.parent
CHINESE = "zh-hans"
SOURCE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
HAN = re.compile(r"[\u4e00-\u9fff]")


def _tool(name: str) -> ModuleType:
    """Load one of the programs of bin/lib."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"bin/lib/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


messages = _tool("messages")
compile_messages = _tool("compile_messages")


def read(path: Path = SOURCE) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


CATALOGUE_OF_CHINESE = read()
ENTRIES = [message for message in CATALOGUE_OF_CHINESE if message.id]


@pytest.fixture(scope="module", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile the catalogue anew and have Django read it, whatever was compiled before."""
    folder = tmp_path_factory.mktemp("locale")
    copy = folder / SOURCE.relative_to(ROOT / "locale")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(SOURCE.read_bytes())
    assert compile_messages.compile_stale(folder) == 1
    fresh, target = copy.with_suffix(".mo"), SOURCE.with_suffix(".mo")
    if not target.exists() or target.read_bytes() != fresh.read_bytes():
        fresh.chmod(0o644)
        beside = target.with_name(f"{folder.parent.name}-{folder.name}.tmp")
        beside.write_bytes(fresh.read_bytes())
        beside.replace(target)
    translation_file_changed(None, target)


# --- The catalogue itself ---------------------------------------------------------------------------------------------


def identity(message: Message) -> tuple[str | None, str]:
    return message.context, singular(message)


def singular(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else str(message.id)


def translations(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


def originals(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)


def test_holds_every_text_and_no_other() -> None:
    """Run bin/messages after a text has changed, and translate what it names."""
    marked = {identity(message) for message in messages.texts(ROOT) if message.id}
    known = {identity(message) for message in ENTRIES}
    assert marked - known == set(), "not in the catalogue"
    assert known - marked == set(), "no longer anywhere in the console"


def test_extraction_finds_every_way_of_marking(tmp_path: Path) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "console/a.py").write_text(
        'A = _("one")\nB = gettext_lazy("two")\nC = gettext_noop(\n    "three "\n    "four"\n)\n'
        'D = ngettext("%(n)s a", "%(n)s b", 2)\nE = pgettext("place", "five")\nF = other("none")\n'
    )
    (tmp_path / "templates/a.html").write_text(
        '{% load i18n %}\n  <p title="{% translate \'six\' %}">{% translate "seven" context "x" %}</p>\n'
        '    {% blocktranslate count n=n %}{{ n }} c{% plural %}{{ n }} d{% endblocktranslate %}{# "(" #}\n'
        '{% include "x" with title=_("eight") %}\n      {% blocktranslate %}100 % <b>nine</b>{% endblocktranslate %}'
    )
    found = {(message.context, message.id) for message in messages.texts(tmp_path) if message.id}
    assert found == {
        (None, "one"),
        (None, "two"),
        (None, "three four"),
        (None, ("%(n)s a", "%(n)s b")),
        ("place", "five"),
        (None, "six"),
        ("x", "seven"),
        (None, ("%(n)s c", "%(n)s d")),
        (None, "eight"),
        (None, "100 %% <b>nine</b>"),
    }


def test_refreshing_keeps_translations_and_settles(tmp_path: Path) -> None:
    copy = tmp_path / "zh_Hans/LC_MESSAGES/django.po"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(SOURCE.read_bytes())
    messages.refresh(ROOT, copy)
    once = copy.read_text()
    kept = {identity(entry): entry.string for entry in read(copy) if entry.id}
    for entry in ENTRIES:
        assert kept.get(identity(entry), entry.string) == entry.string
    messages.refresh(ROOT, copy)
    assert copy.read_text() == once


def test_the_file_is_well_formed() -> None:
    """Stricter than what compiles it, which lets an open quotation mark pass."""
    line = re.compile(
        r'|#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr|msgstr\[0\]) )?"(?:[^"\\]|\\["\\n])*"'
    )
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    assert [text for text in lines if not line.fullmatch(text)] == []
    assert not any(text.startswith(("#~", "#, fuzzy")) for text in lines)


def test_everything_is_translated() -> None:
    assert [message.id for message in ENTRIES if messages.is_missing(message)] == []
    # A plural would be missing its forms otherwise: Chinese has one.
    assert CATALOGUE_OF_CHINESE.num_plurals == 1
    assert [entry.id for entry in ENTRIES if len(translations(entry)) != 1] == []


def placeholders(text: str) -> list[str]:
    """Return what is filled in, and the markup, in an order of its own."""
    percent = re.findall(r"%(?:\(\w+\)[#0 +-]*[\d.]*[a-zA-Z]|[#0 +-]*[\d.]*[sdrf]|%)", text)
    return sorted([*percent, *re.findall(r"\{\w+\}", text), *re.findall(r"</?\w+[^>]*>", text)])


@pytest.mark.parametrize(
    "text", ["%(a)s", "%(a).1f s", "100 %%", "1 to {b}.", '<a href="%(u)s">', "%s"]
)
def test_placeholders_are_seen(text: str) -> None:
    assert placeholders(text)


def test_placeholders_and_markup_are_kept() -> None:
    wrong = [
        (entry.id, entry.string)
        for entry in ENTRIES
        # Of a plural, the last form is what Chinese translates.
        if any(
            placeholders(text) != placeholders(originals(entry)[-1]) for text in translations(entry)
        )
    ]
    assert wrong == []


def test_chinese_is_written_as_chinese() -> None:
    """Chinese punctuation beside Chinese characters, no space between two of them, none at either end."""
    faults = {
        "punctuation of another script": r"[\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u4e00-\u9fff]|[\u4e00-\u9fff]\.(?!\w)",
        "a space between characters": r"[\u4e00-\u9fff，。：；！？（）“”、] +[\u4e00-\u9fff，。：；！？（）“”、]",
        "a space at an end": r"^\s|\s$",
        "straight quotation marks": r"[\u4e00-\u9fff][\"']|[\"'][\u4e00-\u9fff]",
        "an unclosed bracket": r"^[^（）]*（[^）]*$|^[^（]*）",
    }
    wrong = [
        (fault, text)
        for entry in ENTRIES
        for text in translations(entry)
        for fault, pattern in faults.items()
        if re.search(pattern, text)
    ]
    assert wrong == []


# What is said in English, and the word for it in Chinese (docs: the table of words).
WORDS = {
    r"vSwitch(es)?": "交换机",
    r"VPCs?": "专有网络",
    r"HaVips?": "高可用虚拟IP",
    r"[Nn]etwork interfaces?": "弹性网卡|主网卡|辅助网卡",
    r"[Rr]oute entr(y|ies)": "路由条目",
    r"(?<!idempotency )[Qq]uotas?": "配额",
    r"[Aa]udit log": "审计日志",
    r"[Bb]eta application": "公测申请",
    r"[Jj]obs?(?! %)": "任务",
    r"[Tt]eams?": "团队",
    r"[Rr]egions?": "地域",
    r"[Ii]nstances?": "实例",
    r"EIPs?|Elastic IPs?": "EIP|弹性公网IP",
    r"[Pp]rivate IP": "私网IP",
    r"[Aa]gents?": "代理",
    r"[Uu]nbind": "解绑|解除关联",
}


# These say it without the word: what they stand beside has it.
WITHOUT = {"no HaVip"}


@pytest.mark.parametrize("english", WORDS)
def test_the_products_own_words(english: str) -> None:
    wrong = [
        (entry.id, text)
        for entry in ENTRIES
        if re.search(rf"\b({english})\b", re.sub(r"%\(\w+\)s", "", singular(entry)))
        and singular(entry) not in WITHOUT
        for text in translations(entry)
        if not re.search(WORDS[english], text)
    ]
    assert wrong == []


# --- What code renders ------------------------------------------------------------------------------------------------


class _Filled(dict[str, Any]):
    """Parameters for any message."""

    def __missing__(self, key: str) -> Any:
        return _Number(7)


class _Number(int):
    def __str__(self) -> str:
        return "7"


def in_chinese(text: object) -> str:
    with translation.override(CHINESE):
        return str(text) % _Filled()


def in_english(text: object) -> str:
    with translation.override("en"):
        return str(text) % _Filled()


def untranslated(texts: Iterable[object]) -> list[str]:
    """Return those of the texts that read the same in both languages, or have no Chinese in them."""
    return [
        in_english(text)
        for text in texts
        if in_english(text) == in_chinese(text) or not HAN.search(in_chinese(text))
    ]


def _rules() -> list[Rule]:
    return [rule for numbered in CATALOGUE.values() for rule in numbered.rules]


def test_django_reads_this_catalogue() -> None:
    """Nothing else answers: not Django's own words, not an older compilation."""
    with translation.override(CHINESE):
        wrong = [
            entry.id
            for entry in ENTRIES
            if isinstance(entry.id, str)
            and translations(entry)[0]
            != (
                translation.pgettext(entry.context, entry.id)
                if entry.context
                else translation.gettext(entry.id)
            )
        ]
    assert wrong == []


def test_every_refusal_is_said_in_chinese() -> None:
    assert len(_rules()) > 40
    assert untranslated(rule.message for rule in _rules()) == []
    assert untranslated(rule.remedy for rule in _rules() if rule.remedy) == []


def test_every_finding_in_a_keepalived_file_is_said_in_chinese() -> None:
    assert untranslated(problem.message for problem in PROBLEMS.values()) == []
    assert untranslated(problem.mend for problem in PROBLEMS.values()) == []


def test_every_region_has_its_chinese_name() -> None:
    assert untranslated(region.english_name for region in regions().values()) == []
    assert untranslated(AREA_NAMES.values()) == []
    with translation.override(CHINESE):
        assert regions()["cn-hangzhou"].name == "华东1（杭州）"
        assert regions()["cn-chengdu"].name == "西南1（成都）"
        assert regions()["cn-hongkong"].name == "中国（香港）"
        assert regions()["ap-southeast-5"].name == "印度尼西亚（雅加达）"
        assert regions()["me-east-1"].name == "阿联酋（迪拜）"


def _choices() -> Iterator[tuple[type[models.Model], str, object]]:
    for model in apps.get_models():
        if model.__module__.split(".")[0] in ("console", "havip"):
            for field in model._meta.get_fields():
                for _value, label in getattr(field, "choices", None) or ():
                    yield model, field.name, label


def test_every_status_has_its_chinese_name() -> None:
    labels = list(_choices())
    assert len(labels) > 60
    # Languages go by their own names in the menu, and states of VRRP by keepalived's.
    kept = {"MASTER", "BACKUP", "FAULT", "STOP", "English", "简体中文"}
    wrong = [
        (model.__name__, name, str(label))
        for model, name, label in labels
        if str(label) not in kept and untranslated([label])
    ]
    assert wrong == []


def test_every_word_of_the_audit_log_is_chinese() -> None:
    texts = [
        text
        for words in wording.WORDS.values()
        for text in (words.name, words.done, words.tried, words.done_with, words.tried_with)
        if text
    ]
    assert len(texts) > 100
    assert untranslated(texts) == []
    assert untranslated(wording.OBJECT_KINDS.values()) == []


# --- What pages show --------------------------------------------------------------------------------------------------

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
