"""How is a file inside an archive damaged so that the archive itself stays whole?

Damage to the packed bytes nearly always shows in a checksum; damage before packing does not.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable


def in_member(
    content: bytes, chance: random.Random, change: Callable[[bytes], tuple[str, bytes | None]]
) -> tuple[str, bytes | None]:
    """Damage one file of an archive, mostly one of the largest, and pack it again; the kind has ``in_archive`` in front."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted((item for item in archive.infolist() if item.file_size > 1), key=lambda item: -item.file_size)
        if not names:
            return "none", None
        chosen = chance.choice(names[:2] if chance.random() < 0.8 else names)
        kind, changed = change(archive.read(chosen))
        if changed is None:
            return kind, None
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for item in archive.infolist():
                fixed = zipfile.ZipInfo(item.filename, date_time=(2020, 1, 1, 0, 0, 0))
                fixed.compress_type = zipfile.ZIP_DEFLATED
                made.writestr(fixed, changed if item.filename == chosen.filename else archive.read(item))
    return f"in_archive_{kind}", packed.getvalue()
