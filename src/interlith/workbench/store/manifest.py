"""Which words does an entry hold beside its tables, and how do they become a result again?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from interlith.model import Choice, Citation, Effect, Flag, How, Refusal, Result
from interlith.workbench.store.plain import from_plain, to_plain

#: Arrangement of members and words; an entry of another arrangement is computed again.
ARRANGEMENT = 1


def manifest_text(key: str, found: Result | Refusal, members: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The manifest of an entry as JSON.

    Parameters
    ----------
    key
        Step key.
    found
        What is kept.
    members
        Path within the entry -> ``holds``, ``name``, ``size`` and ``sha256``.

    Raises
    ------
    TypeError
        If an option, choice or flag holds a value without a plain form.
    """
    words: dict[str, Any] = {"arrangement": ARRANGEMENT, "key": key}
    if isinstance(found, Refusal):
        words |= {"kind": "refusal", **{name: to_plain(value) for name, value in asdict(found).items()}}
    else:
        words |= {
            "kind": "result",
            "technique": found.technique,
            "name": found.name,
            "how": _plain_how(found.how),
            "choices": [_plain_fields(choice) for choice in found.choices],
            "flags": to_plain(
                {sample: [_plain_fields(flag) for flag in flags] for sample, flags in found.flags.items()}
            ),
        }
    words["members"] = members
    return json.dumps(words, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def refusal_from(words: Mapping[str, Any]) -> Refusal:
    """The refusal of a manifest."""
    return Refusal(words["technique"], words["step"], words["sample"], words["reason"])


def how_from(words: Mapping[str, Any]) -> How:
    """How the result of a manifest came about."""
    how = words["how"]
    return How(
        technique=how["technique"],
        method=how["method"],
        options=from_plain(how["options"]),
        versions=from_plain(how["versions"]),
        citations=tuple(Citation(one["key"], one["text"], one["bibtex"]) for one in how["citations"]),
        methods_text=how["methods_text"],
    )


def choices_from(words: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The choices of a manifest."""
    return tuple(_choice(one) for one in words["choices"])


def flags_from(words: Mapping[str, Any]) -> dict[str, tuple[Flag, ...]]:
    """The flags of a manifest by specimen."""
    return {
        sample: tuple(Flag(**from_plain(flag)) for flag in flags)
        for sample, flags in from_plain(words["flags"]).items()
    }


def _choice(words: Mapping[str, Any]) -> Choice:
    plain = {name: from_plain(value) for name, value in words.items() if name != "effects"}
    return Choice(effects=tuple(Effect(**from_plain(one)) for one in words["effects"]), **plain)


def _plain_fields(item: Choice | Flag | Effect) -> dict[str, Any]:
    plain = {one.name: to_plain(getattr(item, one.name)) for one in fields(item) if one.name != "effects"}
    if isinstance(item, Choice):
        plain["effects"] = [_plain_fields(effect) for effect in item.effects]
    return plain


def _plain_how(how: How) -> dict[str, Any]:
    return {
        "technique": how.technique,
        "method": how.method,
        "options": to_plain(how.options),
        "versions": to_plain(how.versions),
        "citations": [{"key": one.key, "text": one.text, "bibtex": one.bibtex} for one in how.citations],
        "methods_text": how.methods_text,
    }
