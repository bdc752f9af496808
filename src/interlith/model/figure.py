"""What is in a figure? Declared as data, so that the picture, its CSV and the report cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A curve. `variant` fixes its colour over all figures, `sample` names the replicate it belongs to.

    `std` (same shape as `y`) draws one-sigma error bars. `style` ``line``, ``points``, ``both``, or ``ticks``: short upright
    marks, as for the reflections of a phase; `dashed` for models and references; `faint` for replicates behind a mean.
    `colour` is a place in the palette, 0 being black, for what is no variant (the parts of a model, the phases of a mixture);
    such lines differ in colour alone.
    """

    x: Array
    y: Array
    label: str = ""
    variant: str = ""
    sample: str = ""
    std: Array | None = None
    style: Literal["line", "points", "both", "ticks"] = "line"
    dashed: bool = False
    faint: bool = False
    observable: str = ""
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded interval; `label` must say what it is (``95 % interval of the mean over 3 cells``)."""

    x: Array
    low: Array
    high: Array
    label: str = ""
    variant: str = ""
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical or horizontal reference line with words."""

    at: float
    label: str
    axis: Literal["x", "y"] = "x"


@dataclass(frozen=True, slots=True)
class Mesh:
    """A map in colours: `values` (len(y), len(x)) at the centres `x` and `y`; `label` names them with their unit.

    Not finite is left white. `log` colours by the logarithm: values that are not positive are left white. Without `bar` the
    colours stand for no numbers of their own.
    """

    x: Array
    y: Array
    values: Array
    label: str
    log: bool = False
    bar: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """Words beside a point, for instance a frequency on a Nyquist plot."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes; labels carry the unit after a comma or slash: ``Discharge capacity / mAh g⁻¹``.

    `sqrt_y` draws heights by their square root, by which counts scatter alike everywhere. `x_names` and `y_names` are words at places of an axis that counts things (specimens, routes, parts) instead of numbers.
    """

    x_label: str
    y_label: str
    lines: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()
    markers: tuple[Marker, ...] = ()
    title: str = ""
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    log_x: bool = False
    log_y: bool = False
    sqrt_y: bool = False
    equal: bool = False
    x_names: tuple[tuple[float, str], ...] = ()
    y_names: tuple[tuple[float, str], ...] = ()
    meshes: tuple[Mesh, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure sheet: `name` is its file stem, `caption` stands under it, `width` in journal columns (1 or 2).

    `heights` and `widths` are those of rows and columns of panels over the usual ones; `shared` says that the panels of a column
    have one x axis, or those of a row one y axis, which then is named once.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    width: Literal[1, 2] = 1
    columns: int = 1
    simulated: bool = False
    tags: tuple[str, ...] = field(default=())
    heights: tuple[float, ...] = ()
    widths: tuple[float, ...] = ()
    shared: Literal["", "x", "y"] = ""
