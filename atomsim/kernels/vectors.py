"""What the compiler does not make of loops by itself: whole vectors at places that are not known beforehand."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WIDTH = 8  # 32-bit numbers in a vector
VECTOR = ir.VectorType(ir.IntType(32), WIDTH)


@intrinsic
def store_sum(typing: Any, target: Any, begin: Any, table: Any, row: Any, addend: Any) -> Any:
    """Store a row of a table plus a number: target[begin : begin + 8] = table[row] + addend, all of 32 bits.

    Args:
        typing: context of the compiler.
        target: contiguous numbers, changed.
        begin: where to store.
        table: contiguous rows of eight numbers.
        row: which row.
        addend: added to each number.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        target_value, begin_value, table_value, row_value, addend_value = values
        target_data = context.make_array(signature.args[0])(context, builder, target_value).data
        table_data = context.make_array(signature.args[2])(context, builder, table_value).data
        start = builder.mul(row_value, ir.Constant(row_value.type, WIDTH))
        source = builder.bitcast(builder.gep(table_data, [start]), VECTOR.as_pointer())
        place = builder.bitcast(builder.gep(target_data, [begin_value]), VECTOR.as_pointer())
        lane = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), addend_value, ir.Constant(ir.IntType(32), 0))
        every = builder.shuffle_vector(lane, lane, ir.Constant(VECTOR, [0] * WIDTH))
        builder.store(builder.add(builder.load(source, align=4), every), place, align=4)
        return context.get_dummy_value()

    return types.void(target, types.uint64, table, types.uint64, types.uint32), generate
