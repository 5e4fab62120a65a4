"""The picture of two campaigns compared: how their hypervolumes grew, and what each attains."""

from __future__ import annotations

from pathlib import Path

from protran.report.columns import Document


def draw_comparison(document: Document, path: Path) -> Path:
    """Draws the history and the final volume with its interval, and attainment beside it; returns the path.

    Args:
        document: as `ComparedCampaigns.to_json` writes it.
        path: ends in .png, .svg or .pdf; its folder exists.

    Raises:
        InputError: the suffix is none of these, or the file cannot be written.
    """
    import matplotlib  # noqa: PLC0415 - it takes a second; only a picture pays for it

    from protran.report import look  # noqa: PLC0415
    from protran.report.figure_file import check_suffix, new_figure, saved  # noqa: PLC0415

    check_suffix(path)
    names = [", ".join(side["campaigns"]) for side in document["sides"]]
    with matplotlib.rc_context(look.STYLE):
        figure = new_figure((9.6, 4.2))
        left, right = figure.subplots(1, 2)
        for side, name, colour in zip(document["sides"], names, look.COLOURS, strict=False):
            last = 1
            for place, history in enumerate(side["history"].values()):
                label = f"{name}, by short trainings" if place == 0 else None
                left.step(history["evaluations"], history["hypervolume"], where="post", color=colour, label=label)
                last = max(last, *history["evaluations"]) if history["evaluations"] else last
            if side["hypervolume"] is not None:
                low, high = side["interval"]
                left.vlines(last, low, high, color=colour, linewidth=2.5, alpha=0.45)
                left.plot(last, side["hypervolume"], marker="D", color=colour, linestyle="none", label=f"{name}, front")
        left.set_xlabel("candidates with all values")
        left.set_ylabel("hypervolume, part of the box")
        if left.get_legend_handles_labels()[0]:
            left.legend(frameon=False, fontsize=8)
        goals = [goal["goal"][:8] for goal in document["attainment"]]
        for offset, place in ((-0.2, 0), (0.2, 1)):
            shares = [100 * goal["probabilities"][place] for goal in document["attainment"]]
            rows = [row + offset for row in range(len(goals))]
            right.barh(rows, shares, height=0.38, color=look.COLOURS[place], label=names[place])
        right.set_yticks(range(len(goals)), goals)
        right.set_xlim(0, 100)
        right.set_xlabel("probability to be at least as good as this member [%]")
        right.legend(frameon=False, fontsize=8)
        figure.suptitle(f"{names[0]} against {names[1]}", fontsize=11, fontweight="bold")
        return saved(figure, path, 160)
