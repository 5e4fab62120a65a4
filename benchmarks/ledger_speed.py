"""How long the ledger's queries take over 1,000,000 measurements: those that a campaign and a front make.

    python -m benchmarks.ledger_speed [--rows 1000000] [--repeats 5] [--postgres URL] [--results FOLDER]

A temporary SQLite file is filled with measurements of 20 devices (one of them measured half of all) and of 1,000
candidates, and with 20 campaigns, each of which has seen 1,000 of the measurements; with --postgres also an empty
database of a server. Then each query runs `--repeats` times after one run that does not count, in the order of the
table, through the same functions that campaigns use. Wall time and processor time of this process are given, because
others may use the machine. Writes ledger_speed.csv (one row per run) and ledger_speed.json (machine and summary).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from device_agents.environment import machine_facts
from device_agents.measurement import Measurement, MeasurementStatus, ProfileRequest, Provenance, Value
from device_agents.workload import Workload
from protran.campaign.findings import findings_of
from protran.fewshot.history import MOST_ROWS
from protran.ledger import schema
from protran.ledger.encoding import encode
from protran.ledger.ledger import Ledger
from search_spaces.presets import BERT_INPUT
from search_spaces.sampling import SamplingMethod, sample
from search_spaces.space import load_space

RESULTS = Path(__file__).parent / "results"
DEVICES, CANDIDATES, CAMPAIGNS, SEEN = 20, 1000, 20, 1000
CHUNK = 50_000
TARGET_S = 1.0
STAMP = "2026-11-22T00:00:00.000+00:00"


@dataclass(frozen=True)
class Timing:
    """One run of one query."""

    database: str
    query: str
    repeat: int
    wall_s: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--postgres", metavar="URL", help="an empty database")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    timings: list[Timing] = []
    filled_s: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="protran-ledger-") as folder:
        places = {"sqlite": f"{folder}/ledger.sqlite"}
        if arguments.postgres:
            places["postgres"] = arguments.postgres
        for name, place in places.items():
            with Ledger.open(place) as ledger:
                started = time.monotonic()
                fill(ledger, arguments.rows)
                filled_s[name] = time.monotonic() - started
                timings += list(timed(name, ledger, arguments.repeats))
    report(timings, filled_s, arguments.rows, arguments.results)


def fill(ledger: Ledger, rows: int) -> None:
    """Writes everything in a few large transactions."""
    candidates = sample(load_space("edge-small"), CANDIDATES, SamplingMethod.SOBOL, 0)
    texts = [encode(candidate.to_json(), "") for candidate in candidates]
    bulk(
        ledger,
        "candidates",
        [(item.key, item.architecture.key, text) for item, text in zip(candidates, texts, strict=True)],
    )
    pairs = measured(candidates, rows)
    ids: list[str] = []
    while chunk := list(islice(pairs, CHUNK)):
        bulk(ledger, "requests", [request for request, _ in chunk])
        bulk(ledger, "measurements", [answer for _, answer in chunk])
        ids += [request[0] for request, _ in chunk[:: max(1, rows // (CAMPAIGNS * SEEN))]]
    for number in range(CAMPAIGNS):
        campaign = ledger.create_campaign(f"campaign-{number}", {}, seed=number)
        ledger._database.write(see, campaign.id, ids[number::CAMPAIGNS][:SEEN])
    analyse(ledger)


def analyse(ledger: Ledger) -> None:
    """Lets a server count its rows, as it does by itself in its first idle minute."""
    if ledger.place.url is not None:
        ledger._database.write(lambda connection: connection.exec_driver_sql("ANALYZE"))


def bulk(ledger: Ledger, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Writes rows in one transaction, by the quickest way that the database has."""
    connection = ledger._database.engine.raw_connection()
    driver: Any = connection.driver_connection
    names = schema.metadata.tables[table].columns.keys()
    if ledger.place.url is None:
        driver.execute("PRAGMA synchronous = OFF")
        driver.execute("BEGIN")
        driver.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
    else:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    driver.commit()
    connection.detach()
    driver.close()


