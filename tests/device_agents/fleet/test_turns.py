from device_agents.fleet.base import ProfileJob, TaskJob
from device_agents.fleet.turns import JobKind, Turns, kind_of


def profile(number):
    import fake_agent

    return ProfileJob(fake_agent.request(number))


def task(number):
    return TaskJob(f"task {number}", "entry", {})


def turns_of(*jobs, tasks=2):
    turns = Turns({JobKind.PROFILE: 1, JobKind.TASK: tasks})
    for job in jobs:
        turns.add(job)
    return turns


def started(turns):
    """Starts whatever may start."""
    jobs = []
    while (job := turns.start()) is not None:
        jobs.append(job)
    return jobs


def test_nothing_starts_where_nothing_waits():
    assert turns_of().start() is None


def test_one_profile_runs_at_a_time_and_tasks_fill_their_slots():
    profiles = turns_of(profile(0), profile(1))
    assert len(started(profiles)) == 1
    assert len(started(turns_of(task(0), task(1), task(2)))) == 2


def test_the_kinds_never_run_together():
    turns = turns_of(profile(0), task(0))
    assert [kind_of(job) for job in started(turns)] == [JobKind.PROFILE]
    turns.finish()
    assert [kind_of(job) for job in started(turns)] == [JobKind.TASK]
    turns.add(profile(1))
    assert started(turns) == []
    turns.finish()
    assert [kind_of(job) for job in started(turns)] == [JobKind.PROFILE]


def test_what_was_submitted_in_alternation_runs_kind_by_kind_in_order():
    jobs = [profile(0), task(0), profile(1), task(1)]
    turns = turns_of(*jobs)
    order = []
    while len(turns):
        batch = started(turns)
        order.append(batch)
        for _ in batch:
            turns.finish()
    assert order == [[jobs[0]], [jobs[2]], [jobs[1], jobs[3]]]


def test_jobs_that_keep_coming_do_not_starve_the_other_kind():
    turns = turns_of(task(0), profile(0))
    assert [kind_of(job) for job in started(turns)] == [JobKind.TASK]
    turns.add(task(1))
    assert started(turns) == []
    turns.finish()
    assert [kind_of(job) for job in started(turns)] == [JobKind.PROFILE]


def test_jobs_that_come_later_join_the_turn_where_nobody_else_waits():
    turns = turns_of(task(0))
    started(turns)
    turns.add(task(1))
    assert len(started(turns)) == 1


def test_clear_forgets_what_waits_and_what_comes_later_still_runs():
    turns = turns_of(profile(0), task(0), task(1))
    turns.clear()
    assert len(turns) == 0 and started(turns) == []
    turns.add(task(2))
    assert len(started(turns)) == 1
