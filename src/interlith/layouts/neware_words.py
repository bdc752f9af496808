"""Which words do Neware exports use for which quantity, be they text or workbook?"""

from __future__ import annotations

from collections.abc import Sequence

from interlith.errors import ReadError
from interlith.layouts.column_names import split, unit_factor
from interlith.layouts.implied_mass import implied_mass

VOCABULARY = {
    **dict.fromkeys(("datapoint", "recordid", "recordindex", "数据序号", "记录序号"), "vendor_record"),
    **dict.fromkeys(("cycleindex", "cycleid", "cycle", "循环号"), "vendor_cycle"),
    **dict.fromkeys(("stepindex", "stepid", "step", "工步号"), "vendor_step"),
    **dict.fromkeys(("steptype", "stepname", "status", "工步类型", "状态"), "vendor_step_type"),
    **dict.fromkeys(("time", "steptime", "relativetime", "时间", "相对时间"), "step_time"),
    **dict.fromkeys(("totaltime", "cumulativetime", "testtime", "总时间"), "test_time"),
    **dict.fromkeys(("current", "cur", "电流"), "current"),
    **dict.fromkeys(("voltage", "vol", "电压"), "voltage"),
    **dict.fromkeys(("capacity", "cap", "容量"), "capacity_counter"),
    **dict.fromkeys(("chgcap", "capchg", "capacitancechg", "capacitychg", "充电容量"), "charge_counter"),
    **dict.fromkeys(("dchgcap", "capdchg", "capacitancedchg", "capacitydchg", "放电容量"), "discharge_counter"),
    **dict.fromkeys(("energy", "能量"), "energy_counter"),
    **dict.fromkeys(("chgenergy", "engychg", "energychg", "充电能量"), "charge_energy_counter"),
    **dict.fromkeys(("dchgenergy", "engydchg", "energydchg", "放电能量"), "discharge_energy_counter"),
    **dict.fromkeys(("date", "realtime", "absolutetime", "绝对时间", "系统时间"), "wall_clock"),
    **dict.fromkeys(("temperature", "auxtemp", "t1"), "temperature"),
}
_SPECIFIC = ("speccap", "capacitydensity", "cmpcap", "speccapacity")


def mass(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str | None:
    """Mass implied by a capacity column and its neighbour per gram; `None` if there is none or they contradict."""
    places = {split(name).stem: position for position, name in enumerate(names)}
    specific = next((places[stem] for stem in _SPECIFIC if stem in places), None)
    total = next((places[stem] for stem in ("capacity", "cap", "容量") if stem in places), None)
    unit = split(names[total]).unit if total is not None else None
    if specific is None or total is None or unit is None:
        return None
    try:
        factor = unit_factor(unit, "capacity_counter", column=names[total], where="header")
    except ReadError:
        return None
    whole = [row for row in rows if len(row) > max(total, specific)]
    return implied_mass([row[total] for row in whole], [row[specific] for row in whole], factor=factor)
