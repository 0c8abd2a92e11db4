"""The literature behind the formulas: every ``Source:`` line of a docstring names a key of :data:`BIBLIOGRAPHY`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atomsim.errors import InputError, nearest
from atomsim.reference import Reference
from atomsim.statistics_literature import STATISTICS

BIBLIOGRAPHY: Mapping[str, Reference] = MappingProxyType(
    {
        # --- the five papers whose theory the suite implements
        "karpov-parshin-1985": Reference(
            "V. G. Karpov and D. A. Parshin",
            "The thermal conductivity of glasses at temperatures below the Debye temperature",
            "Zh. Eksp. Teor. Fiz. 88, 2212 [Sov. Phys. JETP 61, 1308]",
            1985,
        ),
        "buchenau-1992": Reference(
            "U. Buchenau",
            "Soft localized vibrations in glasses and undercooled liquids",
            "Philos. Mag. B 65, 303",
            1992,
            "10.1080/13642819208217904",
        ),
        "egorushkin-melnikova-1993a": Reference(
            "V. E. Egorushkin and N. V. Mel'nikova",
            "Low-temperature thermal conductivity of amorphous metals and alloys",
            "Zh. Eksp. Teor. Fiz. 103, 189 [JETP 76, 103]",
            1993,
        ),
        "egorushkin-melnikova-1993b": Reference(
            "V. E. Egorushkin and N. V. Mel'nikova",
            "Structural relaxation in amorphous metallic alloys",
            "Zh. Eksp. Teor. Fiz. 103, 555",
            1993,
        ),
        "schaich-1976": Reference(
            "W. L. Schaich",
            "Theory of the driving force for electromigration",
            "Phys. Rev. B 13, 3350",
            1976,
            "10.1103/PhysRevB.13.3350",
        ),
        # --- the soft-potential model
        "buchenau-1991": Reference(
            "U. Buchenau, Yu. M. Galperin, V. L. Gurevich and H. R. Schober",
            "Anharmonic potentials and vibrational localization in glasses",
            "Phys. Rev. B 43, 5039",
            1991,
            "10.1103/PhysRevB.43.5039",
        ),
        "buchenau-1992b": Reference(
            "U. Buchenau, Yu. M. Galperin, V. L. Gurevich, D. A. Parshin, M. A. Ramos and H. R. Schober",
            "Interaction of soft modes and sound waves in glasses",
            "Phys. Rev. B 46, 2798",
            1992,
            "10.1103/PhysRevB.46.2798",
        ),
        "ramos-buchenau-1997": Reference(
            "M. A. Ramos and U. Buchenau",
            "Low-temperature thermal conductivity of glasses within the soft-potential model",
            "Phys. Rev. B 55, 5749",
            1997,
            "10.1103/PhysRevB.55.5749",
        ),
        # --- model glasses
        "laird-schober-1991": Reference(
            "B. B. Laird and H. R. Schober",
            "Localized low-frequency vibrational modes in a simple model glass",
            "Phys. Rev. Lett. 66, 636",
            1991,
            "10.1103/PhysRevLett.66.636",
        ),
        "kob-andersen-1995": Reference(
            "W. Kob and H. C. Andersen",
            "Testing mode-coupling theory for a supercooled binary Lennard-Jones mixture: the van Hove correlation "
            "function",
            "Phys. Rev. E 51, 4626",
            1995,
            "10.1103/PhysRevE.51.4626",
        ),
        "ninarello-2017": Reference(
            "A. Ninarello, L. Berthier and D. Coslovich",
            "Models and algorithms for the next generation of glass transition studies",
            "Phys. Rev. X 7, 021039",
            2017,
            "10.1103/PhysRevX.7.021039",
        ),
        "lerner-2019": Reference(
            "E. Lerner",
            "Mechanical properties of simple computer glasses",
            "J. Non-Cryst. Solids 522, 119570",
            2019,
            "10.1016/j.jnoncrysol.2019.119570",
        ),
        "tan-2011": Reference(
            "T. B. Tan, A. J. Schultz and D. A. Kofke",
            "Virial coefficients, equation of state, and solid-fluid coexistence for the soft sphere model",
            "Mol. Phys. 109, 123",
            2011,
            "10.1080/00268976.2010.520041",
        ),
        "verlet-1967": Reference(
            "L. Verlet",
            "Computer 'experiments' on classical fluids. I. Thermodynamical properties of Lennard-Jones molecules",
            "Phys. Rev. 159, 98",
            1967,
            "10.1103/PhysRev.159.98",
        ),
        # --- modes and their statistics
        "gartner-lerner-2016": Reference(
            "L. Gartner and E. Lerner",
            "Nonlinear modes disentangle glassy and Goldstone modes in structural glasses",
            "SciPost Phys. 1, 016",
            2016,
            "10.21468/SciPostPhys.1.2.016",
        ),
        "lerner-2016": Reference(
            "E. Lerner, G. Düring and E. Bouchbinder",
            "Statistics and properties of low-frequency vibrational modes in structural glasses",
            "Phys. Rev. Lett. 117, 035501",
            2016,
            "10.1103/PhysRevLett.117.035501",
        ),
        "lerner-bouchbinder-2017": Reference(
            "E. Lerner and E. Bouchbinder",
            "Effect of instantaneous and continuous quenches on the density of vibrational modes in model glasses",
            "Phys. Rev. E 96, 020104",
            2017,
            "10.1103/PhysRevE.96.020104",
        ),
        **STATISTICS,
        # --- measured conductivity and specific heat
        "zeller-pohl-1971": Reference(
            "R. C. Zeller and R. O. Pohl",
            "Thermal conductivity and specific heat of noncrystalline solids",
            "Phys. Rev. B 4, 2029",
            1971,
        ),
        "stephens-1973": Reference(
            "R. B. Stephens",
            "Low-temperature specific heat and thermal conductivity of noncrystalline dielectric solids",
            "Phys. Rev. B 8, 2896",
            1973,
        ),
        "cahill-pohl-1987": Reference(
            "D. G. Cahill and R. O. Pohl",
            "Thermal conductivity of amorphous solids above the plateau",
            "Phys. Rev. B 35, 4067",
            1987,
        ),
        "touloukian-1970": Reference(
            "Y. S. Touloukian, R. W. Powell, C. Y. Ho and P. G. Klemens",
            "Thermal Conductivity: Nonmetallic Solids, Thermophysical Properties of Matter 2",
            "IFI/Plenum, New York",
            1970,
        ),
        "crc-handbook-2005": Reference(
            "D. R. Lide (editor)",
            "CRC Handbook of Chemistry and Physics, section 12: thermal conductivity of ceramics and other insulators",
            "CRC Press, Boca Raton",
            2005,
        ),
        "berret-meissner-1988": Reference(
            "J. F. Berret and M. Meissner",
            "How universal are the low temperature acoustic properties of glasses?",
            "Z. Phys. B 70, 65",
            1988,
            "10.1007/BF01320540",
        ),
        "pohl-2002": Reference(
            "R. O. Pohl, X. Liu and E. Thompson",
            "Low-temperature thermal conductivity and acoustic attenuation in amorphous solids",
            "Rev. Mod. Phys. 74, 991",
            2002,
            "10.1103/RevModPhys.74.991",
        ),
        "golding-1972": Reference(
            "B. Golding, B. G. Bagley and F. S. L. Hsu",
            "Soft transverse phonons in a metallic glass",
            "Phys. Rev. Lett. 29, 68",
            1972,
            "10.1103/PhysRevLett.29.68",
        ),
        "golding-1978": Reference(
            "B. Golding, J. E. Graebner, A. B. Kane and J. L. Black",
            "Relaxation of tunneling systems by conduction electrons in a metallic glass",
            "Phys. Rev. Lett. 41, 1487",
            1978,
            "10.1103/PhysRevLett.41.1487",
        ),
        # --- solids and methods
        "born-huang-1954": Reference(
            "M. Born and K. Huang", "Dynamical Theory of Crystal Lattices", "Clarendon Press, Oxford", 1954
        ),
        "lutsko-1989": Reference(
            "J. F. Lutsko",
            "Generalized expressions for the calculation of elastic constants by computer simulation",
            "J. Appl. Phys. 65, 2991",
            1989,
            "10.1063/1.342716",
        ),
        "cowley-1950": Reference(
            "J. M. Cowley",
            "An approximate theory of order in alloys",
            "Phys. Rev. 77, 669",
            1950,
            "10.1103/PhysRev.77.669",
        ),
        "kanzaki-1957": Reference(
            "H. Kanzaki",
            "Point defects in face-centred cubic lattice-I: distortion around defects",
            "J. Phys. Chem. Solids 2, 24",
            1957,
            "10.1016/0022-3697(57)90003-3",
        ),
        "clapp-moss-1966": Reference(
            "P. C. Clapp and S. C. Moss",
            "Correlation functions of disordered binary alloys. I",
            "Phys. Rev. 142, 418",
            1966,
            "10.1103/PhysRev.142.418",
        ),
        "khachaturyan-1983": Reference(
            "A. G. Khachaturyan", "Theory of Structural Transformations in Solids", "Wiley, New York", 1983
        ),
        "debye-1912": Reference(
            "P. Debye", "Zur Theorie der spezifischen Wärmen", "Ann. Phys. 344, 789", 1912, "10.1002/andp.19123441404"
        ),
        "bussi-2007": Reference(
            "G. Bussi, D. Donadio and M. Parrinello",
            "Canonical sampling through velocity rescaling",
            "J. Chem. Phys. 126, 014101",
            2007,
            "10.1063/1.2408420",
        ),
        # --- electrons in metals
        "friedel-1958": Reference("J. Friedel", "Metallic alloys", "Nuovo Cimento Suppl. 7, 287", 1958),
        "calogero-1967": Reference(
            "F. Calogero", "Variable Phase Approach to Potential Scattering", "Academic Press, New York", 1967
        ),
        "lindhard-1954": Reference(
            "J. Lindhard",
            "On the properties of a gas of charged particles",
            "Kgl. Danske Videnskab. Selskab, Mat.-Fys. Medd. 28, No. 8",
            1954,
        ),
        "hubbard-1957": Reference(
            "J. Hubbard",
            "The description of collective motions in terms of many-body perturbation theory. II. The correlation "
            "energy of a free-electron gas",
            "Proc. R. Soc. Lond. A 243, 336",
            1957,
        ),
        "ziman-1961": Reference(
            "J. M. Ziman",
            "A theory of the electrical properties of liquid metals. I: The monovalent metals",
            "Philos. Mag. 6, 1013",
            1961,
            "10.1080/14786436108243361",
        ),
        "ashcroft-1966": Reference(
            "N. W. Ashcroft", "Electron-ion pseudopotentials in metals", "Phys. Lett. 23, 48", 1966
        ),
        "ashcroft-lekner-1966": Reference(
            "N. W. Ashcroft and J. Lekner",
            "Structure and resistivity of liquid metals",
            "Phys. Rev. 145, 83",
            1966,
            "10.1103/PhysRev.145.83",
        ),
        "ashcroft-langreth-1967": Reference(
            "N. W. Ashcroft and D. C. Langreth",
            "Compressibility and binding energy of the simple metals",
            "Phys. Rev. 155, 682",
            1967,
            "10.1103/PhysRev.155.682",
        ),
        "evans-1971": Reference(
            "R. Evans, D. A. Greenwood and P. Lloyd",
            "Calculations of the transport properties of liquid transition metals",
            "Phys. Lett. A 35, 57",
            1971,
        ),
        "faber-1972": Reference(
            "T. E. Faber", "Introduction to the Theory of Liquid Metals", "Cambridge University Press", 1972
        ),
        "ashcroft-mermin-1976": Reference(
            "N. W. Ashcroft and N. D. Mermin", "Solid State Physics", "Holt, Rinehart and Winston, New York", 1976
        ),
        "iida-guthrie-1988": Reference(
            "T. Iida and R. I. L. Guthrie", "The Physical Properties of Liquid Metals", "Clarendon Press, Oxford", 1988
        ),
        # --- derived in this project
        "faber-ziman-1965": Reference(
            "T. E. Faber and J. M. Ziman",
            "A theory of the electrical properties of liquid metals",
            "Philos. Mag. 11, 153",
            1965,
            "10.1080/14786436508211931",
        ),
        "bhatia-thornton-1970": Reference(
            "A. B. Bhatia and D. E. Thornton",
            "Structural aspects of the electrical resistivity of binary alloys",
            "Phys. Rev. B 2, 3004",
            1970,
            "10.1103/PhysRevB.2.3004",
        ),
        "soft-modes-notes": Reference(
            "the atomsim developers",
            "From a configuration to soft potentials: derivations",
            "docs/soft-modes.md of this project",
            None,
        ),
        "concentration-notes": Reference(
            "the atomsim developers",
            "Concentration excitations of a configuration: derivations",
            "docs/concentration.md of this project",
            None,
        ),
        "relaxation-notes": Reference(
            "the atomsim developers",
            "Structural relaxation by concentration excitations: derivations",
            "docs/relaxation.md of this project",
            None,
        ),
        "soft-potential-notes": Reference(
            "the atomsim developers",
            "Levels, tunnelling systems, vibrations and phonons in soft potentials: derivations",
            "docs/soft-potential.md of this project",
            None,
        ),
        "wind-notes": Reference(
            "the atomsim developers",
            "Wind force on every ion of a configuration: derivations",
            "docs/wind-force.md of this project",
            None,
        ),
    }
)


def get_reference(key: str) -> Reference:
    """Return the publication with a given key.

    Args:
        key: a key of :data:`BIBLIOGRAPHY`.

    Raises:
        InputError: an unknown key.
    """
    if key not in BIBLIOGRAPHY:
        raise InputError(f"unknown reference {key!r}{nearest(key, BIBLIOGRAPHY)}")
    return BIBLIOGRAPHY[key]
