"""What all pages of reports share: the templates with their filters, and parameters as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from jinja2.filters import do_mark_safe

from analysis.report import numbers
from atomsim.liquid import EMBEDDED
from atomsim.provenance import Provenance

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
        "prose": numbers.prose_text,
        "symbols": lambda text: do_mark_safe(numbers.symbols_html(text)),
        "machine": numbers.machine_text,
        "capital": lambda text: text[:1].upper() + text[1:],
    }
    environment.globals["plus_minus"] = numbers.plus_minus
    return environment.get_template(name)


def version_rows(provenance: Provenance | None, configuration: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each program with its version; an engine that was used is named where its version was not kept, too.

    Args:
        provenance: where the results come from.
        configuration: the resolved study file.
    """
    if provenance is None:
        return
    yield from provenance.versions.items()
    engine = configuration.get("glass", {}).get("engine", EMBEDDED)
    if engine != EMBEDDED and engine not in provenance.versions:
        yield engine, "(version not kept)"


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
