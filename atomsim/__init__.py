"""Making and describing configurations of glasses.

Inside this package everything is in reduced units (length sigma, energy epsilon, mass m, k_B = 1)
and float64; :mod:`atomsim.units` is the only place that converts.

Array names carry their axes as a suffix:

========  ============================================================
suffix    axis
========  ============================================================
``_n``    atom
``_p``    pair of neighbours (each pair once)
``_c``    Cartesian component (always three; a plane system has z = 0)
``_m``    vibrational mode
``_k``    order of a derivative
``_q``    wave vector
``_r``    bin of distance
``_w``    bin of angular frequency
``_t``    time
``_T``    temperature
========  ============================================================

``omega`` is an angular frequency, ``nu`` is omega/2pi.
"""

__version__ = "0.1.0"
