"""The rules of the house, as functions from parsed modules to a list of violations.

Nothing is imported: every rule reads the syntax tree, so that a test can hand it a few lines of wrong text and see
it object.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("atomsim", "analysis")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 55

NUMBER = re.compile(r"\b(?:float|complex|Array|ArrayLike|ndarray|NDArray(?!\[np\.(?:bool|int)))\b")
UNIT = re.compile(r"\[[^\[\]]+\]")
SECTION = re.compile(r"(Args|Returns|Yields|Raises):(.*)")
EQUATION_NUMBER = re.compile(r"\beqs?\. ?\(?\d|\bequations? \(?\d|\(\d{1,2}\.\d{1,2}[a-z]?\)", re.IGNORECASE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module: its dotted name, its source text, whether it is the ``__init__`` of a package."""

    name: str
    text: str
    is_package: bool = False

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


def read_modules(root: Path = ROOT, packages: Iterable[str] = PACKAGES) -> list[Module]:
    """Return all modules of the packages under ``root``, in the order of their names."""
    found = []
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found.append(Module(name, path.read_text(encoding="utf-8"), is_package))
    return found


def imports(module: Module) -> Iterator[str]:
    """Yield the dotted name of everything a module imports, relative imports resolved, members included."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.name.split(".")
            parts = parts[: len(parts) + module.is_package - node.level] if node.level else []
            base = ".".join([*parts, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def foreign_imports(modules: Iterable[Module]) -> set[str]:
    """Return the top-level names of everything imported that neither Python nor this project brings."""
    tops = {target.partition(".")[0] for module in modules for target in imports(module)}
    return {top for top in tops if top not in sys.stdlib_module_names and top not in PACKAGES}


@dataclass(frozen=True)
class ImportRule:
    """``target`` may be imported only by modules for which ``allowed`` says so."""

    target: str
    allowed: Callable[[str], bool]
    reason: str


def inside(*parents: str) -> Callable[[str], bool]:
    """Return a test for a dotted name that lies in one of ``parents`` (or is it)."""
    return lambda name: any(name == parent or name.startswith(f"{parent}.") for parent in parents)


IMPORT_RULES = (
    ImportRule("analysis", inside("analysis"), "atomsim never imports analysis"),
    ImportRule("analysis.cli", lambda name: False, "the command line is a leaf"),
    ImportRule("matplotlib", inside("analysis.plotting"), "drawing stands in analysis.plotting"),
    ImportRule("h5py", inside("atomsim.store", "atomsim.formats"), "files are touched in atomsim.store and .formats"),
    ImportRule("scipy.constants", inside("atomsim.units"), "constants of nature stand in atomsim.units"),
    ImportRule("typer", inside("analysis.cli", "analysis.commands"), "the command line is a leaf"),
)


def import_violations(modules: Iterable[Module]) -> list[str]:
    """Return one line for each import that a rule forbids."""
    return sorted(
        {
            f"{module.name} imports {target}: {rule.reason}"
            for module in modules
            for target in imports(module)
            for rule in IMPORT_RULES
            if inside(rule.target)(target) and not rule.allowed(module.name)
        }
    )


def body_length(function: Function) -> int:
    """Return the number of lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def size_violations(module: Module) -> list[str]:
    """Return one line for a module that is too long and for each function that is."""
    lines = module.text.count("\n")
    found = [f"{module.name} has {lines} lines, more than {LONGEST_MODULE}"] if lines > LONGEST_MODULE else []
    functions = [node for node in ast.walk(module.tree) if isinstance(node, Function)]
    lengths = [(body_length(node), f"{module.name}.{node.name}") for node in functions]
    return found + [
        f"{name} has {n} lines, more than {LONGEST_FUNCTION}" for n, name in lengths if n > LONGEST_FUNCTION
    ]


def definitions(module: Module) -> Iterator[tuple[str, Function | ast.ClassDef, ast.ClassDef | None]]:
    """Yield dotted name, node and enclosing class of all functions and classes that are not inside a function."""
    open_nodes: list[tuple[str, ast.AST, ast.ClassDef | None]] = [(module.name, module.tree, None)]
    while open_nodes:
        prefix, parent, owner = open_nodes.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, Function | ast.ClassDef):
                name = f"{prefix}.{node.name}"
                yield name, node, owner
                if isinstance(node, ast.ClassDef):
                    open_nodes.append((name, node, node))
            elif isinstance(node, ast.stmt):
                open_nodes.append((prefix, node, owner))


def is_public(name: str) -> bool:
    """Whether no part of a dotted name starts with an underscore; ``__call__`` and ``__init__`` count as public."""
    return all(not part.startswith("_") or part in ("__call__", "__init__") for part in name.split("."))


def decorators(node: Function | ast.ClassDef) -> set[str]:
    """Return the last word of each decorator: ``command`` for ``@app.command("run")``."""
    called = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return {d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in called}


