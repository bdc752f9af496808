"""How does a figure stand inside a page among others, without its names or rules touching theirs?"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from interlith.model import Figure

_HEAD = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_RULES = re.compile(r"<style\b[^>]*>.*?</style>", re.DOTALL)
_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEW = re.compile(r'viewBox="([^"]+)"')
_ID = re.compile(r'(?<=[\s])id="([^"]+)"')
_LINK = re.compile(r'href="#([^"]+)"')
_URL = re.compile(r"url\(#([^)]+)\)")
_TAG = re.compile(r"<[^>]*>")
_GAP = re.compile(r"\n\s*")
#: Pixels a point on the screen: 7.5 pt of print become 14 px, the size of the text around.
SCALE = 1.9
_LONG = re.compile(r"(-?\d+\.\d{2})\d+")


def inline(svg: bytes, figure: Figure, prefix: str) -> Markup:
    """The SVG of a figure for use within HTML.

    Parameters
    ----------
    svg
        As made by `picture`; matplotlib has escaped every word in it.
    figure
        Gives the words for those who do not see it.
    prefix
        Put before every identifier, so that two figures on one page never share one.

    Notes
    -----
    Coordinates are cut to 0.01 pt (3.5 um on paper): the page shrinks by a third; the file beside it is not cut.
    """
    text = _METADATA.sub("", _RULES.sub("", _HEAD.sub("", svg.decode("utf-8"), count=1)))
    text = _TAG.sub(lambda tag: _prefixed(tag[0], prefix), text)
    view = _VIEW.search(text)
    box = view[1] if view else "0 0 100 100"
    width = box.split()[2]
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}" '
        f'style="width:{float(width) * SCALE:.0f}px" role="img" aria-labelledby="{prefix}-title">'
        f'<title id="{prefix}-title">{escape(alternative(figure))}</title>'
    )
    return Markup(_GAP.sub("\n", _ROOT.sub(lambda _: root, text, count=1)).strip())


def alternative(figure: Figure) -> str:
    """What a figure shows, in words."""
    panels = "; ".join(f"{panel.y_label} against {panel.x_label}" for panel in figure.panels)
    variants = dict.fromkeys(line.variant for panel in figure.panels for line in panel.lines if line.variant)
    curves = sum(len(panel.lines) for panel in figure.panels)
    who = f", {curves} curves of {', '.join(variants)}" if variants else f", {curves} curves"
    start = "Simulated data. " if figure.simulated else ""
    return f"{start}{figure.title}: {panels}{who}."


def _prefixed(tag: str, prefix: str) -> str:
    if tag.startswith("<image"):
        return _ID.sub(rf'id="{prefix}-\1"', tag)
    tag = _ID.sub(rf'id="{prefix}-\1"', tag)
    tag = _LINK.sub(rf'href="#{prefix}-\1"', tag)
    tag = _URL.sub(rf"url(#{prefix}-\1)", tag)
    return _LONG.sub(r"\1", tag)
