"""The front door to conductivity and specific heat: limits, twins, channels, derivatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate

from analysis.thermal import closed_forms, heat, later_form, scattering, specific_heat
from analysis.thermal.kappa import conductivity, conductivity_derivatives, material_numbers
from analysis.thermal.materials import KarpovParshinMaterial, get_glass, numbers_of
from analysis.thermal.phonons import phonon_conductivity
from analysis.thermal.scattering import Channel
from atomsim.errors import InputError
from atomsim.units import BOLTZMANN, ELECTRON_VOLT, HBAR

SILICA = get_glass("silica")
OPEN = replace(SILICA, debye_temperature=float("nan"))
KP = KarpovParshinMaterial(
    "glass", 2200.0, 5800.0, 3800.0, mass=28.0, length=1.0, energy=30.0, G=1e27, b=0.0, d_l2=0.3, d_t2=0.2, xi2=1.2
)
QUADRATURE = 1e-6
THREE = ("resonant", "activation", "rayleigh")
KELVIN = SILICA.W


def later(material=SILICA):
    return later_form.LaterFormGlass(material.medium, W=material.W * BOLTZMANN, C_l=material.C_l, C_t=material.C_t)


# --- conductivity -------------------------------------------------------------------------------------------


def test_front_door_obeys_the_tanh_law():
    T = np.array([0.01, 0.3, 20.0])
    found = conductivity(OPEN, T, channels=("resonant",)).conductivity_T
    np.testing.assert_allclose(found, later_form.conductivity_tanh_law(T, later()), rtol=QUADRATURE)


def test_closed_conductivity_is_the_one_of_the_later_form():
    T = np.array([0.02, 0.5, 8.0, 90.0])
    found = conductivity(SILICA, T, channels=THREE).conductivity_T
    end = SILICA.debye_temperature * BOLTZMANN / HBAR
    np.testing.assert_allclose(found, later_form.conductivity_closed(T, later(), highest_omega=end), rtol=1e-9)


def test_front_door_agrees_with_the_adaptive_quadrature():
    # All four channels, against the quadrature that takes one temperature at a time and measures its error.
    T = np.array([0.05, 1.0, 12.0])
    numbers = material_numbers(SILICA)
    whole = scattering.closed_scattering(numbers, list(Channel))

    def path(branch):
        def inverse(omega, temperature):
            terms = [whole.scales[branch][c] * f(omega, temperature) for c, f in whole.paths.items()]
            return np.where(omega < whole.ends[branch], np.sum(terms, axis=0), np.inf)

        return inverse

    slow = phonon_conductivity(
        T,
        longitudinal=path("l"),
        transverse=path("t"),
        medium=SILICA.medium,
        breaks=(*whole.breaks, *whole.ends.values()),
    )
    np.testing.assert_allclose(conductivity(SILICA, T).conductivity_T, slow, rtol=QUADRATURE)


def test_parts_of_the_spectrum_add_up():
    result = conductivity(SILICA, [0.1, 2.0, 30.0])
    np.testing.assert_allclose(result.spectrum_Tw @ result.weight_w, result.conductivity_T, rtol=1e-12)
    np.testing.assert_allclose(result.channel_share_cT.sum(axis=0), 1, rtol=1e-12)
    shares = dict(zip(result.channels, result.channel_share_cT, strict=True))
    # Tunnelling systems limit the cold, vibrations the warm end.
    assert shares["resonant"][0] > 0.9 and shares["rayleigh"][2] > 0.6
    assert np.all(result.channel_spectrum_cTw >= 0)
    # The heat at low temperature sits near hbar omega = 3.8 k_B T at most and does not reach the ends of the grid.
    peak = result.omega_w[np.argmax(result.spectrum_Tw[0])] * HBAR / (BOLTZMANN * 0.1)
    assert 1 < peak < 4


def test_fewer_channels_conduct_better_and_mu_shortens_the_path():
    T = [1.0, 5.0]
    values = [conductivity(SILICA, T, channels=c).conductivity_T for c in (None, THREE, ("resonant", "rayleigh"))]
    assert np.all(values[0] < values[1]) and np.all(values[1] < values[2])
    assert np.all(conductivity(replace(SILICA, mu=3.0), T).conductivity_T < values[0])


def test_two_region_model_joins_at_the_energy_scale():
    cold, hot = 0.002 * KELVIN, 1e4 * KELVIN
    T = np.array([cold, hot])
    found = conductivity(OPEN, T, model="two-region").conductivity_T
    assert found[0] == pytest.approx(later_form.conductivity_tanh_law(cold, later(OPEN)), rel=QUADRATURE)
    # Hot: q = (pi C/v) omega x/2 below W and (pi C/v) omega (omega/w)^3/8 above, each phonon holding k_B.
    edge = OPEN.W * BOLTZMANN / HBAR
    limits = [(8 / (np.pi * c)) ** (1 / 3) for c in (OPEN.C_l, OPEN.C_t)]
    expected = 0.0
    for (v, c, n), end in zip(((OPEN.v_l, OPEN.C_l, 1), (OPEN.v_t, OPEN.C_t, 2)), limits, strict=True):
        below = 2 * BOLTZMANN * hot / HBAR * edge
        above = 8 * edge**2 * (1 - 1 / end)
        expected += BOLTZMANN / (6 * np.pi**3) * n / (v * c) * (below + above)
    assert found[1] == pytest.approx(expected, rel=1e-3)  # x^2/12 of the heat capacity and x^2/12 of the tanh
    regions = [
        conductivity(OPEN, T, model="two-region", channels=(c,)).conductivity_T for c in ("resonant", "rayleigh")
    ]
    np.testing.assert_allclose(sum(regions), found, rtol=QUADRATURE)


def test_karpov_parshin_two_regions_reach_both_printed_limits():
    glass = KP.glass
    T = np.array([1e-3, 1e5]) * glass.W / BOLTZMANN
    found = conductivity(KP, T, model="two-region")
    assert found.conductivity_T[0] == pytest.approx(closed_forms.conductivity_log_free(T[0], glass), rel=QUADRATURE)
    below = conductivity(KP, T, model="two-region", channels=("resonant",)).conductivity_T
    assert below[1] == pytest.approx(float(closed_forms.conductivity_prethermal(T[1], glass)), rel=1e-6)
    above = conductivity(KP, T, model="two-region", channels=("rayleigh",)).conductivity_T
    # The printed limit has no Ioffe-Regel end: what lies above it is W over that end.
    omega = float(np.max(found.omega_w))
    assert above[1] == pytest.approx(
        closed_forms.conductivity_thermal(glass) * (1 - glass.W / (HBAR * omega)), rel=1e-2
    )


def test_printed_closed_form_is_a_ninth_of_the_derived_one():
    glass = replace(KP, b=1.0)
    kelvin = glass.glass.W / BOLTZMANN
    T = np.array([1e-3, 0.1, 0.3, 0.5, 2.0]) * kelvin
    derived, printed = (conductivity(glass, T, form=form) for form in ("derived", "printed"))
    np.testing.assert_allclose(derived.conductivity_T[:3] / printed.conductivity_T[:3], 9, rtol=1e-12)
    np.testing.assert_allclose(derived.conductivity_T[4:], printed.conductivity_T[4:], rtol=1e-12)
    assert np.isnan(derived.conductivity_T[3])  # no formula between W/e and W
    hot = closed_forms.conductivity_prethermal(T[4:], glass.glass) + closed_forms.conductivity_thermal(glass.glass)
    np.testing.assert_allclose(derived.conductivity_T[4:], hot, rtol=1e-12)
    assert "printed" in printed.assumptions["form"] and len(printed.omega_w) == 0
    log_free = conductivity(KP, T[:1]).conductivity_T
    np.testing.assert_allclose(log_free, closed_forms.conductivity_log_free(T[:1], KP.glass), rtol=1e-12)


@pytest.mark.parametrize(
    ("material", "model", "names"),
    [
        (
            replace(SILICA, tau_0=1e-13),
            "closed",
            ("W", "C_l", "C_t", "v_l", "v_t", "density", "lambda_l", "mu", "tau_0"),
        ),
        (replace(SILICA, debye_temperature=40.0), "closed", ("debye_temperature", "W")),
        (SILICA, "two-region", ("W", "C_l", "v_t", "mu")),
        (replace(KP, b=1.0), "two-region", ("mass", "length", "energy", "G", "b", "d_l2", "d_t2", "xi2", "mu", "v_t")),
    ],
)
def test_derivatives_agree_with_finite_differences(material, model, names):
    T, step = np.array([0.3, 4.0, 60.0]), 1e-4
    exact = conductivity_derivatives(material, T, names, model=model)
    scale = conductivity(material, T, model=model).conductivity_T
    for name, row in zip(names, exact, strict=True):
        values = [
            conductivity(replace(material, **{name: getattr(material, name) * np.exp(k * step)}), T, model=model)
            for k in (1, -1, 2, -2)
        ]
        a, b, c, d = (v.conductivity_T for v in values)
        by_difference = (8 * (a - b) - (c - d)) / (12 * step)
        # Tables and straight lines inside the relaxation channel make the difference noisy at this level.
        np.testing.assert_allclose(row / scale, by_difference / scale, atol=3e-6, err_msg=name)


def test_derivative_of_what_is_not_there_is_refused():
    with pytest.raises(InputError, match="did you mean 'lambda_l'"):
        conductivity_derivatives(SILICA, [1.0], ["lamda_l"])
    with pytest.raises(InputError, match="no number 'tau_0'"):
        conductivity_derivatives(SILICA, [1.0], ["tau_0"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperatures": [0.0, 1.0]}, "temperature 0 K: expected a positive"),
        ({"temperatures": [1.0, np.nan]}, "temperature nan K"),
        ({"temperatures": [2.0, 1.0]}, "temperature 1 K stands after 2 K"),
        ({"temperatures": [2.0, 2.0]}, "temperature 2 K stands twice"),
        ({"temperatures": []}, "no temperatures"),
        ({"model": "close"}, "did you mean 'closed'"),
        ({"form": "print"}, "did you mean 'printed'"),
        ({"channels": ("rayleih",)}, "did you mean 'rayleigh'"),
        ({"channels": ()}, "no channel"),
        ({"channels": ("relaxation",), "model": "two-region"}, "not available"),
        ({"channels": ("activation",)}, "nothing scatters phonons"),
        ({"material": KP, "channels": ("resonant",)}, "all their channels together"),
    ],
)
def test_impossible_requests_are_refused(arguments, message):
    given = {"material": SILICA, "temperatures": [1.0], **arguments}
    with pytest.raises(InputError, match=message):
        conductivity(given.pop("material"), given.pop("temperatures"), **given)


def test_relaxation_needs_a_coupling_and_says_so():
    bare = replace(SILICA, lambda_l=float("nan"), lambda_t=float("nan"))
    result = conductivity(bare, [1.0])
    assert result.channels == THREE and "lambda" in result.assumptions["relaxation"]
    assert np.isnan(result.specific_heat_T).all() and "lambda" in result.assumptions["specific_heat"]
    with pytest.raises(InputError, match="relaxation needs lambda"):
        conductivity(bare, [1.0], channels=("relaxation",))


# --- channels -----------------------------------------------------------------------------------------------


def test_missing_coupling_follows_from_the_strengths():
    numbers = material_numbers(replace(SILICA, lambda_t=float("nan")))
    longitudinal, transverse = scattering.couplings(numbers)
    assert longitudinal == pytest.approx(SILICA.lambda_l * ELECTRON_VOLT)
    P_s = [
        strength * SILICA.W * BOLTZMANN * SILICA.density * v**2 / coupling**2
        for strength, v, coupling in ((SILICA.C_l, SILICA.v_l, longitudinal), (SILICA.C_t, SILICA.v_t, transverse))
    ]
    assert P_s[0] == pytest.approx(P_s[1], rel=1e-12)
    assert heat.potential_density(replace(SILICA, lambda_t=float("nan"))) == pytest.approx(P_s[0], rel=1e-12)
    other = scattering.couplings(numbers | {"lambda_l": float("nan"), "lambda_t": transverse / ELECTRON_VOLT})
    np.testing.assert_allclose(other, (longitudinal, transverse), rtol=1e-12)


@pytest.mark.parametrize("ratio", [1e-8, 1e-3, 0.3, 4.0, 2e3, 1e5])
def test_relaxation_function_is_the_integral_over_asymmetries(ratio):
    def integrand(log_p):
        p = np.exp(log_p)
        return np.sqrt(max(1 - p, 0.0)) * ratio * p / (p**2 + ratio**2)

    points = [np.log(min(ratio, 0.9))]
    value, _ = integrate.quad(integrand, min(np.log(ratio), 0.0) - 25, 0, points=points, limit=400)
    assert scattering.relaxation_function(ratio) == pytest.approx(value, rel=1e-6)
    assert scattering._tabulated_relaxation(np.array(ratio)) == pytest.approx(value, rel=3e-6)


def test_relaxation_by_phonons_limits():
    T, rho = 0.5, 2200.0
    gamma_l2, gamma_t2 = 3e-38, 2e-38
    K = gamma_l2 / 5800.0**5 + 2 * gamma_t2 / 3800.0**5
    common = {"coupling": lambda energy: np.full_like(energy, K), "highest_energy": np.inf, "density": rho}
    slow, fast = scattering.relaxation_by_phonons(np.array([1.0, 1e14]), np.array(T), **common)
    assert slow == pytest.approx(0.5, rel=1e-3)
    power = np.pi**2 / 24 * (BOLTZMANN * T) ** 3 * K / (rho * HBAR**4) / 1e14
    assert fast == pytest.approx(power, rel=1e-3)
    # The coupling of the soft potentials grows with the logarithm; below W/e the action is taken as one.
    numbers = material_numbers(SILICA)
    deep, shallow = scattering.double_well_coupling(np.array([1e-3, 0.9]) * SILICA.W * BOLTZMANN, numbers)
    assert deep / shallow == pytest.approx(np.log(1e3) ** (2 / 3), rel=1e-12)


# --- specific heat ------------------------------------------------------------------------------------------


def test_tunnelling_heat_reaches_the_closed_law():
    T, P_s, W = 1e-4 * SILICA.W, heat.potential_density(SILICA), SILICA.W * BOLTZMANN
    longitudinal, transverse = scattering.couplings(material_numbers(SILICA))
    slow = replace(SILICA, experiment_time=1e6)
    smallest = specific_heat.lowest_splitting(
        T, W=W, lambda_l2=longitudinal**2, lambda_t2=transverse**2, medium=SILICA.medium, experiment_time=1e6
    )
    closed = specific_heat.tunnelling_specific_heat(T, potential_density=P_s, W=W, lowest_splitting=smallest)

    def constant_density(energy):
        density = heat.tunnelling_density(np.array(energy), np.array(T), slow)
        return np.pi**2 / 6 * BOLTZMANN**2 * T * density

    assert constant_density(BOLTZMANN * T) == pytest.approx(float(closed), rel=1e-9)
    # The density changes with the logarithm of E; its mean sits at the mean of ln E under the heat of two levels.
    weight = lambda x: (x / 2) ** 2 / np.cosh(x / 2) ** 2  # noqa: E731
    mean = integrate.quad(lambda x: weight(x) * np.log(x), 0, 80)[0] / integrate.quad(weight, 0, 80)[0]
    found = conductivity(slow, [T]).tunnelling_T[0]
    assert found == pytest.approx(constant_density(np.exp(mean) * BOLTZMANN * T), rel=0.01)
    assert found > conductivity(SILICA, [T]).tunnelling_T[0]  # a longer experiment sees more


def test_vibrational_heat_follows_the_fifth_power_until_its_end():
    T = np.array([0.5, 1.0, 300.0])
    result = conductivity(SILICA, T)
    P_s = heat.potential_density(SILICA)
    law = specific_heat.vibrational_specific_heat(T, potential_density=P_s, W=SILICA.W * BOLTZMANN)
    np.testing.assert_allclose(result.vibrations_T[:2], law[:2], rtol=1e-6)
    # At the end every vibration holds k_B: P_s/40 (E_max/W)^5 of them.
    highest = (8 / (np.pi * SILICA.C_t)) ** (1 / 3)
    assert result.vibrations_T[2] == pytest.approx(BOLTZMANN * P_s / 40 * highest**5, rel=0.01)


def test_specific_heat_has_the_minimum_of_the_soft_potentials():
    T = np.geomspace(0.3, 8, 120)
    result = conductivity(SILICA, T)
    excess = (result.tunnelling_T + result.vibrations_T) / T**3
    minimum = T[np.argmin(excess)]
    # W/k_B T*: 1.6 as printed, 1.6 to 1.9 by the closed laws; tunnelling systems that end at W make it 2.1.
    assert 1.5 < SILICA.W / minimum < 2.3
    # A longer experiment sees more tunnelling systems, and the minimum moves up.
    longer = conductivity(replace(SILICA, experiment_time=1e6), T)
    later_excess = (longer.tunnelling_T + longer.vibrations_T) / T**3
    assert T[np.argmin(later_excess)] > minimum
    assert np.isfinite(result.specific_heat_T).all()


def test_debye_part_without_an_end_is_cubic():
    T = np.array([1.0, 2.0])
    found = conductivity(OPEN, T).debye_T
    assert found[1] / found[0] == pytest.approx(8, rel=1e-12)
    assert found[0] == pytest.approx(conductivity(SILICA, T).debye_T[0], rel=1e-6)


def test_karpov_parshin_tunnelling_density_is_the_sum_over_p():
    # Against a direct sum of N(E, p) over p, leading order: the square root of 1 - p is dropped near p = 1.
    glass, T = KP.glass, 0.01
    energy = 1e-4 * glass.W
    long_time = replace(KP, experiment_time=1e30)
    found = heat.karpov_parshin_tunnelling_density(np.array(energy), np.array(T), long_time)
    logarithm = np.log(glass.W / energy)
    scale = (4.5 ** (1 / 3) * glass.W / glass.eta_L * logarithm ** (2 / 3)) ** 2
    rate = later_form.tunnelling_relaxation_rate(
        energy, T, tunnelling_share=1.0, gamma_l2=scale * KP.d_l2, gamma_t2=scale * KP.d_t2, medium=KP.medium
    )
    lowest = -np.log(rate * 1e30)

    def integrand(log_p):
        p = np.exp(log_p)
        density = closed_forms.tunnelling_density(energy, p, density=KP.G, eta_L=glass.eta_L, W=glass.W)
        return 2 * p * density * np.sqrt(1 - p)

    direct, _ = integrate.quad(integrand, lowest, -1e-12, limit=300)
    assert found == pytest.approx(direct, rel=1e-6)
    parts = conductivity(KP, [1.0, 20.0], model="two-region")
    assert np.all(parts.tunnelling_T > 0) and np.all(parts.vibrations_T > 0)


def test_numbers_of_a_material_carry_units():
    assert numbers_of(SILICA)["lambda_l"] == "eV" and numbers_of(KP)["mass"] == "u"
