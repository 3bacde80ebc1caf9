"""Tables, as text or as Markdown, and how numbers are written in them."""


def text(header, rows):
    """Columns aligned with spaces: the first to the left, the rest to the right."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0])] +
                  [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]).rstrip()
        for line in lines)


def markdown(header, rows):
    def line(cells):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    rule = "|---|" + "---:|" * (len(header) - 1)
    return "\n".join([line(header), rule, *map(line, rows)])


def quantity(value, metric):
    """A value with its unit."""
    if value is None:
        return "-"
    if metric in ("time", "cpu"):
        return f"{value:.3f} s" if value >= 0.1 else f"{value * 1000:.2f} ms"
    if metric == "rss":
        return f"{value / (1 << 20):.1f} MiB"
    if metric == "idle":
        return f"{value / 1024:.1f} KiB"
    if metric == "operations":
        return f"{value / 1e6:.3g} M/s"
    if metric == "instructions":
        return f"{value:.1f}"
    return f"{value:.0f}"
