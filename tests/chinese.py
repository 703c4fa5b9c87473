"""The Chinese catalogue as tests read it, compiled anew for Django whatever was compiled before."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils.translation.reloader import translation_file_changed

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
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile the catalogue anew and have Django read it, whatever was compiled before; for modules that import it."""
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


def identity(message: Message) -> tuple[str | None, str]:
    return message.context, singular(message)


def singular(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else str(message.id)


def translations(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


def originals(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)
