"""The plan of the house as a test: who may import whom, how big a room may be, which names are no names.

The pictures in ARCHITECTURE.md are a wish; this is the rule.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "cds_service"
EVERYTHING = frozenset({"*"})

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    # Outer ring: joins the parts.
    "app": EVERYTHING,
    "cli": EVERYTHING,
    "commands": EVERYTHING,
    "wsgi": frozenset({"app", "settings", "errors"}),
    "resource_files": frozenset(),
    "chart_file": frozenset({"hooks", "cdshooks", "fhir", "errors"}),
    "demo": frozenset({"stories", "terminal", "errors"}),
    "showcase": frozenset({"stories", "hooks", "cdshooks", "course"}),
    "review_pages": frozenset({"guideline", "mapping", "stories"}),
    "population": frozenset({"hooks", "fhir", "guideline", "cards", "case", "errors"}),
    "synthetic": frozenset({"errors"}),
    "bulk": frozenset({"outbound", "secret_files", "errors"}),
    "granian_command": frozenset({"settings", "errors"}),
    "gunicorn_settings": frozenset({"settings", "errors"}),
    # The path of a call.
    "web": frozenset({"hooks", "trust", "cdshooks", "course", "smart", "errors", "settings"}),
    "hooks": frozenset(
        {"cdshooks", "fhir", "mapping", "guideline", "cards", "store", "trust", "outbound", "case", "errors"}
    ),
    "cdshooks": frozenset({"errors"}),
    # The rooms that never import one another: hooks hands plain values from one to the next.
    "fhir": frozenset({"outbound", "errors"}),
    "mapping": frozenset({"case", "errors"}),
    "cards": frozenset({"guideline", "case", "cdshooks"}),
    "store": frozenset({"errors"}),
    "trust": frozenset({"outbound", "secret_files", "errors"}),
    "outbound": frozenset({"errors"}),
    "smart": frozenset({"trust", "outbound", "errors"}),
    # The pure middle.
    "guideline": frozenset({"case"}),
    # The page of a course: cards for its sentences only.
    "course": frozenset({"guideline", "case", "cards", "errors"}),
    "case": frozenset(),
    # Leaves.
    "stories": frozenset({"errors"}),
    "terminal": frozenset(),
    "settings": frozenset({"startup", "errors"}),
    "startup": frozenset({"errors"}),
    "secret_files": frozenset(),
    "errors": frozenset(),
}
STANDARD_LIBRARY_ONLY = ("case", "guideline")
ONLY_OUTSIDERS: Mapping[str, frozenset[str]] = {"terminal": frozenset({"rich"})}

# Rooms that may ask what time it is. Everywhere else "today" is an argument.
MAY_READ_THE_CLOCK = frozenset({"web", "app", "cli", "commands", "demo"})
CLOCKS = frozenset({("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")})
CLOCK_FUNCTIONS = frozenset({"time", "time_ns", "localtime", "gmtime", "ctime"})

NO_NAMES = frozenset({"utils", "util", "common", "helpers", "helper", "manager", "engine", "base", "misc", "handlers"})
MODULE_LINES = 250
FUNCTION_LINES = 40
NESTING = 3
# What is larger than its room, and why that is better than splitting it.
ALLOWED_MODULES: Mapping[str, tuple[int, str]] = {
    "guideline/evidence.py": (280, "a register: one entry after another, no logic"),
}
ALLOWED_FUNCTIONS: Mapping[str, tuple[int, str]] = {
    "fhir/chart.py:read_chart": (45, "the stages of reading a chart from top to bottom, and a docstring of its faults"),
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def imported(module: Path) -> Iterator[str]:
    """Every module imported anywhere in the file, also inside functions and for type checking only."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(module)}:{node.lineno}: relative imports hide which room is meant"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree_of(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
class TestEveryModule:
    def test_it_imports_only_from_rooms_it_may(self, module: Path) -> None:
        room = room_of(module)
        if room == "__init__":
            return
        assert room in MAY_IMPORT, f"{room} has no row in MAY_IMPORT: which rooms may it use?"
        ours = {name.split(".")[1] for name in imported(module) if name.startswith("cds_service.")}
        strangers = ours - MAY_IMPORT[room] - {room}
        assert not strangers or MAY_IMPORT[room] == EVERYTHING, f"{room} may not import {sorted(strangers)}"

    def test_the_pure_rooms_know_no_library(self, module: Path) -> None:
        room = room_of(module)
        outsiders = {name.split(".")[0] for name in imported(module)} - set(sys.stdlib_module_names) - {"cds_service"}
        if room in STANDARD_LIBRARY_ONLY:
            assert not outsiders, f"{room} uses the standard library only"
        if room in ONLY_OUTSIDERS:
            assert outsiders <= ONLY_OUTSIDERS[room]

    def test_it_does_not_read_the_clock_unless_it_may(self, module: Path) -> None:
        if room_of(module) in MAY_READ_THE_CLOCK:
            return
        calls = [node.func for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
        read = {
            f"{call.value.id}.{call.attr}"
            for call in calls
            if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name)
            if (call.value.id, call.attr) in CLOCKS or (call.value.id == "time" and call.attr in CLOCK_FUNCTIONS)
        }
        bare = {name for name in imported(module) if name.startswith("time.") and name[5:] in CLOCK_FUNCTIONS}
        assert not read | bare, "today is an argument: on: date"

    def test_it_fits_its_room(self, module: Path) -> None:
        limit, _ = ALLOWED_MODULES.get(name_of(module), (MODULE_LINES, ""))
        lines = len(module.read_text(encoding="utf-8").splitlines())
        assert lines <= limit, f"{lines} lines: split it by concept, or give a reason in ALLOWED_MODULES"

    def test_its_functions_fit_on_a_screen(self, module: Path) -> None:
        for function in functions(module):
            name = f"{name_of(module)}:{function.name}"
            limit, _ = ALLOWED_FUNCTIONS.get(name, (FUNCTION_LINES, ""))
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            assert lines <= limit, f"{name} has {lines} lines"

    def test_its_functions_are_not_deeply_nested(self, module: Path) -> None:
        for function in functions(module):
            assert depth(function) <= NESTING, f"{name_of(module)}:{function.name} is nested deeper than {NESTING}"

    def test_its_name_says_what_is_in_it(self, module: Path) -> None:
        assert not NO_NAMES & {part.removesuffix(".py") for part in module.relative_to(PACKAGE).parts}

    def test_a_package_marker_is_empty(self, module: Path) -> None:
        if module.name == "__init__.py":
            assert module.read_text(encoding="utf-8") == ""


def depth(node: ast.AST) -> int:
    """How many blocks lie inside one another. `elif` stays on the level of its `if`, a nested function starts anew."""
    blocks = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.AsyncFor, ast.AsyncWith)
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse[:1]
        inside = depth(child) + (isinstance(child, blocks) and not is_elif)
        deepest = max(deepest, inside)
    return deepest


def test_every_listed_room_and_exception_still_exists() -> None:
    rooms = {room_of(module) for module in MODULES}
    assert set(MAY_IMPORT) <= rooms
    names = {name_of(module) for module in MODULES}
    listed = {*ALLOWED_MODULES, *(name.partition(":")[0] for name in ALLOWED_FUNCTIONS)}
    assert listed <= names


@pytest.mark.parametrize("module", sorted((PACKAGE.parent / "tests").rglob("*.py")), ids=lambda path: path.stem)
def test_no_test_uses_a_mock_library(module: Path) -> None:
    assert not {name for name in imported(module) if name.split(".")[0] in {"mock", "pytest_mock"}}
    assert not {name for name in imported(module) if name.startswith("unittest.mock")}
