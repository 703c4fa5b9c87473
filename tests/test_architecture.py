"""What holds for the repository itself: small files, nothing left lying about, and each thing in its own room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from console.jobs import operations as job_operations
from console.operations.framework import OPERATIONS
from console.operations.refusal import Rule
from havip import operations

pytestmark = pytest.mark.quality
ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
PACKAGES = ("console", "havip", "tests", "benchmarks", "bin")
TEXTS = {
    ".py",
    ".html",
    ".css",
    ".js",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".sh",
    ".in",
    ".po",
    ".txt",
}
# Written by tools, not by people: their length says nothing.
GENERATED = re.compile(r"migrations/|requirements/.*\.txt$|static/vendor/|locale/|docs/rules\.md$")


def tracked() -> list[Path]:
    """Return every file of the repository that belongs to it, new ones among them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git repository")
    found = (ROOT / name for name in listed.stdout.splitlines())
    return sorted(path for path in found if path.is_file())


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name and the content of every text that people write."""
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if path.suffix in TEXTS and not GENERATED.search(name):
            yield name, path.read_text(encoding="utf-8")


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the syntax tree of every Python module."""
    for name, text in texts():
        if name.endswith(".py") and name.startswith(tuple(f"{each}/" for each in packages)):
            yield name, ast.parse(text)


def test_files_are_short_enough_to_be_read() -> None:
    long = {
        name: lines
        for name, text in texts()
        if name.endswith((".py", ".html", ".css", ".js"))
        and (lines := len(text.splitlines())) > MOST_LINES + 50
    }
    assert long == {}


def test_nothing_is_left_to_do_in_a_comment() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK|WI" + r"P)\b")
    found = {name: marks.findall(text) for name, text in texts() if marks.search(text)}
    assert found == {}


def test_no_path_of_a_single_machine_is_written_down() -> None:
    places = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w")
    found = {
        name: match[0]
        for name, text in texts()
        if name not in ("Dockerfile", "docker-compose.yml") and (match := places.search(text))
    }
    assert found == {}


def test_no_debugger_is_left() -> None:
    calls = re.compile(r"\b(breakpoint\(\)|pdb\.set_trace|console\.log\(|debugger;)")
    found = [name for name, text in texts() if calls.search(text) and "test_archi" not in name]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name
        for name, tree in modules("console", "havip", "tests")
        if tree.body and not ast.get_docstring(tree) and not name.endswith("__init__.py")
    ]
    assert silent == []


def test_no_room_is_called_by_what_it_might_hold() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "stuff"}
    assert [str(path) for path in tracked() if path.stem in vague and path.suffix == ".py"] == []


WRITES = {"save", "create", "delete", "update", "bulk_create", "bulk_update", "get_or_create"}
WRITES |= {"update_or_create", "select_for_update", "raw", "execute"}


def test_views_and_selectors_write_nothing() -> None:
    """What writes is an operation: pages and selectors only read."""
    found = []
    for name, tree in modules("havip/web", "havip/selectors"):
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            target = ast.unparse(node.func.value)
            of_models = "objects" in target or re.fullmatch(r"[a-z_]*(havip|eip|instance)", target)
            if node.func.attr in WRITES and of_models:
                found.append(f"{name}:{node.lineno} {ast.unparse(node.func)}")
    assert found == []


def test_rules_ask_the_database_nothing() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules("havip/rules")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager")
    ]
    assert found == []


def test_only_rules_refuse() -> None:
    """A code of the cloud stands in a rule, and in no face: nothing re-checks a rule in its own words."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules("havip/web")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Rule", "Refusal")
    ]
    assert found == []


@pytest.mark.parametrize("name", operations.__all__)
def test_an_operation_is_one_and_says_what_it_does(name: str) -> None:
    function = getattr(operations, name)
    assert function in OPERATIONS.values(), "it is framed by @operation"
    assert function.__doc__


def test_every_operation_is_offered() -> None:
    offered = {getattr(operations, name) for name in operations.__all__}
    offered |= {job_operations.cancel_job, job_operations.retry_job}
    of_the_domain = {
        function
        for function in OPERATIONS.values()
        if function.__module__.startswith(("havip.operations", "console.jobs"))
    }
    assert of_the_domain == offered


@pytest.mark.slow
def test_the_table_of_rules_is_fresh_and_complete() -> None:
    """Every number is shown through its operation and its page, and docs/rules.md says by which tests."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.rule_table", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_number_means_one_thing() -> None:
    """A refusal's number leads to one rule, or to several that one module keeps together."""
    import_module("havip.rest.urls")
    import_module("havip.rpc.actions")
    homes: dict[str, set[str]] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(("havip.", "console.")):
            for value in vars(module).values():
                if isinstance(value, Rule) and _is_at_home(value, module):
                    homes.setdefault(value.number, set()).add(name)
    assert {number: found for number, found in homes.items() if len(found) > 1} == {}


def _is_at_home(rule: Rule, module: ModuleType) -> bool:
    """Tell whether the module defines the rule, rather than having imported it."""
    names = [name for name, value in vars(module).items() if value is rule]
    source = Path(module.__file__ or "").read_text(encoding="utf-8")
    return any(re.search(rf"^{name} = Rule\(", source, re.MULTILINE) for name in names)