def measured(candidates: list[Any], rows: int) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Yields requests and answers as rows of their tables; ids are made from numbers, which is quick."""
    workload = Workload()
    first = ProfileRequest(candidates[0], BERT_INPUT, workload, "device-0")
    asked = [encode(replace(first, candidate=candidate).to_json(), "") for candidate in candidates]
    value = Value(0.0123456789, 0.000123456789, Provenance.MEASURED_COUNTER)
    names = ("latency_s", "energy_j", "peak_power_w", "memory_bytes", "core_seconds")
    answer = Measurement(
        "REQUEST",
        "DEVICE",
        MeasurementStatus.OK,
        values=dict.fromkeys(names, value),
        blocks={"latency_ratio": tuple(1.0 + number / 97 for number in range(10))},
        details={"iterations": 30, "clean_share": 0.9, "reference_latency_s": 0.0123},
        started_at=STAMP,
    )
    answered = encode(answer.to_json(), "")
    named = sorted((hashlib.sha256(str(number).encode()).hexdigest()[:20], number) for number in range(rows))
    for request_id, number in named:  # in the order of the keys, which is quick to write
        device = f"device-{0 if number % 2 else 1 + number // 2 % (DEVICES - 1)}"
        which, repeat = number // DEVICES % len(candidates), number // (DEVICES * len(candidates))
        payload = asked[which].replace("device-0", device)
        request = (request_id, "profile", request_id, repeat, candidates[which].key, device, payload, STAMP)
        text = answered.replace("REQUEST", request_id).replace("DEVICE", device)
        yield request, (request_id, "ok", text, STAMP)


def see(connection: Connection, campaign_id: int, ids: list[str]) -> None:
    asked = [
        {"campaign_id": campaign_id, "number": number, "asked_id": request_id, "request_id": request_id}
        for number, request_id in enumerate(ids)
    ]
    seen = [
        {"campaign_id": campaign_id, "number": number, "request_id": request_id, "reused": 0, "created_at": STAMP}
        for number, request_id in enumerate(ids)
    ]
    connection.execute(insert(schema.campaign_requests), asked)
    connection.execute(insert(schema.campaign_rows), seen)


def queries(ledger: Ledger) -> dict[str, Callable[[], object]]:
    """Returns what campaigns, fronts and few-shot enrolment ask of a ledger."""
    campaign = ledger.campaign("campaign-7")
    row = ledger.rows(campaign.id, 1)[0]
    request_id = row.measurement.request_id if row.measurement is not None else ""
    return {
        "all campaigns": ledger.campaigns,
        "rejections of a campaign": lambda: ledger.rejections(campaign.id),
        "progress of a campaign": lambda: ledger.progress(campaign.id),
        "open requests of a campaign": lambda: ledger.pending_profiles(campaign.id),
        f"rows of a campaign ({SEEN}), as findings": lambda: findings_of(ledger.rows(campaign.id)),
        "one measurement by its id": lambda: ledger.measurement(request_id),
        f"{MOST_ROWS} measurements of one device": lambda: ledger.measured_rows(MOST_ROWS, "device-0"),
        f"{MOST_ROWS} measurements of each of {DEVICES} devices": lambda: ledger.measured_rows(MOST_ROWS),
        "last word of every device": ledger.devices,
    }


def timed(database: str, ledger: Ledger, repeats: int) -> Iterator[Timing]:
    for name, query in queries(ledger).items():
        query()
        for repeat in range(repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            query()
            yield Timing(database, name, repeat, time.perf_counter() - wall, time.process_time() - cpu)
    for repeat in range(repeats):  # a new question and its answer: what a campaign does for each profile
        work = asking(ledger, repeat)
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        yield Timing(
            database, "ask one profile and answer it", repeat, time.perf_counter() - wall, time.process_time() - cpu
        )


def asking(ledger: Ledger, number: int) -> Callable[[], object]:
    campaign = ledger.campaign("campaign-7")
    candidate = sample(load_space("edge-small"), 1, SamplingMethod.SOBOL, 1000 + number)[0]
    request = ProfileRequest(candidate, BERT_INPUT, Workload(batch_size=2), "device-0", number)
    answer = Measurement(request.request_id, "device-0", MeasurementStatus.FAILED, reason="only a benchmark")

    def work() -> None:
        ledger.request_profile(campaign.id, request)
        ledger.answer_profile(campaign.id, answer)

    return work


def report(timings: list[Timing], filled_s: dict[str, float], rows: int, results: Path) -> None:
    facts = machine_facts().to_json()
    results.mkdir(parents=True, exist_ok=True)
    with (results / "ledger_speed.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(asdict(timings[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(timing) for timing in timings)
    summary = {}
    print(f"{rows:,} measurements; {facts['processor']}, {facts['cores']} cores, load {facts['load']}")
    print(f"filled in {', '.join(f'{name} {seconds:.0f} s' for name, seconds in filled_s.items())}\n")
    print("| database | query | median wall | range | median processor | runs |\n|---|---|---|---|---|---|")
    for key in dict.fromkeys((timing.database, timing.query) for timing in timings):
        here = [timing for timing in timings if (timing.database, timing.query) == key]
        walls, cpu_s = [timing.wall_s for timing in here], statistics.median(timing.cpu_s for timing in here)
        median_s = statistics.median(walls)
        summary[" | ".join(key)] = {"wall_s": median_s, "least_s": min(walls), "most_s": max(walls), "cpu_s": cpu_s}
        spread = f"{min(walls):.4f} to {max(walls):.4f} s"
        over = " (over)" if median_s > TARGET_S else ""
        print(f"| {key[0]} | {key[1]} | {median_s:.4f} s{over} | {spread} | {cpu_s:.4f} s | {len(here)} |")
    content = {
        "command": "python -m benchmarks.ledger_speed",
        "machine": {**facts, "sqlite": sqlite3.sqlite_version},
        "rows": rows,
        "filled_s": filled_s,
        "summary": summary,
    }
    (results / "ledger_speed.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
