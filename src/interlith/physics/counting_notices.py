"""How is what the self-check finds told?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the self-check found; the fields are those of the flag that the user sees."""

    code: str
    message: str
    where: str = ""
    severity: Literal["note", "warning", "error"] = "warning"
