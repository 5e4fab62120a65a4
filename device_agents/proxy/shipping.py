"""Brings our packages to a board: an archive that stands on its `PYTHONPATH`, so that nothing is installed there."""

from __future__ import annotations

import shlex

from device_agents.enrolment.ssh import Remote
from device_agents.enrolment.wheel import Archive
from device_agents.errors import DeviceError

_MARK = "protran:path="
_SCRIPT = """
set -eu
folder="$HOME/.cache/protran"
mkdir -p "$folder"
file="$folder/"@NAME@
if [ -s "$file" ]; then cat > /dev/null; else
    cat > "$file.part"
    mv "$file.part" "$file"
fi
echo "protran:path=$file"
"""


def ship(remote: Remote, archive: Archive) -> str:
    """Copies an archive to a machine, where it is not there yet, and returns its path there.

    Raises:
        DeviceError: there is no connection, or the archive cannot be written.
    """
    done = remote.run(_SCRIPT.replace("@NAME@", shlex.quote(archive.file_name)), stdin=archive.content, time_s=300.0)
    paths = [line.removeprefix(_MARK) for line in done.output.splitlines() if line.startswith(_MARK)]
    if done.code != 0 or not paths:
        raise DeviceError(
            f"cannot copy the runner to {remote.target} ({done.complaint}); look at the disk and the home folder there"
        )
    return paths[-1]
