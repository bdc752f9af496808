"""From raw instrument files of bare and modified battery cathodes to numbers with honest uncertainties and evidence.

Everything public is reached from here and imported on first use, so that ``import interlith`` costs next to nothing::

    import interlith as il

    study = il.open_study("lnmo/")
    cells = il.cycling.summarise(study["cycling"], normalise="active_mass")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlith.crystal.phases import phase as phase
    from interlith.crystal.phases import phases as phases
    from interlith.evidence import audit as audit
    from interlith.reporting import report as report
    from interlith.reporting.export import export as export
    from interlith.workbench.corrections.decisions import decide as decide
    from interlith.workbench.corrections.decisions import undo as undo
    from interlith.workbench.external.reading import read_external as read_external
    from interlith.workbench.facade import compare as compare
    from interlith.workbench.facade import equivalent as equivalent
    from interlith.workbench.facade import read as read
    from interlith.workbench.facade import read_all as read_all
    from interlith.workbench.initialise import initialise as initialise
    from interlith.workbench.joining.relating import relate_clocks as relate_clocks
    from interlith.workbench.joining.states import join_state as join_state
    from interlith.workbench.methods.comparing import compare_methods as compare_methods
    from interlith.workbench.opening import open_study as open_study
    from interlith.workbench.provenance.explain import explain as explain
    from interlith.workbench.running.run import run as run

__version__ = "0.1.0.dev0"

#: Public name -> the room that holds it.
_PUBLIC = {
    "audit": "interlith.evidence",
    "compare": "interlith.workbench.facade",
    "compare_methods": "interlith.workbench.methods.comparing",
    "crystal": "interlith",
    "decide": "interlith.workbench.corrections.decisions",
    "equivalent": "interlith.workbench.facade",
    "design": "interlith",
    "errors": "interlith",
    "evidence": "interlith",
    "explain": "interlith.workbench.provenance.explain",
    "export": "interlith.reporting.export",
    "initialise": "interlith.workbench.initialise",
    "join_state": "interlith.workbench.joining.states",
    "model": "interlith",
    "open_study": "interlith.workbench.opening",
    "phase": "interlith.crystal.phases",
    "phases": "interlith.crystal.phases",
    "read": "interlith.workbench.facade",
    "read_all": "interlith.workbench.facade",
    "read_external": "interlith.workbench.external.reading",
    "relate_clocks": "interlith.workbench.joining.relating",
    "report": "interlith.reporting",
    "run": "interlith.workbench.running.run",
    "simulate": "interlith",
    "undo": "interlith.workbench.corrections.decisions",
    "units": "interlith",
}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        room = _PUBLIC[name]
        if room == "interlith":
            return importlib.import_module(f"interlith.{name}")
        return getattr(importlib.import_module(room), name)
    if not name.startswith("_"):
        from interlith.workbench.discovery import techniques
        from interlith.workbench.facade import Verbs

        if name in techniques():
            return Verbs(techniques()[name])
    raise AttributeError(f"module 'interlith' has no attribute '{name}'")


def __dir__() -> list[str]:
    from interlith.workbench.discovery import techniques

    return sorted([*_PUBLIC, *techniques(), "__version__"])
