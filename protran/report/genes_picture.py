"""The picture of what a change of each gene of a candidate would do, by the surrogates."""

from __future__ import annotations

from pathlib import Path

from protran.quantities import unit_of_value
from protran.report.columns import Document, label_of
from protran.report.scale import scale_for


def draw_genes(document: Document, path: Path) -> Path:
    """Draws predicted changes as bars, a panel for each objective, to `path` and returns the path.

    Args:
        document: an explanation, as `Explanation.to_json` writes it.
        path: ends in .png, .svg or .pdf; its folder exists.

    Raises:
        InputError: the suffix is none of these, or the file cannot be written.
    """
    import matplotlib  # noqa: PLC0415 - it takes a second; only a picture pays for it

    from protran.report import look  # noqa: PLC0415
    from protran.report.figure_file import check_suffix, new_figure, saved  # noqa: PLC0415

    check_suffix(path)
    genes = list(reversed(document["genes"]))
    names = list(genes[0]["objectives"]) if genes else []
    with matplotlib.rc_context(look.STYLE):
        figure = new_figure((2.6 + 2.7 * max(1, len(names)), 1.5 + 0.42 * max(2, len(genes))))
        grid = figure.subplots(1, max(1, len(names)), squeeze=False, sharey=True)[0]
        if not genes:
            grid[0].text(0.5, 0.5, "nothing is predicted", ha="center", transform=grid[0].transAxes, color=look.FAINT)
            grid[0].set_axis_off()
        for axes, name in zip(grid, names, strict=False):
            changes = [gene["objectives"][name] for gene in genes]
            scale = scale_for([change["change"] for change in changes], unit_of_value(name))
            numbers = [change["change"] / scale.factor for change in changes]
            errors = [change["stderr"] / scale.factor for change in changes]
            colours = [look.LINE if number > 0 else look.ONE_COLOUR for number in numbers]
            axes.barh([gene["change"] for gene in genes], numbers, xerr=errors, color=colours, alpha=0.85, capsize=2)
            axes.axvline(0, color="black", linewidth=0.8)
            axes.set_xlabel(f"{label_of(name)}{f' [{scale.symbol}]' if scale.symbol else ''}")
        figure.suptitle(
            f"{document['key'][:8]}: change of one gene, predicted (blue: smaller; bars: what is not known)",
            fontsize=10.5,
        )
        return saved(figure, path, 160)
