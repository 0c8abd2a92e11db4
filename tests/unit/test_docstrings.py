"""The docstring contract: parameters documented = parameters in the signature, a unit on every physical number."""

from __future__ import annotations

import house
import pytest
from house import Module

MODULES = house.read_modules()

GOOD = '''"""Module."""

class Thing:
    """A thing."""

    size: float = quantity("sigma", "its size")

    def __init__(self, size: float) -> None:
        """Make it.

        Args:
            size: how large [sigma].
        """

    @property
    def area(self) -> float:
        """Its area [sigma^2]."""

def f(x: Array, count: int, *args: str, scale: float | None = None, call: Callable[[float], float], **kw: int) -> float:
    """Do it.

    Args:
        x: where,
            over two lines [sigma].
        count: how often.
        args: names.
        scale: how much [-].
        call: any function.
        kw: the rest.

    Returns:
        The sum [epsilon].

    Raises:
        ValueError: never: really.
    """

def _private(x):
    return x
'''


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_docstring_contract(module: Module) -> None:
    violations = house.docstring_violations(module)
    assert not violations, "\n".join(violations)


def test_contract_accepts_a_complete_module() -> None:
    assert house.docstring_violations(Module("m", GOOD)) == []
    documented = house.documented_parameters(
        "Do.\n\nArgs:\n    x: where,\n        more [sigma].\n\nRaises:\n    E: no.\n"
    )
    assert list(documented) == ["x"]
    assert documented["x"].endswith("more [sigma].")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"""Module."""', "", "m has no docstring"),
        ('"""A thing."""', "", "m.Thing has no docstring"),
        ('"""Its area [sigma^2]."""', "...", "m.Thing.area has no docstring"),
        ("Its area [sigma^2].", "Its area.", "m.Thing.area gives no unit in [brackets] for its result"),
        ('quantity("sigma"', 'quantity(" "', "m.Thing.size is a quantity without unit"),
        ("how large [sigma]", "how large", "m.Thing.__init__ gives no unit in [brackets] for size"),
        ("over two lines [sigma]", "over two lines", "m.f gives no unit in [brackets] for x"),
        ("how much [-]", "how much", "m.f gives no unit in [brackets] for scale"),
        ("The sum [epsilon]", "The sum", "m.f gives no unit in [brackets] for its result"),
        ("        count: how often.\n", "", "m.f does not document count"),
        (
            "        kw: the rest.",
            "        kw: the rest.\n        old: gone.",
            "m.f documents old, not in the signature",
        ),
        ("        args: names.\n", "", "m.f does not document args"),
    ],
)
def test_contract_sees_each_breach(old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    assert house.docstring_violations(Module("m", GOOD.replace(old, new, 1))) == [complaint]


def test_contract_of_command_line_verbs() -> None:
    verb = '''"""CLI."""
Potential = Annotated[str, typer.Option(help="a named model")]

@app.command()
def run(potential: Potential, seed: Annotated[int, typer.Option(help="a number")] = 1) -> None:
    """Run it."""
'''
    assert house.docstring_violations(Module("m", verb)) == []
    for text, parameter in (('help="a named model"', "potential"), ('help="a number"', "seed")):
        wrong = Module("m", verb.replace(text, ""))
        assert house.docstring_violations(wrong) == [f"m.run has no help text for {parameter}"]
