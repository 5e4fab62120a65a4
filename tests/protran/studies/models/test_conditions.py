"""What all rows of a study share."""

from protran.studies.models.conditions import study_conditions


def test_models_repeats_and_sweeps_may_grow_but_data_and_length_may_not(make_plan, texts, make_texts):
    usual = study_conditions(make_plan(), texts, "debtags")
    assert study_conditions(make_plan(repeats=4, batches=(1,), lengths=()), texts, "debtags") == usual
    for changed in (
        study_conditions(make_plan(length=8), texts, "debtags"),
        study_conditions(make_plan(threads=2), texts, "debtags"),
        study_conditions(make_plan(), make_texts(train=25), "debtags"),
        study_conditions(make_plan(), texts, "arxiv"),
    ):
        assert changed != usual


def test_versions_of_libraries_are_kept(make_plan, texts, monkeypatch):
    from importlib import metadata

    monkeypatch.setattr("protran.studies.models.conditions.LIBRARIES", ("torch", "no-such-library"))
    found = study_conditions(make_plan(), texts, "debtags")["libraries"]
    assert found == {"torch": metadata.version("torch"), "no-such-library": None}
