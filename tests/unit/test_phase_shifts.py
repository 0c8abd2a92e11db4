"""Phase shifts: closed forms, two other solvers, laws of scattering, known numbers, the file that users give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

from analysis.multiple_scattering.exact_phase_shifts import (
    born_phase_shifts,
    hard_sphere_phase_shifts,
    matched_phase_shifts,
    square_well_phase_shifts,
)
from analysis.multiple_scattering.phase_shift_file import parse_phase_shifts, read_phase_shifts
from analysis.multiple_scattering.phase_shifts import (
    PhaseShifts,
    friedel_sum,
    last_share,
    partial_cross_sections,
    phase_shift_table,
    total_cross_section,
    transport_cross_section,
    undecayed,
)
from analysis.multiple_scattering.radial_solver import solve_phase_shifts
from atomsim.errors import InputError

ROUNDING = 1e-12
INTEGRATION = 1e-10  # of a differential equation solved to 1e-12 at each step

KNOWN = (0.5, 0.3, 0.05)
FILE = "k_fermi = 1.75\n[species.Al]\ndelta = [0.5, 0.3, 0.05]\n[species.Cu]\ndelta = [0.7]\n"


def well(depth):
    return lambda r: np.full_like(r, -depth)


def modulo_pi(difference):
    """The difference of phase shifts without multiples of pi."""
    return np.abs(difference - np.pi * np.rint(difference / np.pi)).max()


def yukawa_with_core(r):
    """A screened ion: repulsive in its core, attractive outside, with a jump between."""
    return np.where(r < 0.6, 2.0 * np.sinh(2 * r) / r, -5.0 * np.exp(-2 * r) / r)


def variable_phase(potential, k, l_max, edges):
    """The variable-phase equation, which is not linear, by steps of controlled error."""
    order = np.arange(l_max + 1)

    def slopes(r, delta):
        inside = min(max(r, lowest), highest)
        j, y = (k * r * f(order, k * r) for f in (special.spherical_jn, special.spherical_yn))
        return -2 / k * potential(np.array(inside)) * (np.cos(delta) * j - np.sin(delta) * y) ** 2

    delta = np.zeros(l_max + 1)
    for left, right in zip([1e-4 * edges[0], *edges[:-1]], edges, strict=True):
        lowest, highest = np.nextafter(left, right), np.nextafter(right, left)
        found = integrate.solve_ivp(slopes, (left, right), delta, method="DOP853", rtol=1e-12, atol=1e-30)
        assert found.success
        delta = found.y[:, -1]
    return delta


@pytest.mark.parametrize("k", [0.05, 0.7, 1.75, 6.0])
@pytest.mark.parametrize("depth", [8.0, 0.3, -0.2, -9.0])
def test_square_well_is_exact(k, depth):
    found = solve_phase_shifts(well(depth), k, l_max=8, edges=[1.9])
    exact = square_well_phase_shifts(k, potential=-depth, radius=1.9, l_max=8)
    assert modulo_pi(found - exact) < INTEGRATION
    # an s wave in closed form, without Bessel functions
    inner = np.sqrt(complex(k**2 + 2 * depth))
    by_hand = np.arctan((k / inner * np.tan(inner * 1.9)).real) - k * 1.9
    assert modulo_pi(exact[:1] - by_hand) < ROUNDING


def test_panels_agree_with_the_variable_phase_equation():
    edges = [0.6, 12.0]
    found = solve_phase_shifts(yukawa_with_core, 1.3, l_max=4, edges=edges)
    assert found == pytest.approx(variable_phase(yukawa_with_core, 1.3, 4, edges), abs=INTEGRATION)  # absolute, no pi


def test_two_solvers_agree():
    edges = [0.6, 12.0]
    for k in (0.4, 1.3):
        found = solve_phase_shifts(yukawa_with_core, k, l_max=3, edges=edges)
        assert modulo_pi(found - matched_phase_shifts(yukawa_with_core, k, l_max=3, edges=edges)) < INTEGRATION


def test_levinson_counts_bound_states():
    depth, radius = 8.0, 2.0
    inner = np.sqrt(2 * depth) * radius  # a bound state of l for each zero of j_{l-1} below this; cos for l = 0
    x = np.linspace(1e-3, inner, 4000)
    waves = [np.cos(x)] + [special.spherical_jn(degree - 1, x) for degree in range(1, 6)]
    bound = [int((np.diff(np.sign(wave)) != 0).sum()) for wave in waves]
    assert bound == [3, 2, 2, 1, 1, 0]
    slow = solve_phase_shifts(well(depth), 1e-3, l_max=5, edges=[radius])
    assert slow / np.pi == pytest.approx(np.array(bound), abs=2e-3)
    # for l = 5 the sixth state lies just above zero, as a resonance that the phase shift passes at once
    around = np.array([solve_phase_shifts(well(depth), k, l_max=5, edges=[radius])[5] for k in (0.7, 1.0)])
    assert around / np.pi == pytest.approx(np.array([0.0, 1.0]), abs=2e-3)


def test_phase_shifts_vanish_at_high_energy_and_never_jump():
    k = np.geomspace(0.05, 100.0, 60)
    delta = np.array([solve_phase_shifts(well(3.0), x, l_max=3, edges=[1.5]) for x in k])
    assert np.abs(np.diff(delta, axis=0)).max() < 1.5  # a jump would be pi
    assert np.abs(delta[-1]).max() < 0.06


def test_phase_shifts_grow_continuously_with_the_depth():
    delta = np.array([solve_phase_shifts(well(v), 0.6, l_max=3, edges=[2.0]) for v in np.linspace(0, 8, 81)])
    steps = np.diff(delta, axis=0)
    assert delta[0].tolist() == [0, 0, 0, 0] and steps.min() > 0  # attraction adds to every phase shift
    assert steps.max() < 3 and delta[-1, 0] > np.pi


def test_born_limit_is_linear_in_the_potential():
    def form_factor(q):  # of -exp(-2r)/r
        return -4 * np.pi / (q**2 + 4)

    born = born_phase_shifts(form_factor, 0.9, l_max=3)
    errors = []
    for strength in (1e-2, 1e-3):
        found = solve_phase_shifts(lambda r, s=strength: -s * np.exp(-2 * r) / r, 0.9, l_max=3, edges=[0.5, 19.0])
        errors.append(np.abs(found / strength - born).max())
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.02) and errors[1] < 1e-3


def test_a_high_barrier_becomes_a_hard_sphere():
    exact = hard_sphere_phase_shifts(1.2, radius=2.0, l_max=6)
    errors = []
    for height in (1e4, 1e6):
        found = solve_phase_shifts(well(-height), 1.2, l_max=6, edges=[2.0])
        errors.append(np.abs(found - exact).max())
        assert found[0] == pytest.approx(-2.4, abs=1e-2)  # below -pi/2: no multiple of pi is added
        exact = exact + np.pi * np.rint((found - exact) / np.pi)
    shift = np.abs(found - exact).max()
    assert shift == pytest.approx(1.2 / np.sqrt(2e6), rel=0.02)  # the wave enters by one decay length


def test_phase_shifts_scale_with_lengths():
    found = solve_phase_shifts(yukawa_with_core, 1.3, l_max=3, edges=[0.6, 12.0])
    scaled = solve_phase_shifts(lambda r: yukawa_with_core(r / 3) / 9, 1.3 / 3, l_max=3, edges=[1.8, 36.0])
    assert scaled == pytest.approx(found, abs=ROUNDING)


def test_an_edge_where_nothing_happens_changes_nothing():
    found = solve_phase_shifts(yukawa_with_core, 1.3, l_max=3, edges=[0.6, 12.0])
    more = solve_phase_shifts(yukawa_with_core, 1.3, l_max=3, edges=[0.2, 0.6, 3.1, 12.0, 20.0])
    assert more == pytest.approx(found, abs=1e-10)  # what lies beyond 12 is exp(-24)


def test_many_potentials_at_once_agree_with_one_by_one():
    depth, radius = np.array([3.0, -2.0, 0.7]), np.array([1.0, 1.4, 2.2])
    edges = np.stack([0.3 * radius, radius])

    def all_of_them(r):
        return np.where(r < 0.3 * radius[:, None], 0.5, -1.0) * depth[:, None]

    found = solve_phase_shifts(all_of_them, 1.1, l_max=3, edges=edges)
    for row, v, a in zip(found, depth, radius, strict=True):
        alone = solve_phase_shifts(
            lambda r, v=v, a=a: np.where(r < 0.3 * a, 0.5 * v, -v), 1.1, l_max=3, edges=[0.3 * a, a]
        )
        assert row == pytest.approx(alone, abs=ROUNDING)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wave_number": 0.0}, "k = 0.0, expected a positive"),
        ({"wave_number": float("nan")}, "k = nan"),
        ({"l_max": 41}, "l_max = 41, expected 0 to 40"),
        ({"edges": [1.0, 1.0]}, "expected ascending"),
        ({"edges": [0.0, 1.0]}, "expected ascending"),
        ({"potential": lambda r: np.where(r > 0.5, np.nan, 1.0)}, "not finite between r = "),
    ],
)
def test_solver_refuses_what_cannot_be(changes, message):
    arguments = {"potential": well(1.0), "wave_number": 1.0, "l_max": 1, "edges": [1.0]} | changes
    with pytest.raises(InputError, match=message):
        solve_phase_shifts(arguments.pop("potential"), arguments.pop("wave_number"), **arguments)


# --- the table and its cross-sections ---------------------------------------------------------------------------


def test_known_cross_sections_of_three_phase_shifts():
    shifts = phase_shift_table(1.75, {"Al": KNOWN})
    assert shifts.transport_cross_section_s[0] == pytest.approx(0.695021, abs=5e-7)
    assert shifts.total_cross_section_s[0] == pytest.approx(2.069440, abs=5e-7)
    assert shifts.friedel_sum_s[0] == pytest.approx(1.050423, abs=5e-7)
    assert friedel_sum(KNOWN) == pytest.approx(2 / np.pi * (0.5 + 3 * 0.3 + 5 * 0.05), rel=ROUNDING)


def test_cross_sections_are_integrals_over_directions():
    delta = np.random.default_rng(5).uniform(-2, 2, 6)
    cosine, weights = np.polynomial.legendre.leggauss(12)
    waves = (2 * np.arange(6) + 1) * np.exp(1j * delta) * np.sin(delta) / 0.8
    square = 2 * np.pi * weights * np.abs(np.polynomial.legendre.legval(cosine, waves)) ** 2
    assert square.sum() == pytest.approx(total_cross_section(delta, 0.8), rel=ROUNDING)
    assert square @ (1 - cosine) == pytest.approx(transport_cross_section(delta, 0.8), rel=ROUNDING)
    forward = np.polynomial.legendre.legval(1.0, waves)
    assert 4 * np.pi / 0.8 * forward.imag == pytest.approx(total_cross_section(delta, 0.8), rel=ROUNDING)
    assert partial_cross_sections(delta, 0.8).sum() == pytest.approx(total_cross_section(delta, 0.8), rel=ROUNDING)


def test_table_fills_up_with_zeros_and_knows_its_species():
    shifts = phase_shift_table(1.75, {"Al": KNOWN, "Cu": [0.7]})
    assert shifts.l_max == 2 and shifts.of("Cu").tolist() == [0.7, 0, 0] and shifts.index_of("Al") == 0
    alone = phase_shift_table(1.75, {"Cu": [0.7]})
    assert shifts.transport_cross_section_s[1] == pytest.approx(alone.transport_cross_section_s[0], rel=ROUNDING)
    with pytest.raises(InputError, match="species 'Al1'; did you mean 'Al'"):
        shifts.of("Al1")


def test_phase_shifts_that_have_not_decayed_are_flagged():
    assert phase_shift_table(1.0, {"Al": KNOWN}).remarks == ()  # 2.5 %
    assert len(phase_shift_table(1.0, {"Al": [0.5, 0.0, 0.06]}).remarks) == 1  # 7 %
    remarks = phase_shift_table(1.0, {"Al": KNOWN, "Ce": [0.1, 0.0, 0.4]}).remarks
    assert len(remarks) == 1 and "Ce: l_max = 2 is too small" in remarks[0]
    delta_nl = np.array([KNOWN, [0.0, 0.0, 0.0], [0.1, 0.0, 0.4]])
    assert undecayed(delta_nl).tolist() == [2]
    assert last_share(delta_nl)[1] == 0 and last_share(delta_nl)[2] > 0.9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((("Al",), 0.0, [[0.1]]), "k = 0.0"),
        ((("Al",), 1.0, [0.1]), r"1 species and phase shifts of shape \(1,\)"),
        ((("Al", "Cu"), 1.0, [[0.1]]), "2 species"),
        ((("Al", "Al"), 1.0, [[0.1], [0.2]]), "each name once"),
        ((("Al",), 1.0, [[0.1, np.nan]]), "phase shifts of Al: delta = nan for l = 1"),
        ((("Al",), 1.0, [np.zeros(42)]), "expected 1 to 41 numbers"),
    ],
)
def test_table_refuses_what_cannot_be(arguments, message):
    with pytest.raises(InputError, match=message):
        PhaseShifts(*arguments)
    if message.startswith("k ="):
        with pytest.raises(InputError, match="no species"):
            phase_shift_table(1.0, {})


# --- the file ----------------------------------------------------------------------------------------------------


def test_file_of_phase_shifts_is_read(tmp_path):
    path = tmp_path / "delta.toml"
    path.write_text('source = "by hand"\n' + FILE)
    shifts = read_phase_shifts(path, species=["Cu"])
    assert shifts.wave_number == 1.75 and shifts.species == ("Al", "Cu")
    assert shifts.of("Al").tolist() == list(KNOWN) and shifts.of("Cu").tolist() == [0.7, 0, 0]
    assert shifts.method == f"given in {path}: by hand"
    with pytest.raises(InputError, match="cannot read the phase shifts"):
        read_phase_shifts(tmp_path / "gone.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.75", "0", "f.toml, line 1: k_fermi = 0.0: expected a positive"),
        ("1.75", "-1.0", "line 1: k_fermi = -1.0"),
        ("1.75", "inf", "line 1: k_fermi = inf"),
        ("1.75", '"a"', "line 1: k_fermi = 'a'"),
        ("k_fermi", "k_ferm", "line 1: k_ferm: unknown key; did you mean 'k_fermi'"),
        ("k_fermi = 1.75\n", "", "f.toml: expected k_fermi"),
        ("0.3", "nan", r"line 3: species.Al.delta\[1\] = nan: expected a finite number"),
        ("0.3", "true", r"line 3: species.Al.delta\[1\] = True"),
        ("[0.7]", "[]", r"line 4: species.Cu: delta = \[\], expected a list"),
        ("[0.7]", "0.7", "line 4: species.Cu: delta = 0.7, expected a list"),
        ("delta = [0.7]", "delt = [0.7]", "line 5: species.Cu.delt: unknown key; did you mean 'delta'"),
        ("[species.Cu]\ndelta = [0.7]", "Cu = 3", "line 4: species.Al.Cu: unknown key"),
        ("[species.Cu]", "[species.cu]", "no phase shifts for species Cu; did you mean 'cu'.; given: Al, cu"),
        ("[0.7]", "[0.7", "not a valid TOML file"),
    ],
)
def test_file_that_cannot_be_is_refused(old, new, message):
    assert old in FILE
    with pytest.raises(InputError, match=message):
        parse_phase_shifts(FILE.replace(old, new, 1), "f.toml", species=["Al", "Cu"])


@pytest.mark.parametrize(
    "text", ["k_fermi = 1.0", "k_fermi = 1.0\nspecies = 3", "k_fermi = 1.0\nspecies.Al = 3", "source = 1\n" + FILE]
)
def test_file_without_tables_is_refused(text):
    with pytest.raises(InputError, match=r"expected (k_fermi|a table with delta|a text)"):
        parse_phase_shifts(text, "f.toml")
