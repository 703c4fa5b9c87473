"""Bring the catalogues in locale/ up to date with the texts in sources and templates. Needs no gettext."""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

SOURCES = ("console", "havip")
TEMPLATES = ("templates",)
# Docstrings there are texts of the REST API's description: of handlers' methods, and of the shapes of bodies.
HANDLERS, SHAPES = "havip/rest/views", "havip/rest/serializers"
# What marks a text: the argument's place, and which one is the context.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# What changes with every run, or names who ran it.
_VOLATILE = re.compile(
    r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By'
    r"|Report-Msgid-Bugs-To|Project-Id-Version): .*\n",
    re.MULTILINE,
)


def texts(root: Path) -> Catalog:
    """Return every text of the console that is marked for translation, with the files that have it."""
    found = Catalog(fuzzy=False)
    for path in _files(root, SOURCES, "*.py"):
        _gather(found, root, path, path.read_bytes())
    for folder, described in ((HANDLERS, _handlers), (SHAPES, _shapes)):
        for path in _files(root, (folder,), "*.py"):
            place = [(path.relative_to(root).as_posix(), 0)]
            for text in described(ast.parse(path.read_bytes())):
                found.add(text, locations=place)
    for path in _files(root, TEMPLATES, "*.html", "*.txt"):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # Template indentation means nothing to Python.
        lines = (line.lstrip() for line in source.splitlines())
        _gather(found, root, path, "\n".join(lines).encode())
    return found


def _files(root: Path, folders: tuple[str, ...], *patterns: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for pattern in patterns for path in (root / folder).rglob(pattern))


def _handlers(module: ast.Module) -> Iterator[str]:
    """Return what documented methods do, as `havip.rest.documented` takes their docstrings apart."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and any(map(_is_documented, node.decorator_list)):
            summary, _, description = (ast.get_docstring(node) or "").partition("\n")
            yield summary.rstrip(".")
            if description.strip():
                yield " ".join(description.split())


def _is_documented(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "documented"


def _shapes(module: ast.Module) -> Iterator[str]:
    """Return what bodies are: the classes that derive from another shape, and from no single input."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            if bases and not bases & {"Text"}:
                yield " ".join((ast.get_docstring(node) or "").split())


def _gather(found: Catalog, root: Path, path: Path, source: bytes) -> None:
    place = [(path.relative_to(root).as_posix(), 0)]
    options = {"encoding": "utf-8"}
    for _line, text, comments, context in extract(
        "python", io.BytesIO(source), KEYWORDS, comment_tags=("Translators:",), options=options
    ):
        found.add(text, locations=place, auto_comments=comments, context=context)


def refresh(root: Path, catalogue: Path) -> Catalog:
    """Write a catalogue anew: texts that are gone leave it, new ones come in without a translation."""
    locale = catalogue.parent.parent.name
    with catalogue.open("rb") as file:
        known = read_po(file, locale=locale)
    known.update(texts(root), no_fuzzy_matching=True)
    known.obsolete.clear()
    known.header_comment = ""
    known.fuzzy = False
    for message in known:
        message.locations = sorted(set(message.locations))
    written = io.BytesIO()
    write_po(written, known, width=0, omit_header=False, include_lineno=False, ignore_obsolete=True)
    text = _VOLATILE.sub("", written.getvalue().decode()).lstrip()
    if text != catalogue.read_text(encoding="utf-8"):
        catalogue.write_text(text, encoding="utf-8")
    return known


def is_missing(message: Message) -> bool:
    """Tell whether a text has no translation that may be shown."""
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    return bool(message.id) and (message.fuzzy or not all(strings))


def main() -> int:
    """Refresh every catalogue; say what is missing, and fail when something is."""
    parser = argparse.ArgumentParser(prog="bin/messages", description=__doc__)
    parser.add_argument("root", type=Path, help=argparse.SUPPRESS)
    root = parser.parse_args().root
    missing = 0
    for catalogue in sorted(root.glob("locale/*/LC_MESSAGES/django.po")):
        messages = refresh(root, catalogue)
        absent = [message for message in messages if is_missing(message)]
        print(f"{catalogue.relative_to(root)}: {len(messages)} texts, {len(absent)} to translate")
        for message in absent:
            print(
                f"  {message.id!r} ({', '.join(sorted({name for name, _ in message.locations}))})"
            )
        missing += len(absent)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
