"""What do the rooms hand to each other? Samples, measurements, series, results, observables, findings and choices."""

from interlith.model.choice import Choice, Effect
from interlith.model.decision import Decision, Target, read_target, touching
from interlith.model.figure import Band, Figure, Line, Marker, Mesh, Note, Panel
from interlith.model.finding import Finding
from interlith.model.format import Format, Reading, Within
from interlith.model.measurement import Arrays, Flag, Measurement, Payload, Run, Source, Table
from interlith.model.observable import SCHEMA, Observable, State, from_frame, to_frame
from interlith.model.outcome import StudyOutcome
from interlith.model.record import FileRecord, StepRecord
from interlith.model.result import Citation, How, Result
from interlith.model.sample import Declared, Sample, Variant
from interlith.model.series import Series
from interlith.model.statement import Statement
from interlith.model.step import Agreement, Given, Refusal, Step
from interlith.model.study import Gap, Primary, Replication, Study, Unread
from interlith.model.technique import Example, Technique

__all__ = [
    "SCHEMA",
    "Agreement",
    "Arrays",
    "Band",
    "Choice",
    "Citation",
    "Decision",
    "Declared",
    "Effect",
    "Example",
    "Figure",
    "FileRecord",
    "Finding",
    "Flag",
    "Format",
    "Gap",
    "Given",
    "How",
    "Line",
    "Marker",
    "Measurement",
    "Mesh",
    "Note",
    "Observable",
    "Panel",
    "Payload",
    "Primary",
    "Reading",
    "Refusal",
    "Replication",
    "Result",
    "Run",
    "Sample",
    "Series",
    "Source",
    "State",
    "Statement",
    "Step",
    "StepRecord",
    "Study",
    "StudyOutcome",
    "Table",
    "Target",
    "Technique",
    "Unread",
    "Variant",
    "Within",
    "from_frame",
    "read_target",
    "to_frame",
    "touching",
]
