"""The shape of the sources: small files, small functions, speaking names, documented core."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.structure.source import ROOT, modules, name_of, python_files, text, tracked, tree

FILE_LINES = 400
FUNCTION_LINES = 60
NO_NAME = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "misc",
    "manager",
    "managers",
    "shared",
    "stuff",
}
GENERATED = ("ledger/store/migrations/versions/",)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_the_tests_see_the_tree() -> None:
    # An empty list would make every test below pass for nothing.
    assert ROOT / "ledger" / "errors.py" in modules()
    assert len(python_files()) > len(modules())


def written() -> list[Path]:
    """The Python files that people wrote."""
    return [path for path in python_files() if not name_of(path).startswith(GENERATED)]


def test_a_file_stays_short() -> None:
    contracts = [path for path in tracked() if path.suffix == ".sol"]
    assert contracts
    lines = {name_of(path): text(path).count("\n") for path in [*written(), *contracts]}
    long = [f"{name}: {count} lines" for name, count in lines.items() if count >= FILE_LINES]
    assert not long, f"{FILE_LINES} are too many"


def test_a_function_stays_short() -> None:
    long = [
        f"{name_of(path)}: {node.name} (line {node.lineno}): {code_lines(node)} lines"
        for path in written()
        for node in functions(path)
        if code_lines(node) >= FUNCTION_LINES
    ]
    assert not long, f"{FUNCTION_LINES} are too many"


def test_no_module_is_named_for_nothing() -> None:
    nameless = [name_of(path) for path in python_files() if NO_NAME & {path.stem, path.parent.name}]
    assert not nameless


def test_a_module_says_what_it_is() -> None:
    assert not [name_of(path) for path in modules() if not ast.get_docstring(tree(path))], "no docstring"


def functions(path: Path) -> Iterator[Function]:
    """Every function of a file that is long enough to hold one too long, wherever it stands."""
    if text(path).count("\n") < FUNCTION_LINES:
        return
    inside: list[ast.AST] = [ast.parse(text(path))]  # not kept: to look through a thousand trees costs more
    while inside:
        node = inside.pop()
        if isinstance(node, Function):
            yield node
        # Statements stand in statements alone, in their `except` or in a `case`; expressions hold no function.
        inside += [
            one
            for one in ast.iter_child_nodes(node)
            if isinstance(one, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]


def code_lines(node: Function) -> int:
    """Lines of a function, its docstring not counted."""
    first = node.body[0]
    documented = ast.get_docstring(node) is not None
    return (node.end_lineno - node.lineno) + 1 - (first.end_lineno - first.lineno + 1 if documented else 0)


def undocumented(body: list[ast.stmt], prefix: str = "") -> list[str]:
    missing = []
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not ast.get_docstring(node) and not any(
                name.endswith((".setter", "overload")) for name in decorators
            ):
                missing.append(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                missing += undocumented(node.body, f"{node.name}.")
    return missing


def test_everything_public_in_core_is_documented() -> None:
    core = [path for path in modules() if "core" in path.relative_to(ROOT).parts]
    missing = {name_of(path): undocumented(tree(path).body) for path in core}
    assert missing
    assert not {name: found for name, found in missing.items() if found}


def test_no_work_is_left_marked_in_the_sources() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX:")
    read = [path for path in tracked() if "/vectors/" not in name_of(path)]
    assert not [name_of(path) for path in read if any(mark in text(path) for mark in marks)]
