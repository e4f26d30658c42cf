"""A scene as SVG: text in the reader's own fonts, colours by the reader's own preference."""

from __future__ import annotations

from html import escape
from zlib import crc32

from .letters import MONO, SANS
from .scene import COLOURS, STYLES, Group, Path, Rect, Scene, Shape, Style, Text

__all__ = ["svg"]


def svg(scene: Scene) -> str:
    """Return *scene* as one SVG element, which may stand in a page or be a file of its own.

    >>> from autograd_core.viz.drawing.scene import Group, Scene, Text
    >>> from autograd_core.viz.drawing.svg import svg
    >>> svg(Scene(40, 20, "A name", "", (Group("n0", "leaf", (Text(20, 14, "w", "name"),)),))).count("<text")
    1
    """
    used = dict.fromkeys(shape.style for shape in scene.shapes())
    name = (
        f"g{crc32((scene.title + scene.description).encode('utf-8', 'replace')):x}"  # a page may have several pictures
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ag-graph" viewBox="0 0 {scene.width:g} {scene.height:g}" '
        f'width="{scene.width:g}" height="{scene.height:g}" role="img" aria-labelledby="{name}t {name}d">',
        f'<title id="{name}t">{_text(scene.title)}</title>',
        f'<desc id="{name}d">{_text(scene.description)}</desc>',
        f"<style>{_sheet(used)}</style>",
        *(_group(group) for group in scene.groups),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _sheet(used: dict[str, None]) -> str:
    """Return the styles that occur, and the colours that they name, for light and dark."""
    styles = {name: STYLES[name] for name in used}
    names = dict.fromkeys(c for s in styles.values() for c in (s.fill, s.stroke) if c is not None)
    names["paper"] = None
    light, dark = (";".join(f"--{name}:{COLOURS[name][i]}" for name in names) for i in (0, 1))
    sans, mono = (",".join(f if "-" in f or " " not in f else f"'{f}'" for f in fonts) for fonts in (SANS, MONO))
    rules = [f".ag-graph{{{light};font-family:{sans};max-width:100%;height:auto}}"]
    rules += [f".ag-graph .{name}{{{_rule(style, mono)}}}" for name, style in styles.items()]
    rules.append(f"@media (prefers-color-scheme:dark){{.ag-graph{{{dark}}}}}")
    return "".join(rules)


def _rule(style: Style, mono: str) -> str:
    rule = [f"fill:var(--{style.fill})" if style.fill else "fill:none"]
    if style.stroke and not style.size:
        rule += [f"stroke:var(--{style.stroke})", f"stroke-width:{style.width:g}"]
    if style.dash:
        rule.append("stroke-dasharray:" + " ".join(f"{d:g}" for d in style.dash))
    if style.size:
        rule.append(f"font-size:{style.size:g}px")
        rule += ["font-weight:bold"] if style.bold else []
        rule += [f"font-family:{mono}"] if style.mono else []
        rule += [f"stroke:var(--{style.stroke});stroke-width:4;paint-order:stroke"] if style.stroke else []
    return ";".join(rule)


def _group(group: Group) -> str:
    spoken = f"<title>{_text(group.spoken)}</title>" if group.spoken else ""
    mark = f' data-id="{_text(group.id)}"' if group.id else ""
    return f'<g class="{group.kind}s"{mark}>{spoken}{"".join(map(_shape, group.shapes))}</g>'


def _shape(shape: Shape) -> str:
    match shape:
        case Rect(x, y, width, height, radius, style):
            at = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}"'
            return f'<rect class="{style}" {at}/>'
        case Path(points, style, curved, closed):
            (x, y), *rest = points
            ends = " ".join(f"{_n(a)} {_n(b)}" for a, b in rest)
            return f'<path class="{style}" d="M{_n(x)} {_n(y)}{"C" if curved else "L"}{ends}{"Z" if closed else ""}"/>'
        case Text(x, y, text, style, anchor):
            side = ' text-anchor="middle"' if anchor == "middle" else ""
            return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}"{side}>{_text(text)}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    """Return *text* for XML, which has no place for control characters."""
    return escape("".join(c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else " " for c in text))
