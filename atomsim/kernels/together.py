"""What compiled threads need that work together on the same arrays, without the interpreter in between.

They wait for each other at a meeting, an array that counts arrivals; and they call kernels by address, so that one
compiled loop serves all kernels, and these have the same bits wherever they are called from.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from atomsim.results import IntArray

BROKEN = 2**62  # arrivals at a meeting that somebody has called off
SPINS = 2000  # looks at a meeting before the core is offered to other processes, some tens of microseconds

_offer_core = types.ExternalFunction("sched_yield", types.intc())


@intrinsic
def add_atomically(typing: Any, counter: Any, addend: Any) -> Any:
    """Add to the first number of an array, and return what it was; no thread sees less than all that went before.

    Args:
        typing: context of the compiler.
        counter: contiguous numbers of 64 bits, the first changed.
        addend: what to add.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.atomic_rmw("add", data, values[1], "seq_cst")

    return types.int64(counter, types.int64), generate


@intrinsic
def call_at(typing: Any, address: Any, arguments: Any) -> Any:
    """Call the compiled function without result at an address.

    Args:
        typing: context of the compiler.
        address: of the function.
        arguments: a tuple of exactly the types that it was compiled for.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = context.call_conv.get_function_type(types.none, tuple(arguments))
        function = builder.inttoptr(values[0], kind.as_pointer())
        unused = [cgutils.alloca_once(builder, pointer.pointee) for pointer in kind.args[:2]]
        parts = cgutils.unpack_tuple(builder, values[1])
        builder.call(function, [*unused, *context.get_arg_packer(tuple(arguments)).as_arguments(builder, parts)])
        return context.get_dummy_value()

    return types.void(types.int64, arguments), generate


def address_of(kernel: Any, *arguments: Any) -> int:
    """Return the address of a kernel compiled for the types of some arguments.

    Args:
        kernel: what ``njit`` returned.
        arguments: examples of what it will be called with.
    """
    kinds = tuple(map(kernel.typeof_pyval, arguments))
    kernel.compile(kinds)
    code, description = attrgetter("library", "fndesc")(kernel.overloads[kinds])
    return int(code.get_pointer_to_function(description.llvm_func_name))


@njit(cache=True, error_model="numpy", nogil=True)
def meet(meeting: IntArray, n_threads: int) -> bool:
    """Wait until all threads are here; return whether they are, and the meeting was not called off.

    Args:
        meeting: number of arrivals, zero before the first.
        n_threads: how many meet.
    """
    if n_threads == 1:
        return True
    arrivals = add_atomically(meeting, 1) + 1  # type: ignore[call-arg]
    goal = (arrivals + n_threads - 1) // n_threads * n_threads  # the arrival of the last of this time
    spins = 0
    while arrivals < min(goal, BROKEN):
        spins += 1
        if spins > SPINS:
            _offer_core()
        arrivals = add_atomically(meeting, 0)
    return arrivals < BROKEN


@njit(inline="always")
def edge_of(n_rows: int, rank: int, n_threads: int) -> int:
    """Return the first row of a thread that shares rows evenly with others.

    Args:
        n_rows: number of rows.
        rank: number of the thread, from 0; the number of threads for the row behind the last.
        n_threads: how many share.
    """
    return n_rows * rank // n_threads
