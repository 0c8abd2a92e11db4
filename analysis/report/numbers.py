"""Numbers as text: a value with its error, to the digits that mean something."""

from __future__ import annotations

import math
import re
from html import escape

from atomsim.results import Estimate

MISSING = "—"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
MOST_DECIMALS = 7
PLAIN_DECADES = range(-3, 5)  # powers of ten written without one


def plain(value: float, digits: int = 4) -> str:
    """Return a number to some significant digits; a dash where there is none.

    Args:
        value: the number [any unit].
        digits: significant digits.
    """
    if not math.isfinite(value):
        return MISSING
    if value < 0:
        return f"−{plain(-value, digits)}"
    if value == 0 or math.floor(math.log10(abs(value))) in PLAIN_DECADES:
        return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    power = math.floor(math.log10(abs(value)))
    return f"{value / 10.0**power:.{digits - 1}f}·10{str(power).translate(SUPERSCRIPT)}"


def plus_minus(value: float, error: float) -> str:
    """Return a number with its error, to two digits of the error; without the error where there is none.

    Args:
        value: the number [any unit].
        error: its standard error; zero for a count or an exact number [the same unit].
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return plain(value, 4 if math.isnan(error) else 7)
    power = math.floor(math.log10(max(abs(value), error)))
    if power in PLAIN_DECADES:
        power = 0
    last = math.floor(math.log10(error)) - 1
    decimals = max(power - last, 0)
    if decimals > MOST_DECIMALS:
        return f"{plain(value, MOST_DECIMALS)} ± {plain(error, 2)}"
    scale = 10.0**power
    sign = "−" if value < 0 else ""
    text = f"{sign}{abs(value) / scale:.{decimals}f} ± {error / scale:.{decimals}f}"
    return text if power == 0 else f"({text})·10{str(power).translate(SUPERSCRIPT)}"


def estimate_text(estimate: Estimate) -> str:
    """Return value and error of an estimate, without the unit.

    Args:
        estimate: the number.
    """
    return plus_minus(estimate.value, estimate.error)


UNIT_SIGNS = (
    ("sqrt(epsilon/m)/sigma", "√(ε/m)/σ"),
    ("sqrt(epsilon/m)", "√(ε/m)"),
    ("(sigma sqrt(m/epsilon))", "(σ√(m/ε))"),
    ("sigma sqrt(m epsilon)", "σ√(mε)"),
    ("sqrt(m)", "√m"),
    ("sqrt(", "√("),
    ("angstrom", "Å"),
    ("epsilon", "ε"),
    ("sigma", "σ"),
    ("^1.5", "^(3/2)"),
    ("^2", "²"),
    ("^3", "³"),
    ("^4", "⁴"),
    ("^5", "⁵"),
)


FORMULA_SIGNS = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eps": "ε", "eta": "η", "theta": "θ", "kappa": "κ"},
    **{"mu": "μ", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "psi": "ψ", "omega": "ω", "hbar": "ħ"},
    **{"nu": "ν", "lambda": "λ", "phi": "φ", "chi": "χ", "Delta": "Δ", "Gamma": "Γ", "Lambda": "Λ", "Phi": "Φ"},
    "Omega": "Ω",
}
FORMULA_WORD = re.compile(rf"(?<![A-Za-z])({'|'.join(FORMULA_SIGNS)})(?![A-Za-z])")
PROSE_WORD = re.compile(rf"\b({'|'.join(FORMULA_SIGNS)})\b")  # keys as Lambda_l stay what they are
INDEX = re.compile(r"\b([A-Za-zΑ-Ωα-ω])_([A-Z]{2}|[A-Za-z]|\d)\b")  # S_CC, k_s, but no key as W_kelvin
POWER_OF_TEN = re.compile(r"\b(\d(?:\.\d+)?)e([+-]\d+)\b")
FORMULA_OPERATORS = (("sum_", "Σ_"), ("int_0^inf", "∫₀^∞"), ("int d", "∫ d"), ("<<", "≪"), (">>", "≫"), ("<~", "≲"),
                     (">~", "≳"), ("<=", "≤"), ("+-", "±"), ("-+", "∓"))  # fmt: skip


def formula_text(text: str) -> str:
    """Return a formula in letters with Greek signs, raised whole powers and signs of sums and integrals.

    Args:
        text: the formula in letters.
    """
    for written, sign in FORMULA_OPERATORS:
        text = text.replace(written, sign)
    return _raised(FORMULA_WORD.sub(lambda found: FORMULA_SIGNS[found[0]], text))


def prose_text(text: str) -> str:
    """Return a sentence in letters with Greek signs, raised whole powers and powers of ten.

    Args:
        text: the sentence in letters.
    """
    return POWER_OF_TEN.sub(_power_of_ten, _raised(PROSE_WORD.sub(lambda found: FORMULA_SIGNS[found[0]], text)))


def symbols_html(text: str) -> str:
    """Return a sentence in letters as HTML: Greek signs, raised powers, and lowered indices of single letters.

    Args:
        text: the sentence in letters; what HTML would read in it is escaped.
    """
    return INDEX.sub(r"\1<sub>\2</sub>", escape(prose_text(text)))


def _raised(text: str) -> str:
    return re.sub(r"\^(-?\d+)(?!\d|\.\d)", lambda found: found[1].translate(SUPERSCRIPT), text)


def _power_of_ten(found: re.Match[str]) -> str:
    if float(found[1]) == 0:
        return "0"
    factor = "" if float(found[1]) == 1 else f"{found[1]}·"
    return f"{factor}10{str(int(found[2])).translate(SUPERSCRIPT)}"


def machine_text(value: float) -> str:
    """Return a number to its last digit, as in JSON; nothing where there is none.

    Args:
        value: the number [any unit].
    """
    return repr(float(value)) if math.isfinite(value) else ""


def unit_text(unit: str) -> str:
    """Return a unit with Greek letters and raised powers; nothing for a pure number.

    Args:
        unit: the unit as text.
    """
    if unit in ("1", "-"):
        return ""
    for written, sign in UNIT_SIGNS:
        unit = unit.replace(written, sign)
    return unit


def reciprocal_text(unit: str) -> str:
    """Return one over a unit, in parentheses where it has several parts.

    Args:
        unit: the unit as the page shows it.
    """
    return f"1/({unit})" if re.search(r"[\s/·]", unit) else f"1/{unit}"
