"""How does a circuit look as a tree of series and parallel parts, and how is the tree written?"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Leaf:
    """One element: symbol and number (`None` before numbering), and where it stood in the text."""

    symbol: str
    number: int | None
    position: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """``R1``; without a number the bare symbol."""
        return self.symbol if self.number is None else f"{self.symbol}{self.number}"


@dataclass(frozen=True, slots=True)
class Series:
    """Parts one after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Parts side by side."""

    parts: tuple[Node, ...]


Node = Leaf | Series | Parallel


def joined(kind: type[Series] | type[Parallel], parts: list[Node]) -> Node:
    """Parts in series or parallel; one part stays itself, a part of the same kind is opened."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def leaves(node: Node) -> list[Leaf]:
    """All elements, left to right."""
    if isinstance(node, Leaf):
        return [node]
    return [leaf for part in node.parts for leaf in leaves(part)]


def written(node: Node) -> str:
    """Canonical text: ``-`` is series and binds closer, ``|`` is parallel, a parallel part of a series stands in brackets."""
    if isinstance(node, Leaf):
        return node.name
    if isinstance(node, Parallel):
        return "|".join(written(part) for part in node.parts)
    return "-".join(f"({written(part)})" if isinstance(part, Parallel) else written(part) for part in node.parts)


def shape(node: Node) -> str:
    """Text without numbers: equal for parts that are built alike."""
    if isinstance(node, Leaf):
        return node.symbol
    sign = "-" if isinstance(node, Series) else "|"
    return f"({sign.join(shape(part) for part in node.parts)})"


def mapped(node: Node, leaf: dict[int, Leaf]) -> Node:
    """The same tree with the k-th element, left to right, replaced."""
    counter = iter(range(len(leaves(node))))

    def again(part: Node) -> Node:
        if isinstance(part, Leaf):
            return leaf[next(counter)]
        return type(part)(tuple(again(one) for one in part.parts))

    return again(node)
