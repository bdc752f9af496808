"""How does a result of this technique say how it came about, whose its numbers are, and where it failed?"""

from __future__ import annotations

from interlith.model.recording import Recorder, declared
from interlith.model.recording import target_of as target

__all__ = ["TECHNIQUE_NAME", "declared", "number", "result", "target"]

TECHNIQUE_NAME = "diffraction"
_RECORDER = Recorder(TECHNIQUE_NAME)
result, number = _RECORDER.result, _RECORDER.number
