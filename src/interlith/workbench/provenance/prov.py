"""How do the steps of a run read in the words of W3C PROV?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from interlith.workbench.provenance.activities import Activity

PREFIX = {"il": "urn:interlith:", "prov": "http://www.w3.org/ns/prov#"}


def prov_json(run: dict[str, Any], done: Sequence[Activity], results: Sequence[str]) -> str:
    """PROV-JSON of a run: entities, activities, the software as agent, and who used, made and derived what.

    Parameters
    ----------
    run
        Study, created, version.
    done
        Steps.
    results
        Names of the files that the run wrote.

    References
    ----------
    The PROV-JSON serialization, W3C member submission, 24 April 2013.
    """
    agent = f"il:software/interlith-{run['interlith']}"
    entities: dict[str, Any] = {}
    acts: dict[str, Any] = {}
    used: dict[str, Any] = {}
    made: dict[str, Any] = {}
    derived: dict[str, Any] = {}
    by: dict[str, Any] = {}
    for one in done:
        act, out = f"il:step/{one.result}", f"il:result/{one.result}"
        acts[act] = {"prov:label": one.label, "il:code": one.code, "il:options": dict(one.options)}
        entities[out] = {"prov:label": f"result of {one.label}"}
        sources = [f"il:bytes/{sha}" for sha in one.raw] + [f"il:result/{key}" for key in one.inputs]
        for sha in one.raw:
            entities.setdefault(f"il:bytes/{sha}", {"prov:type": "il:RawFile", "il:sha256": sha})
        for number, source in enumerate(sources):
            used[f"_:u{len(used)}"] = {"prov:activity": act, "prov:entity": source}
            derived[f"_:d{len(derived)}"] = {
                "prov:generatedEntity": out, "prov:usedEntity": source, "prov:activity": act, "il:order": number,
            }  # fmt: skip
        made[f"_:g{len(made)}"] = {"prov:entity": out, "prov:activity": act}
        by[f"_:a{len(by)}"] = {"prov:activity": act, "prov:agent": agent}
    _gathered(run, done, results, entities, acts, used, made, by, agent)
    document = {
        "prefix": PREFIX, "entity": entities, "activity": acts,
        "agent": {agent: {"prov:type": "prov:SoftwareAgent", "prov:label": f"Interlith {run['interlith']}"}},
        "used": used, "wasGeneratedBy": made, "wasDerivedFrom": derived, "wasAssociatedWith": by,
    }  # fmt: skip
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _gathered(
    run: dict[str, Any], done: Sequence[Activity], results: Sequence[str], entities: dict[str, Any], acts: dict[str, Any],
    used: dict[str, Any], made: dict[str, Any], by: dict[str, Any], agent: str,
) -> None:  # fmt: skip
    """The activity that gathers what no other step takes into tables, figures and the report."""
    taken = {key for one in done for key in one.inputs}
    acts["il:run"] = {"prov:label": "interlith run"} | ({"prov:endTime": run["created"]} if run["created"] else {})
    by[f"_:a{len(by)}"] = {"prov:activity": "il:run", "prov:agent": agent}
    for one in done:
        if one.result not in taken:
            used[f"_:u{len(used)}"] = {"prov:activity": "il:run", "prov:entity": f"il:result/{one.result}"}
    for name in results:
        entities[f"il:file/{name}"] = {"prov:label": name}
        made[f"_:g{len(made)}"] = {"prov:entity": f"il:file/{name}", "prov:activity": "il:run"}
