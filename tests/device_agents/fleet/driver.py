"""A controller of its own process, for the tests of what is left when it ends.

Usage: driver.py hang|wait|close. The second waits for its task, and ends in order when it is interrupted. The third
opens and closes a session before the one that counts.
"""

import sys

from device_agents.fleet.base import Limits, TaskJob
from device_agents.fleet.opening import open_dispatcher

if sys.argv[1] == "close":
    open_dispatcher("ray", agent_factory="fake_agent:FakeAgent").close()
dispatcher = open_dispatcher("ray", agent_factory="fake_agent:FakeAgent", train_slots=1)
dispatcher.submit(TaskJob("quick", "fake_task", {"value": 1}))
while dispatcher.pending():
    answer = dispatcher.next_result(60.0)
dispatcher.submit(TaskJob("long", "fake_task", {"time_s": 3600}, Limits(time_s=3600)))
dispatcher.next_result(0.5)
if sys.argv[1] == "close":
    dispatcher.close()
try:
    print(answer.result["answer"], flush=True)  # within: who reads it may interrupt at once
    if sys.argv[1] == "wait":
        dispatcher.next_result(3600.0)
except KeyboardInterrupt:
    dispatcher.close()
    sys.exit(130)
sys.stdin.read()
