"""How pictures look: shapes, colours and sizes, the same in every panel."""

from __future__ import annotations

from typing import Any

from protran.report.picture import Origin

# Source of the colours: Okabe and Ito, "Color Universal Design", a palette that colour-blind readers tell apart.
LINE = "#D55E00"
ONE_COLOUR = "#0072B2"
COLOURS = (ONE_COLOUR, LINE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Of several lines in one panel, by turns."""
FAINT = "#9A9A9A"
SHADES = "cividis"  # made for colour-blind readers, and monotone in grey
SHAPES: dict[Origin | None, str] = {
    None: "D",
    Origin.SEED: "o",
    Origin.LEARN: "v",
    Origin.SEARCH: "^",
    Origin.VERIFIED: "D",
}
DASHES = (0, (4, 3))
PANEL_INCHES = (4.6, 3.9)
STYLE: Any = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "text.parse_math": False,  # a campaign may be called a$b
}
