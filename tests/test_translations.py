"""The Chinese catalogue: complete, well formed, in the product's own words, and what code makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import translation

from console.audit import wording
from console.operations.refusal import Rule
from console.sentences import render_phrases, render_sentence
from havip.keepalived.problems import PROBLEMS
from havip.regions import AREA_NAMES, regions
from havip.rules.catalogue import CATALOGUE
from tests.chinese import (
    CATALOGUE_OF_CHINESE,
    CHINESE,
    ENTRIES,
    HAN,
    ROOT,
    SOURCE,
    compiled,
    identity,
    messages,
    originals,
    read,
    singular,
    translations,
)

__all__ = ["compiled"]

# --- The catalogue itself ---------------------------------------------------------------------------------------------


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
    # Languages go by their own names in the menu, states of VRRP by keepalived's, and interfaces by those that programmers use.
    kept = {"MASTER", "BACKUP", "FAULT", "STOP", "English", "简体中文", "REST API", "RPC API"}
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


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("the gateway of prod", "专有网络 prod 的网关"),
        ("The node ecs1", "ecs1 节点"),
        ("no agent is enrolled as the gateway of prod", "专有网络 prod 的网关没有注册代理"),
        (
            "the node a has not answered yet; the gateway of b has not answered since 10:42:07",
            "a 节点尚未响应；专有网络 b 的网关自 10:42:07 起没有响应",
        ),
        ("keepalived says: 7; and more", "keepalived says: 7; and more"),
    ],
)
def test_stored_phrases_are_told_in_the_readers_language(stored: str, told: str) -> None:
    """Who an agent serves is stored in English, among the parameters of a sentence."""
    assert render_phrases(stored) == stored
    assert render_sentence("Waits: %(note)s", {"note": stored}) == f"Waits: {stored}"
    with translation.override(CHINESE):
        assert render_phrases(stored) == told
        assert render_sentence("Waits: %(note)s", {"note": stored}) == f"等待：{told}"
