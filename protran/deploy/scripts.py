"""The scripts that are laid beside an exported model; `run.py` of an ONNX file needs onnxruntime and numpy alone."""

from __future__ import annotations

from protran.deploy.format import Format

_ABOUT = (
    '"""Prints number and name of the class of each window in a .npy, .npz (array X) or .csv file; see README.md."""'
)

_READ = """\
folder = Path(__file__).resolve().parent
path = Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
spec = json.loads((folder / "preprocessing.json").read_text(encoding="utf-8"))
shape = (spec["channels"], spec["samples"])
if path.suffix == ".csv":  # a row a sample, a column a channel; windows follow each other
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    windows = rows[: len(rows) // shape[1] * shape[1]].reshape(-1, shape[1], rows.shape[1]).swapaxes(1, 2)
else:
    windows = np.load(path)["X"] if path.suffix == ".npz" else np.load(path)
if windows.shape[1:] != shape or not np.isfinite(windows).all():
    sys.exit(f"expected finite windows x {shape[0]} channels x {shape[1]} samples, got {windows.shape}")
"""

_ONNX = f"""\
{_ABOUT}
import json, sys
from pathlib import Path
import numpy as np, onnxruntime

{_READ}options = onnxruntime.SessionOptions()
options.intra_op_num_threads = spec["threads"]
session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, ["CPUExecutionProvider"])
for window in windows.astype(np.float32):  # one by one: int8 may measure its ranges at every call
    index = int(session.run(["logits"], {{"inputs": window[None]}})[0].argmax())
    print(index, repr(spec["classes"][index]))
"""

_TORCH = f"""\
{_ABOUT}
import json, sys
from pathlib import Path
import numpy as np
from protran.deploy.loading import load_exported

{_READ}model = load_exported(folder)
for window in windows.astype(np.float32):
    index = int(model.logits(window[None]).argmax())
    print(index, repr(spec["classes"][index]))
"""

_SCRIPTS = {Format.ONNX: _ONNX, Format.TORCH: _TORCH}
REQUIREMENTS = {
    Format.ONNX: "numpy\nonnxruntime\n",
    Format.TORCH: "numpy\nprotran\n",
}
"""Packages that the script needs, as pip's requirements.txt."""


def script_for(form: Format) -> str:
    """Returns the text of `run.py`."""
    return _SCRIPTS[form]