def sections(docstring: str) -> dict[str, str]:
    """Split a Google docstring: section name to its text; what stands before the first is called ``""``."""
    found, current = {"": ""}, ""
    for line in docstring.splitlines():
        match = SECTION.fullmatch(line)
        if match:
            current, line = match[1], match[2]
        found[current] = found.get(current, "") + line + "\n"
    return found


def documented_parameters(docstring: str) -> dict[str, str]:
    """Return name to description of each parameter in the section ``Args``."""
    found: dict[str, str] = {}
    name = ""
    for line in sections(docstring).get("Args", "").splitlines():
        match = re.fullmatch(r" {4}\*{0,2}(\w+)(?: \([^)]*\))?:(.*)", line)
        if match:
            name, line = match[1], match[2]
        if name:
            found[name] = found.get(name, "") + line
    return found


def parameters(function: Function) -> dict[str, str]:
    """Return name to annotation (as text) of each parameter except ``self`` and ``cls``."""
    arguments = function.args
    stars = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]
    return {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in every if a.arg not in ("self", "cls")}


def is_number(annotation: str) -> bool:
    """Whether an annotation says float or array of floats (not a function of such)."""
    return bool(NUMBER.search(annotation)) and "Callable" not in annotation


def parameter_violations(name: str, function: Function, docstring: str) -> Iterator[str]:
    """Yield what is wrong between the signature of a function and the section ``Args``."""
    signature, documented = parameters(function), documented_parameters(docstring)
    if missing := [p for p in signature if p not in documented]:
        yield f"{name} does not document {', '.join(missing)}"
    if extra := [p for p in documented if p not in signature]:
        yield f"{name} documents {', '.join(extra)}, not in the signature"
    for parameter, text in documented.items():
        if is_number(signature.get(parameter, "")) and not UNIT.search(text):
            yield f"{name} gives no unit in [brackets] for {parameter}"


def assigned_names(tree: ast.Module) -> dict[str, str]:
    """The names that a module assigns, with the expressions behind them."""
    return {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@cache
def shared_options() -> dict[str, str]:
    """The options that several verbs share."""
    return assigned_names(ast.parse((ROOT / "analysis/commands/common.py").read_text(encoding="utf-8")))


def option_violations(name: str, function: Function, module: Module) -> Iterator[str]:
    """Yield the parameters of a command-line verb that have no help text."""
    aliases = shared_options() | assigned_names(module.tree)
    for parameter, annotation in parameters(function).items():
        known = aliases.get(annotation, annotation)
        if "help=" not in known and "Context" not in known:
            yield f"{name} has no help text for {parameter}"


def function_violations(name: str, function: Function, owner: ast.ClassDef | None, module: Module) -> Iterator[str]:
    """Yield what is wrong with the docstring of one public function or method."""
    marks = decorators(function)
    if marks & {"overload", "setter"}:
        return
    docstring = ast.get_docstring(function)
    if docstring is None and function.name == "__init__" and owner is not None:
        docstring = ast.get_docstring(owner)
    if docstring is None:
        yield f"{name} has no docstring"
    elif marks & {"command", "callback"}:
        yield from option_violations(name, function, module)
    else:
        yield from parameter_violations(name, function, docstring)
        result = ast.unparse(function.returns) if function.returns else ""
        parts = sections(docstring)
        if is_number(result) and not UNIT.search(parts[""] + parts.get("Returns", "") + parts.get("Yields", "")):
            yield f"{name} gives no unit in [brackets] for its result"


def quantity_violations(name: str, node: ast.ClassDef) -> Iterator[str]:
    """Yield the fields of a result whose ``quantity(...)`` has an empty unit."""
    for field in node.body:
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.value, ast.Call)):
            continue
        call = field.value
        if ast.unparse(call.func).rpartition(".")[2] == "quantity":
            unit = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "unit"), None)
            if unit is None or (isinstance(unit, ast.Constant) and not str(unit.value).strip()):
                yield f"{name}.{ast.unparse(field.target)} is a quantity without unit"


def docstring_violations(module: Module) -> list[str]:
    """Return everything in a module that breaks the docstring contract."""
    found = [] if ast.get_docstring(module.tree) else [f"{module.name} has no docstring"]
    for name, node, owner in definitions(module):
        if not is_public(name):
            continue
        if isinstance(node, ast.ClassDef):
            if ast.get_docstring(node) is None:
                found.append(f"{name} has no docstring")
            found.extend(quantity_violations(name, node))
        else:
            found.extend(function_violations(name, node, owner, module))
    return found


def unsourced_equations(module: Module) -> list[str]:
    """Return one line for each function or class that mentions a numbered equation but names no source."""
    found = []
    for name, node, _ in definitions(module):
        docstring = ast.get_docstring(node) or ""
        mention = EQUATION_NUMBER.search(docstring)
        if mention and "Source: " not in docstring:
            found.append(f"{name} mentions {mention[0]!r} without a 'Source:' line")
    return found


def names_of_tests(folder: Path = ROOT / "tests") -> list[str]:
    """Return the names of all test functions, repetitions included."""
    return [
        node.name
        for path in sorted(folder.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, Function) and node.name.startswith("test_")
    ]
