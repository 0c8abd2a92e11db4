"""What all pages of reports share: the templates with their filters, and parameters as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from analysis.report import numbers

LONGEST_LIST = 8  # values of a parameter that are written out


def page_template(name: str) -> Template:
    """Return a template with the filters that turn numbers and units into text.

    Args:
        name: file name of the template.
    """
    environment = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "unit": numbers.unit_text,
        "estimate": numbers.estimate_text,
        "plain": numbers.plain,
        "formula": numbers.formula_text,
        "machine": numbers.machine_text,
        "capital": lambda text: text[:1].upper() + text[1:],
    }
    environment.globals["plus_minus"] = numbers.plus_minus
    return environment.get_template(name)


def parameter_rows(configuration: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted key and value of every parameter of a study; long lists are shortened to their ends.

    Args:
        configuration: the resolved study file.
        prefix: what comes before the keys.
    """
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            yield from parameter_rows(value, f"{prefix}{key}.")
        elif isinstance(value, list) and len(value) > LONGEST_LIST:
            yield prefix + key, f"{value[0]}, {value[1]}, … {value[-1]} ({len(value)} values)"
        elif isinstance(value, list):
            yield prefix + key, ", ".join(map(str, value))
        else:
            yield prefix + key, "(default)" if value is None else str(value)
