"""Who does the jobs of a run, and what does one bad job cost? Nothing but itself, wherever it is done."""

from interlith.workbench.executors.choosing import executor as executor
from interlith.workbench.executors.protocol import Executor as Executor

__all__ = ["Executor", "executor"]
