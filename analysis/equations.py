"""The table paper → equation → function → test, collected from the docstrings of both packages.

A function that implements a numbered equation says so in one line of its docstring::

    Source: karpov-parshin-1985 (5.9), (5.10); test: test_name_of_the_function_that_checks_it

with a key of :mod:`atomsim.bibliography` and, in parentheses, the number of each equation (or a word where the
source has no numbers). The source text is read, not run: nothing is imported but the two packages themselves.
"""

from __future__ import annotations

import ast
import pkgutil
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.abc import InspectLoader, PathEntryFinder
from types import ModuleType
from typing import cast

import analysis
import atomsim
from atomsim.bibliography import BIBLIOGRAPHY
from atomsim.errors import InputError, nearest

SOURCE_LINE = re.compile(
    r"Source: (?P<key>[a-z0-9-]+) (?P<equations>\([^()]+\)(?:, \([^()]+\))*); test: (?P<test>test_\w+)"
)


@dataclass(frozen=True)
class EquationRow:
    """One equation of one paper: where it stands, what computes it and which test checks that.

    ``key`` is a key of the bibliography, ``equation`` a number or a word without its parentheses, ``function`` the
    full dotted name, ``test`` the name of a pytest function.
    """

    key: str
    equation: str
    function: str
    test: str

    @property
    def order(self) -> tuple[str, bool, tuple[int, ...], str]:
        """What the table is sorted by: paper, numbers before words, numbers by value (5.9 before 5.10)."""
        numbers = tuple(int(digits) for digits in re.findall(r"\d+", self.equation))
        return self.key, not numbers, numbers, f"{self.equation} {self.function}"


def collect_equations(
    packages: Iterable[ModuleType] = (atomsim, analysis), *, known: Collection[str] = BIBLIOGRAPHY
) -> tuple[EquationRow, ...]:
    """Return every equation that a docstring names, sorted by paper and equation number.

    Args:
        packages: the packages to read.
        known: the keys of the bibliography.

    Raises:
        InputError: a source line that cannot be read, or whose key the bibliography does not have.
    """
    rows = [
        row
        for package in packages
        for module, text in module_sources(package)
        for function, docstring in docstrings(ast.parse(text), module)
        for row in parse_sources(docstring, function, known=known)
    ]
    return tuple(sorted(rows, key=lambda row: row.order))


def parse_sources(docstring: str, function: str, *, known: Collection[str] = BIBLIOGRAPHY) -> list[EquationRow]:
    """Return the rows that the source lines of one docstring declare.

    Args:
        docstring: the docstring, cleaned of its indentation.
        function: full dotted name of what it describes.
        known: the keys of the bibliography.

    Raises:
        InputError: a source line that cannot be read, or whose key the bibliography does not have.
    """
    rows = []
    for line in docstring.splitlines():
        if not line.strip().startswith("Source:"):
            continue
        match = SOURCE_LINE.fullmatch(line.strip())
        if match is None:
            raise InputError(
                f"{function}: cannot read {line.strip()!r}; expected 'Source: key (equation), ...; test: test_name'"
            )
        key, test = match["key"], match["test"]
        if key not in known:
            raise InputError(f"{function}: {key!r} is not in the bibliography{nearest(key, known)}")
        equations = re.findall(r"\(([^()]+)\)", match["equations"])
        rows += [EquationRow(key, equation, function, test) for equation in equations]
    return rows


def module_sources(package: ModuleType) -> Iterator[tuple[str, str]]:
    """Yield the dotted name and the source text of a package and of all modules in it, without importing them.

    Args:
        package: an imported package.
    """
    open_specs = [(package.__name__, package.__spec__)]
    while open_specs:
        name, spec = open_specs.pop()
        if spec is None or not isinstance(spec.loader, InspectLoader):
            continue  # a compiled extension has no source text
        yield name, spec.loader.get_source(spec.name) or ""
        for module in pkgutil.iter_modules(spec.submodule_search_locations or []):
            finder = cast(PathEntryFinder, module.module_finder)
            open_specs.append((f"{name}.{module.name}", finder.find_spec(module.name)))


def docstrings(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Yield the full dotted name and the docstring of each function, class and method that has one.

    Args:
        tree: the parsed module.
        module: its dotted name.
    """
    open_nodes: list[tuple[str, ast.AST]] = [(module, tree)]
    while open_nodes:
        prefix, node = open_nodes.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}"
                open_nodes.append((name, child))
                text = ast.get_docstring(child)
                if text is not None:
                    yield name, text
            elif isinstance(child, ast.stmt):
                open_nodes.append((prefix, child))
