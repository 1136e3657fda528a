"""The chart at the top of BENCHMARKS.md: how long a signal takes and how many there are a second, beside the peers."""

from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, LABELS, BARS, LINE = 760, 250, 400, 22

# An SVG in an <img> follows the reader's light or dark mode by itself.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.group { font-weight: 600 }
.note, .tick { fill: #59636e; font-size: 12px }
.grid { stroke: #d1d9e0 }
.ours { fill: #0969da }
.theirs { fill: #9198a1 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .note, .tick { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .ours { fill: #4493f8 }
  .theirs { fill: #656c76 }
}
"""


@dataclass(frozen=True)
class Group:
    """Bars under one heading: ours and the peers' in one or more rows of the table."""

    heading: str
    rows: tuple  # (what, cores, the name of our bar)


@dataclass(frozen=True)
class Panel:
    title: str
    note: str
    of_cell: callable
    unit: str
    groups: tuple


def microseconds(value):
    """One signal is half of a ping-pong, which the table has in nanoseconds."""
    return value / 2000


def a_second(value):
    return value


PANELS = (
    Panel(
        "How long one signal takes",
        "microseconds, half of a ping-pong; less is better",
        microseconds,
        "µs",
        tuple(
            Group(
                heading,
                (
                    ("ping-pong, platform threads", cores, "eventfdd"),
                    ("HTTP ping-pong, 1 pair", cores, "eventfdd over HTTP"),
                ),
            )
            for heading, cores in (("Both processes on one core", "same"), ("On two cores", "cross"))
        ),
    ),
    Panel(
        "How many signals a second",
        "more is better",
        a_second,
        "",
        (
            Group("One producer and one consumer, on two cores", (("one producer, one consumer", "cross", "eventfdd"),)),
            Group("64 Java threads that share one client", (("library over HTTP, 64 threads write", "free", "eventfdd over HTTP"),)),
            Group("8 connections, on two cores", (("HTTP write, 8 connections", "cross", "eventfdd over HTTP"),)),
        ),
    ),
)


def svg(lines):
    """The chart of a table, whose lines are lists of cells."""
    lines = [list(line) for line in lines]
    drawing, top = [], 10
    for panel in PANELS:
        part, top = drawn(panel, lines, top)
        drawing += part
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" role="img">'
    title = "<title>How long a signal takes, and how many there are a second</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *drawing, "</svg>", ""])


def bars(panel, group, lines):
    """The bars of a group: our figure once for each kind of call, and each peer's."""
    found = []
    for what, cores, name in group.rows:
        mine = [line for line in lines if line[:2] == [what, cores] and not line[2].startswith("SKIP")]
        if mine:
            found.append((name, panel.of_cell(number(mine[0][2])), "ours"))
            found += [(line[3], panel.of_cell(number(line[4])), "theirs") for line in mine if line[4]]
    return found


def number(cell):
    return float(cell.split()[0].replace(",", ""))


def drawn(panel, lines, top):
    groups = [(group.heading, bars(panel, group, lines)) for group in panel.groups]
    groups = [(heading, found) for heading, found in groups if found]
    if not groups:
        return [], top
    values = [value for _, found in groups for _, value, _ in found]
    low = floor(log10(min(values)))
    high = max(ceil(log10(max(values))), low + 1)
    first = top + 3 * LINE // 2
    parts, y = [], first
    for heading, found in groups:
        parts.append(text(0, y, heading, "group"))
        y += LINE
        for name, value, kind in found:
            length = BARS * (log10(value) - low) / (high - low)
            parts.append(text(12, y, name))
            parts.append(f'<rect class="{kind}" x="{LABELS}" y="{y + 3}" width="{length:.1f}" height="{LINE - 6}" rx="2"/>')
            parts.append(text(LABELS + length + 6, y, f"{shown(value)} {panel.unit}".strip()))
            y += LINE
        y += LINE // 2
    grid = []
    for power in range(low, high + 1):
        x = LABELS + BARS * (power - low) / (high - low)
        grid.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{first}" y2="{y}"/>')
        grid.append(text(x, y, f"{10.0**power:,.6g}" if power < 0 else f"{10**power:,}", "tick", "middle"))
    heading = [text(0, top, panel.title, "title"), text(LABELS, top, f"{panel.note} (logarithmic scale)", "note")]
    return [*heading, *grid, *parts], y + 2 * LINE


def shown(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def text(x, y, words, kind="", anchor="start"):
    """A line of text whose box begins at {y}."""
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y + 15}" text-anchor="{anchor}">{escape(words)}</text>'
