"""Memory of a model that is loaded and does nothing."""

from protran.studies.models.plan import spec_of
from protran.studies.models.resting import handle, proportional_bytes, warm_up
from protran.studies.models.study import resting_process
from protran.studies.models.weights_file import save_model
from search_spaces.models.build import build_encoder

SPEC = spec_of(200_000, 16, 3, multi_label=True)  # 6.4 MB of words


def payload(folder, architecture):
    path = folder / "w.safetensors"
    save_model(build_encoder(architecture, SPEC), path)
    return {
        "path": str(path),
        "precision": "fp32",
        "runtime": "torch",
        "architecture": architecture.to_json(),
        "input_spec": SPEC.to_json(),
    }


def test_the_proportional_set_size_is_read(tmp_path):
    (tmp_path / "smaps_rollup").write_text("00-ff ---p 00 00:00 0 [rollup]\nRss:  9 kB\nPss:  7 kB\nPss_Dirty: 5 kB\n")
    assert proportional_bytes(tmp_path) == 7 * 1024


def test_a_system_that_does_not_say_gives_none(tmp_path, architecture, monkeypatch):
    assert proportional_bytes(tmp_path / "none") is None
    monkeypatch.setattr("protran.studies.models.resting.proportional_bytes", lambda: None)
    assert handle(payload(tmp_path, architecture)) == {"pss_bytes": None, "running_bytes": None}


def test_growth_is_never_below_nothing(tmp_path, architecture, monkeypatch):
    sizes = iter([2000, 1500])
    monkeypatch.setattr("protran.studies.models.resting.proportional_bytes", lambda: next(sizes))
    assert handle(payload(tmp_path, architecture))["pss_bytes"] == 0


def test_the_process_grows_by_about_the_weights(tmp_path, architecture):
    asked = payload(tmp_path, architecture)
    with resting_process() as resting:
        told = resting(asked)
    assert told["pss_bytes"] is None or 5_000_000 < told["pss_bytes"] < 40_000_000
    assert told["running_bytes"] is None or told["pss_bytes"] <= told["running_bytes"] < 80_000_000


def test_the_runtimes_are_imported_before_the_fork():
    import sys

    warm_up()
    assert {"torch", "onnxruntime"} <= set(sys.modules)
