"""The figures of a model card: each with its error, its unit and its provenance, and what was not measured said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from device_agents.measurement import Value
from protran.deploy.deployable import MeasuringDevice, SearchCost
from protran.deploy.exported import Exported
from protran.deploy.markdown import escaped, table
from protran.quantities import unit_of_value
from protran.report.columns import label_of
from protran.report.plural import how_many
from protran.report.scale import scale_for
from search_spaces.deployment import Deployment

_IDENTITY_SHOWN = 16


def figures_text(exported: Exported) -> str:
    """Returns what the front says of the candidate, and what is known of it as the file runs."""
    deployable, own = exported.deployable, exported.candidate
    member = deployable.member.candidate
    text = (
        f"As the front has candidate {member.key[:8]} ({_how(member.deployment)}); ± is one standard error. Errors are "
        f"means over {len(deployable.seeds)} seeds; measured values are of one call: {deployable.workload}.\n\n"
        f"{_values(deployable.member.values)}\n\n{_devices(deployable.devices)}"
    )
    if own.key == member.key:
        return f"{text}\n\nNormalisation is in none of the measured values: it is two operations a sample."
    measured = deployable.measured.get(own.key, {})
    if measured:
        named = f"The exported file is candidate {own.key[:8]} ({_how(own.deployment)}), measured as:"
        return f"{text}\n\n{named}\n\n{_values(measured)}"
    return (
        f"{text}\n\nThe exported file runs otherwise ({_how(own.deployment)}), and **its latency and energy were not "
        f"measured**: those above are not of this file. `protran profile candidate.json` measures it."
    )


def score_text(exported: Exported) -> str:
    """Returns the score of the exported model itself, beside the expected one."""
    found, evaluation = exported.verification, exported.deployable.evaluation
    source = {"ledger": "the ledger's score of this training"}.get(
        found.expected_from,
        "what ProTran scores for these weights; the ledger knows no score of them in this precision",
    )
    stderr = evaluation.stderr.get("test_accuracy")
    ledger = f"{100 * evaluation.metrics['test_accuracy']:.2f} %" + (
        f" ± {100 * stderr:.2f} (one standard error, over recordings)" if stderr is not None else ""
    )
    verdict = "the same within one window" if found.ok else "**NOT the same within one window**"
    return (
        f"This very model, run by its own script: **{found.correct} of {found.windows} test windows right, "
        f"{100 * found.accuracy:.2f} %**. Expected: {100 * found.expected_accuracy:.2f} %, {source}: {verdict}. In the "
        f"ledger its training, as the front deploys it, has a test accuracy of {ledger}."
    )


def cost_text(cost: SearchCost | None) -> str:
    """Returns what the campaign used and emitted, as far as anybody knows."""
    if cost is None:
        return "What the search used is not known."
    low, high = (f"{seconds:,.0f}" for seconds in cost.core_seconds)
    text = f"The whole campaign used {low if low == high else f'{low} to {high}'} core-seconds."
    if cost.reused:
        text += f" {cost.reused} of its answers come from other campaigns and are not among them."
    if cost.emission is None or cost.emission.low_g is None or cost.emission.high_g is None:
        return f"{text} Its carbon footprint is not known: no grid was named, or no sensor saw the energy."
    grams = f"{cost.emission.low_g:.3g} to {cost.emission.high_g:.3g}"
    return f"{text} It emitted {grams} g of CO2e ({cost.emission.provenance.value})."


def _values(values: Mapping[str, Value]) -> str:
    rows = []
    for name, value in values.items():
        if value.value is None:
            rows.append((escaped(label_of(name)), "-", value.provenance.value))
            continue
        scale = scale_for([value.value], unit_of_value(name))
        shown = f"{scale.write(value.value, value.stderr)} {scale.symbol}".strip()
        rows.append((escaped(label_of(name)), shown, value.provenance.value))
    return table(("quantity", "value", "provenance"), rows)


def _devices(devices: tuple[MeasuringDevice, ...]) -> str:
    rows = [
        (
            escaped(device.name),
            escaped(device.identity[:_IDENTITY_SHOWN]),
            escaped(", ".join(_facts(device))) or "-",
        )
        for device in devices
    ]
    return table(("device", "identity", "facts"), rows) if rows else ""


def _facts(device: MeasuringDevice) -> Iterator[str]:
    """Yields what a device said of itself, where it did."""
    facts = device.facts
    if facts.get("processor"):
        yield str(facts["processor"])
    if facts.get("cores"):
        yield how_many(int(facts["cores"]), "core")
    if facts.get("memory_bytes"):
        yield f"{float(facts['memory_bytes']) / 1e9:.3g} GB"


def _how(deployment: Deployment) -> str:
    return f"{deployment.precision.value} in {deployment.runtime.value}, {how_many(deployment.threads, 'thread')}"
