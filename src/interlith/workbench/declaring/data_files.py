"""Which files of a study folder may hold raw data?"""

from __future__ import annotations

from pathlib import Path

#: Folders that hold no raw data.
SKIPPED_FOLDERS = frozenset({"results", "__pycache__", "node_modules"})
SKIPPED_FILES = frozenset({"study.yaml", "measurements.csv", "decisions.yaml", "claims.yaml", "truth.json"})


def data_files(root: Path) -> list[Path]:
    """Every file of a study folder that may hold raw data: no hidden ones, none of ours, nothing under results."""
    found = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith((".", "~$")) for part in parts)
        if path.is_file() and not hidden and not SKIPPED_FOLDERS & set(parts[:-1]) and parts[-1] not in SKIPPED_FILES:
            found.append(path)
    return found
