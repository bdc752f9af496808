"""How does the comparison of rival explanations read in a report?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interlith.evidence.causes.attribution_table import Table
from interlith.evidence.causes.attribution_verdict import APART, Asked, Judged, about
from interlith.evidence.wording import named, number
from interlith.model.finding import Verdict


def model_name(subset: Sequence[int], names: Sequence[str], last: str) -> str:
    """``spinel share``, ``spinel share and defect density``, ``none of them``."""
    words = [named(names[place]) for place in subset]
    if not words:
        return "none of them"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _all(asked: Asked, last: str) -> str:
    return model_name(range(len(asked.rivals)), asked.rivals, last)


def chance_words(chance: float) -> str:
    """``0.87``, ``over 0.99``, ``below 0.01``: a probability from a few samples is not known any better."""
    if chance > 0.995:
        return "over 0.99"
    return "below 0.01" if chance < 0.005 else f"{chance:.2f}"


def none_sentence(table: Table, judged: Judged, asked: Asked) -> str:
    """That nothing named explains the outcome."""
    chance = chance_words(float(judged.known.probability[0]))
    who = (
        f"none of {_all(asked, 'and')} explains"
        if len(judged.names) > 1
        else f"the {named(judged.names[0])} does not explain"
    )
    return f"That {who} the {named(asked.quantity)} has probability {chance} ({table.basis})."


def blocked_sentence(asked: Asked, why: str) -> str:
    """Where nothing could be compared."""
    return f"{_question(asked)} is not identifiable: {why}."


def _question(asked: Asked) -> str:
    if len(asked.rivals) == 1:
        return f"Whether {_all(asked, 'and')} explains the {named(asked.quantity)}"
    return f"Which of {_all(asked, 'and')} explains the {named(asked.quantity)}"


def overall(table: Table, judged: Judged, asked: Asked) -> tuple[Verdict, str]:
    """The answer: which rivals take part, none, or why that cannot be told."""
    found = judged.known
    parts = [float(found.takes_part(place)) for place in range(len(judged.kept))]
    leaders = [
        place
        for place, chance in enumerate(parts)
        if chance >= asked.level and judged.kept[place] not in judged.reasons
    ]
    none = float(found.probability[0])
    if judged.open:
        hidden = {rival: reason for rival, reason in judged.reasons.items() if "too like" not in reason}
        why = "; ".join(about(asked.rivals[rival], reason) for rival, reason in hidden.items())
        return "undecided", f"{_question(asked)} is not identifiable: {why}."
    if leaders:
        rest = [
            f"{named(name)} {chance_words(parts[place])}"
            for place, name in enumerate(judged.names)
            if place not in leaders
        ] + [f"none of them {chance_words(none)}"]
        told = " and ".join(f"{chance_words(parts[place])}" for place in leaders)
        return "supported", (
            f"Among {_all(asked, 'and')}, the {named(asked.quantity)} over {table.basis} is best explained by the "
            f"{model_name(leaders, judged.names, 'and')} (probability {told} that it takes part; {', '.join(rest)})."
        )
    if none >= asked.level:
        return "contradicted", (
            f"None of {_all(asked, 'and')} explains the {named(asked.quantity)} over {table.basis} (probability {chance_words(none)})."
        )
    return "undecided", f"{_question(asked)} {_open_end(judged, asked, table)}."


def _open_end(judged: Judged, asked: Asked, table: Table) -> str:
    found = judged.known
    alike = [asked.rivals[rival] for rival in judged.kept if rival in judged.reasons]
    if alike:
        return (
            f"is not identifiable: the {model_name(range(len(alike)), alike, 'and')} are too alike over {table.basis}"
        )
    order = np.argsort(found.probability)[::-1]
    best, following = (_explained_by(found.subsets[int(k)], judged.names) for k in order[:2])
    chances = [float(found.probability[int(k)]) for k in order[:2]]
    if judged.to_next < APART:
        return (
            f"is not identifiable over {table.basis}: {best} ({chance_words(chances[0])}) and {following} ({chance_words(chances[1])}) describe the "
            f"data about equally well (Bayes factor {judged.to_next:.1f})"
        )
    return (
        f"is undecided over {table.basis}: {best} is likeliest ({chance_words(chances[0])}), then {following} ({chance_words(chances[1])}), and no "
        f"rival reaches {asked.level:g}"
    )


def _explained_by(subset: Sequence[int], names: Sequence[str]) -> str:
    if not subset:
        return "none of them"
    return f"{model_name(subset, names, 'and')} {'alone' if len(subset) == 1 else 'together'}"


def rival_sentence(table: Table, judged: Judged, asked: Asked, rival: int) -> tuple[Verdict, str]:
    """Whether one rival takes part."""
    name, outcome = named(asked.rivals[rival]), named(asked.quantity)
    place = judged.place(rival)
    if rival in judged.reasons:
        return (
            "undecided",
            f"Whether the {name} takes part in the {outcome} is not identifiable: {judged.reasons[rival]}.",
        )
    assert place is not None
    found = judged.known
    chance = float(found.takes_part(place))
    low, high = 100 * float(found.share_low[place]), 100 * float(found.share_high[place])
    half = (high - low) / 2
    share = (
        f"alone it would explain {number(100 * float(found.share[place]), half)} % of the variance ({100 * asked.level:.4g} % "
        f"interval {number(low, half)} to {number(high, half)} %)"
    )
    words = f"The {name} takes part in the {outcome} with probability {chance_words(chance)} ({table.basis}); {share}"
    if judged.open:
        others = [
            named(asked.rivals[other])
            for other in judged.reasons
            if other != rival and "too like" not in judged.reasons[other]
        ]
        return "undecided", f"{words}; it cannot be preferred to {', '.join(others)}, which cannot be judged."
    if chance >= asked.level:
        return "supported", f"{words}."
    return ("contradicted" if chance <= 1 - asked.level else "undecided"), f"{words}."


def standing_caveats(asked: Asked, table: Table, judged: Judged | None) -> tuple[str, ...]:
    """What must be said beside every attribution."""
    words = ["The data are simulated."] if asked.simulated else []
    words.append(
        "This is association among the rivals named, not cause: a hidden quantity that goes with one of them would look the "
        "same."
    )
    if judged is not None:
        words.append(
            "Before the data, every explanation named (none, each alone, each few together) is equally likely."
        )
        dropped = [named(asked.rivals[rival]) for rival in judged.still]
        if dropped:
            words.append(f"Not compared: {', '.join(dropped)}.")
    if table.within:
        words.append("Samples are compared within their variants; what differs between variants does not count.")
    if table.unknown:
        words.append(
            f"Shared by several samples and of unknown size: {', '.join(table.unknown)}; the effects have no interval."
        )
    return tuple(words)
