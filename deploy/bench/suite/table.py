"""The table: Markdown, with columns that line up in a terminal as well."""

from statistics import median

HEAD = ["what", "cores", "eventfdd", "peer", "peer's", "ratio (min to max)", "target", "holds"]


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values):
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"


def cells(row, judged=True):
    if row.skipped:
        return [row.what, row.cores, f"SKIP {row.skipped}", "", "", "", "", ""]
    ours = f"{number(median(row.ours))} {row.unit}" if row.theirs else f"{spread(row.ours)} {row.unit}"
    return [
        row.what,
        row.cores,
        ours,
        row.peer,
        f"{number(median(row.theirs))} {row.unit}" if row.theirs else "",
        spread(row.ratios) if row.theirs else "",
        str(row.target or ""),
        {True: "yes", False: "**no**", None: ""}[row.holds if judged else None],
    ]


def markdown(rows, judged=True):
    return aligned([HEAD] + [cells(row, judged) for row in rows])


def aligned(lines):
    """Markdown, with columns that line up."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines
    )


def where_peers_win(rows):
    """A line for each row whose peer is better."""
    return "\n".join(
        f"- {row.what} ({row.cores}): {row.peer}, {number(row.value)}" for row in rows if row.peer_wins
    )
