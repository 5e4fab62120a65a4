"""The figures as a section of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.watch_table.figures import Figures

NOT_YET = "not known yet"


def as_markdown(command: str, conditions: Mapping[str, Any], found: Mapping[str, Figures]) -> str:
    """Returns a section for RESULTS.md, of what there is."""
    parts = [_head(command, conditions, found), _errors(found)]
    if "estimated" in found:
        parts.append(_truth(found))
    parts.append(_latency(conditions, found) if "latency_s" in found else "No profiles yet.")
    return "\n\n".join(parts)


def _head(command: str, conditions: Mapping[str, Any], found: Mapping[str, Figures]) -> str:
    training, figures, cost = conditions.get("training", {}), found["error"], found["training"]
    epochs = training.get("fidelity", {}).get("epochs")
    machines = "; ".join(f"{machine} ({count})" for machine, count in training.get("machines", {}).items())
    return (
        f"`{command}`, then `table` and `noise`. Trained on: {machines}. {figures['candidates']:.0f} candidates "
        f"of edge-small (Sobol), {figures['trainings']:.0f} trainings of {epochs} epochs with the seeds 0, 1, …: a "
        f"campaign's full fidelity and recipe. A training took {cost['core_s_median']:.1f} core-seconds in the median "
        f"({cost['core_s_q1']:.1f} to {cost['core_s_q3']:.1f}, quartiles), all together "
        f"{cost['core_s_in_all'] / 3600:.1f} core-hours. Failed: {found['failures']['trainings']:.0f} trainings, "
        f"{found['failures']['profiles']:.0f} profiles."
    )


def _errors(found: Mapping[str, Figures]) -> str:
    names = {
        "with_every_seed": ("candidates with every seed", ".0f"),
        "between_candidates": ("standard deviation between candidates, one training each", ".4f"),
        "between_seeds": ("standard deviation between seeds", ".4f"),
        "between_seeds_smaller_half": ("the same, smaller half of the candidates", ".4f"),
        "between_seeds_larger_half": ("the same, larger half", ".4f"),
        "noise_share": ("share of the variance of one training that is noise", ".2f"),
        "rank_correlation": ("rank correlation (Spearman) between seeds", ".3f"),
    }
    seeds = sorted(name for name in found["error"] if name.startswith("mean_of_seed_"))
    names |= {name: (name.replace("_", " "), ".4f") for name in seeds}
    lines = ["| error | validation | test |", "|---|---|---|"]
    for name, (text, form) in names.items():
        lines.append(f"| {text} | {_shown(found['error'], name, form)} | {_shown(found['test_error'], name, form)} |")
    return "\n".join(lines)


def _truth(found: Mapping[str, Figures]) -> str:
    lines = [
        "Root mean squared error of estimates of the mean error over all seeds; the first is `error_smooth`. Held out: "
        "made from all seeds but one and judged by that one, so from fewer trainings.",
        "",
        "| estimate | expected | held out |",
        "|---|---|---|",
    ]
    held_out = found["held_out"]
    lines += [f"| {name} | {error:.4f} | {held_out[name]:.4f} |" for name, error in found["estimated"].items()]
    return "\n".join(lines)


def _latency(conditions: Mapping[str, Any], found: Mapping[str, Figures]) -> str:
    figures, passes = found["latency_s"], found["profiling"]
    head = (
        f"Latency, batch 1, one thread; {100 * passes['contended']:.0f} % of the profiles flagged `contended`, load "
        f"{passes['load_median']:.1f} in the median, {passes['wall_s_median']:.1f} s a profile. Machine: "
        f"{_machine(conditions.get('profiling', {}))}."
    )
    if "off_median" not in figures:
        return f"{head}\n\nIts second repeats are not there yet."
    rows = (
        ("distance between two repeats, of their mean", figures, "off"),
        ("the same, of the ratios to the reference", found["latency_ratio"], "off"),
        ("stated standard error of a repeat", figures, "stated"),
    )
    lines = [head, "", "| latency | first quartile | median | third quartile |", "|---|---|---|---|"]
    for text, part, name in rows:
        quartiles = " | ".join(f"{100 * part[f'{name}_{place}']:.2f} %" for place in ("q1", "median", "q3"))
        lines.append(f"| {text} | {quartiles} |")
    lines += [
        "",
        f"Between repeats: rank correlation {figures['rank_correlation']:.4f}, drift {100 * figures['drift']:+.2f} %, "
        f"{100 * figures['scores_within_2']:.0f} % of the differences within two stated standard errors. The slowest "
        f"candidate takes {figures['spread']:.0f} times as long as the quickest.",
    ]
    return "\n".join(lines)


def _machine(conditions: Mapping[str, Any]) -> str:
    facts = conditions.get("machine", {})
    return f"{facts.get('processor')}, {facts.get('cores')} cores, torch {facts.get('torch')}"


def _shown(figures: Figures, name: str, form: str) -> str:
    return format(figures[name], form) if name in figures else NOT_YET if "half" not in name else ""
