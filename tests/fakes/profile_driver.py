"""Asks a device of the fleet for profiles, and prints one JSON object for each answer; run as a program.

``python profile_driver.py DEVICE COUNT FIRST_REPEAT``. As a campaign does, it asks once more for what was lost.
"""

import json
import sys
import time

from device_agents.fleet.base import Limits, ProfileJob
from device_agents.fleet.opening import open_dispatcher
from device_agents.fleet.registry import enrolled_devices
from device_agents.measurement import ProfileRequest
from device_agents.workload import Workload
from search_spaces.candidate import Architecture, Candidate, HeadKind, Layer
from search_spaces.input_spec import InputKind, InputSpec


def main(device, count, first):
    identity = enrolled_devices()[device].identity
    candidate = Candidate(Architecture((Layer(8, (HeadKind.FOURIER,), (16,)),)))
    input_spec = InputSpec(InputKind.WINDOWS, length=20, classes=2, channels=1, patch=5)
    dispatcher = open_dispatcher(devices=[device])
    try:
        repeats = range(first, first + count)
        requests = [ProfileRequest(candidate, input_spec, Workload(), identity, repeat) for repeat in repeats]
        limits = Limits(time_s=120.0)
        jobs = {asked.request_id: ProfileJob(asked, limits, energy=False, asker="driver") for asked in requests}
        for job in jobs.values():
            dispatcher.submit(job)
        print(json.dumps({"submitted": count}), flush=True)
        asked_again = set()
        while dispatcher.pending():
            result = dispatcher.next_result(1.0)
            if result is None:
                continue
            print(json.dumps(_told(result)), flush=True)
            if result.lost and result.job_id not in asked_again:
                asked_again.add(result.job_id)
                dispatcher.submit(jobs[result.job_id])
    finally:
        dispatcher.close()


def _told(result):
    measurement = result.measurement
    return {
        "job": result.job_id,
        "status": measurement.status.value if measurement else None,
        "started_at": measurement.started_at if measurement else None,
        "profile_s": measurement.details.get("wall_s") if measurement else None,
        "failure": result.failure,
        "lost": result.lost,
        "wall_s": result.wall_s,
        "at_s": time.monotonic(),
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
