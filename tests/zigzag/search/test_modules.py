"""Each step of the search against the ZigZag class that it mirrors, on the same orderings."""

import numpy as np
from zigzag.datatypes import LayerOperand

from onnx2zz.zigzag.search.double_buffering import double_buffered
from onnx2zz.zigzag.search.energy import energy
from onnx2zz.zigzag.search.loading import loads, offloading, onloading
from onnx2zz.zigzag.search.stalls import activities, stall
from onnx2zz.zigzag.search.traffic import cycles_per_level, flows

from .lockstep import Lockstep, columns


def test_allocation(lockstep: Lockstep) -> None:
    """MemoryAllocator: the same orderings fit, and each memory gets as many loops."""
    assert np.flatnonzero(lockstep.allocation.valid).tolist() == lockstep.fitting
    assert lockstep.fitting
    for op, cuts in zip(lockstep.setting.layer.layer_operands, lockstep.allocation.cuts, strict=True):
        for row in lockstep.fitting:
            mapping = lockstep.zigzag_mappings[row]
            assert mapping is not None
            loops = np.diff([0, *(cut[row] for cut in cuts)])
            assert loops.tolist() == [len(level) for level in mapping.mapping_dic_origin[op]]


def test_merge_down(lockstep: Lockstep) -> None:
    """TemporalMapping: periods, runs below each border, and how long the array keeps an element."""
    for op, borders in zip(lockstep.setting.layer.layer_operands, lockstep.borders, strict=True):
        mappings = [lockstep.zigzag_mappings[row] for row in lockstep.fitting]
        assert columns(borders.cycles) == [mapping.cycle_cabl_level[op] for mapping in mappings if mapping]
        assert columns(borders.relevant_run) == [mapping.top_r_loop_size[op][1:] for mapping in mappings if mapping]
        assert columns(borders.irrelevant_run) == [mapping.top_ir_loop_size[op][1:] for mapping in mappings if mapping]
        stationary = [mapping.mac_level_data_stationary_cycle[op] for mapping in mappings if mapping]
        assert borders.stationary.tolist() == stationary


def test_profiles(lockstep: Lockstep) -> None:
    """Mapping: elements held at each level, and where the output is partial, under both unrollings."""
    for unrolling, attribute in (("fractional", "mapping"), ("integer", "mapping_int")):
        mappings = [getattr(cme, attribute) for cme in lockstep.evaluations]
        profiles = lockstep.profiles(unrolling)
        for op, profile in zip(lockstep.setting.layer.layer_operands, profiles, strict=True):
            assert columns(profile.elements) == [mapping.data_elem_per_level_unrolled[op] for mapping in mappings]
        assert columns(profiles[0].partial) == [mapping.psum_flag for mapping in mappings]


def test_traffic(lockstep: Lockstep) -> None:
    """Mapping.unit_mem_data_movement: bits, period and periods of every transfer."""
    nest = lockstep.nest
    cycles = [
        cycles_per_level(operand, borders, nest.keeps_at_output)
        for operand, borders in zip(nest.operands, lockstep.borders, strict=True)
    ]
    ours = flows(nest, [operand.integer for operand in nest.operands], lockstep.profiles("integer"), cycles)
    for (op, level, direction), flow in ours.items():
        for row, cme in enumerate(lockstep.evaluations):
            moved = cme.mapping_int.unit_mem_data_movement[LayerOperand(nest.operands[op].name)][level].attributes
            values = {name: moved[name].get(direction) for name in moved}
            assert flow.bits[row] == values["data_trans_amount_per_period"] * values["data_precision"]
            assert flow.period[row] == values["data_trans_period"]
            assert flow.count[row] == values["data_trans_period_count"]


def test_double_buffering(lockstep: Lockstep) -> None:
    """CostModelEvaluation.double_buffer_true, whose first entry is the array's."""
    ours = double_buffered(lockstep.nest, lockstep.profiles("fractional"), lockstep.borders)
    for op, flags in zip(lockstep.setting.layer.layer_operands, ours, strict=True):
        assert columns(flags) == [cme.double_buffer_true[op][1:] for cme in lockstep.evaluations]


def test_energy(lockstep: Lockstep) -> None:
    nest = lockstep.nest
    cycles = [
        cycles_per_level(operand, borders, nest.keeps_at_output)
        for operand, borders in zip(nest.operands, lockstep.borders, strict=True)
    ]
    ours = flows(nest, [operand.fractional for operand in nest.operands], lockstep.profiles("fractional"), cycles)
    assert energy(nest, ours).tolist() == [cme.energy_total for cme in lockstep.evaluations]


def test_parts_of_the_latency(lockstep: Lockstep) -> None:
    nest, borders, profiles = lockstep.nest, lockstep.borders, lockstep.profiles("integer")
    cycles = [
        cycles_per_level(operand, border, nest.keeps_at_output)
        for operand, border in zip(nest.operands, borders, strict=True)
    ]
    moved = flows(nest, [operand.integer for operand in nest.operands], profiles, cycles)
    buffered = double_buffered(nest, lockstep.profiles("fractional"), borders)
    activity = activities(nest, moved, borders, buffered)
    total = float(lockstep.orderings.loops.iterations)
    stalled = stall(nest, activity, total)
    load = loads(nest, profiles, cycles, activity, total + stalled)
    rows = np.ones(len(lockstep.fitting))
    assert (stalled * rows).tolist() == [cme.stall_slack_comb for cme in lockstep.evaluations]
    assert (onloading(nest, load) * rows).tolist() == [cme.data_onloading_cycle for cme in lockstep.evaluations]
    assert (offloading(nest, load) * rows).tolist() == [cme.data_offloading_cycle for cme in lockstep.evaluations]
    assert {nest.drain_cycles} == {cme.systolic_drain_cycle for cme in lockstep.evaluations}
