"""Which activities does a package tell of: every step, or, of a large study, one a specimen?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from interlith.model import StepRecord

#: Up to so many steps each is told by itself; beyond, all steps of one specimen are told together.
MOST_STEPS = 3000


@dataclass(frozen=True, slots=True)
class Activity:
    """A step, or all steps of a specimen: `result` names what came of it, `inputs` the results that it took.

    `raw` holds the digests of the raw files that it looked at itself.
    """

    label: str
    result: str
    inputs: tuple[str, ...]
    raw: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    code: str
    versions: tuple[tuple[str, str], ...]
    fine: bool = True
    reason: str = ""


def activities(records: Sequence[StepRecord], most: int = MOST_STEPS) -> tuple[Activity, ...]:
    """Steps as activities; grouped by specimen where there are more than `most`."""
    return tuple(_one(record) for record in records) if len(records) <= most else _grouped(records)


def _one(record: StepRecord) -> Activity:
    inputs = tuple(dict.fromkeys(key for keys in record.inputs.values() for key in keys))
    return Activity(
        label=f"{record.technique} {record.step} of {record.specimen}", result=record.key, inputs=inputs,
        raw=() if inputs else tuple(dict.fromkeys(one.sha256 for one in record.files)), options=_options(record),
        code=record.code, versions=tuple(record.versions.items()), fine=record.fate == "done", reason=record.reason,
    )  # fmt: skip


def _options(record: StepRecord) -> tuple[tuple[str, str], ...]:
    words = {**record.options, **{f"{name} (agreed)": value for name, value in record.agreed.items()}}
    words |= {f"decision {one.get('field')} of {one.get('target')}": one.get("value") for one in record.decisions}
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(value, default=str)) for name, value in words.items()
    )


def _grouped(records: Sequence[StepRecord]) -> tuple[Activity, ...]:
    """One activity for each set of raw files: a specimen with the steps over its files."""
    owner: dict[str, str] = {}
    for record in records:
        if record.inputs:
            owner |= {one.sha256: record.specimen for one in record.files}
    groups: dict[tuple[str, str], list[StepRecord]] = {}
    for record in records:
        name = (
            record.specimen if record.inputs or not record.files else owner.get(record.files[0].sha256, record.specimen)
        )
        groups.setdefault((record.technique, name), []).append(record)
    made = []
    for (technique, name), mine in groups.items():
        keys = {record.key for record in mine}
        inputs = dict.fromkeys(
            key for record in mine for found in record.inputs.values() for key in found if key not in keys
        )
        result = hashlib.sha256("/".join(record.key for record in mine).encode()).hexdigest()
        failed = [f"{record.step}: {record.reason}" for record in mine if record.fate != "done"]
        made.append(
            Activity(
                label=f"{technique}: {len(mine)} steps of {name}", result=result, inputs=tuple(inputs),
                raw=tuple(dict.fromkeys(one.sha256 for record in mine for one in record.files)),
                options=tuple(dict.fromkeys(pair for record in mine for pair in _options(record))),
                code=hashlib.sha256("/".join(sorted({record.code for record in mine})).encode()).hexdigest(),
                versions=tuple(sorted({pair for record in mine for pair in record.versions.items()})), reason="; ".join(failed),
            )
        )  # fmt: skip
    return tuple(made)
