"""An ssh program that runs the remote command on this machine, in a home and with the tools of a fake device."""

import os
import shutil
import sys
from pathlib import Path

from device_agents.enrolment.order import own_python

_SSH = """\
#!/bin/sh
for argument; do printf '%s\\n' "$argument"; done >> '{root}/arguments'
env >> '{root}/environment'
if [ -e '{root}/refusal' ]; then cat '{root}/refusal' >&2; exit 255; fi
HOME='{root}/home'
PATH='{root}/tools'
export HOME PATH
for last; do :; done
exec sh -c "$last"
"""
_PYTHON = """\
#!/bin/sh
for last; do :; done
case "$1 $2" in
"-m venv") mkdir -p "$last/bin" && cp '{root}/tools/{name}' "$last/bin/python"; echo venv >> '{root}/calls'; exit;;
"-m pip")
    printf '%s\\n' "$*" >> '{root}/calls'
    [ ! -e '{root}/no-index' ] || {{ echo 'ERROR: no index' >&2; exit 1; }}
    exit;;
"-c import device_agents"*) echo imported >> '{root}/calls'; exit;;
"-c import socket"*) [ ! -e '{root}/unreachable' ]; exit;;
"-c import ensurepip"*) [ ! -e '{root}/no-venv' ]; exit;;
esac
exec '{python}' "$@"
"""
_COMMON = ["awk", "cat", "chmod", "cp", "df", "env", "getconf", "mkdir", "mv", "rm", "sh", "sleep", "tee", "uname"]
_SYSTEMCTL = """\
#!/bin/sh
[ "$1" = is-system-running ] && echo "$(cat '{root}/systemd')" && exit
printf 'systemctl %s\\n' "$*" >> '{root}/calls'
"""


class FakeDevice:
    """What the fake ssh program reaches: `home` is its home folder, `calls` what its tools were asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.home.mkdir()
        (root / "local").mkdir()
        (root / "tools").mkdir()
        for program in _COMMON:  # and no others: an interpreter of this machine must not be found there
            (root / "tools" / program).symlink_to(shutil.which(program) or program)
        self.tool(f"python{own_python()}", _PYTHON, name=f"python{own_python()}")
        self.tool("systemctl", _SYSTEMCTL)
        self.tool("loginctl", "#!/bin/sh\nprintf 'loginctl %s\\n' \"$*\" >> '{root}/calls'\n")
        self.tool("journalctl", "#!/bin/sh\necho 'the token is not that of the fleet'\n")
        self.tool("id", '#!/bin/sh\n[ "$1" = -un ] && echo pi || echo 1000\n')
        self.tool("sudo", "#!/bin/sh\nexit 1\n")
        self.tool("apt-cache", "#!/bin/sh\nexit 0\n")
        self._write(root / "local" / "ssh", _SSH)
        self.set("systemd", "running")

    def tool(self, program: str, text: str, **values: str) -> None:
        """Gives the device a program."""
        self._write(self.root / "tools" / program, text, **values)

    def set(self, name: str, text: str = "") -> None:
        """Sets something that its tools look at."""
        (self.root / name).write_text(text)

    def read(self, name: str) -> str:
        """Returns what its tools wrote down."""
        path = self.root / name
        return path.read_text() if path.exists() else ""

    @property
    def calls(self) -> list[str]:
        """What its tools were asked, in order."""
        return self.read("calls").splitlines()

    @property
    def base(self) -> Path:
        """Where an enrolment puts things."""
        return self.home / ".local/share/protran"

    @property
    def path(self) -> str:
        """A PATH on which the ssh program is the fake one."""
        return f"{self.root / 'local'}{os.pathsep}{os.environ['PATH']}"

    def _write(self, path: Path, text: str, **values: str) -> None:
        path.write_text(text.format(root=self.root, python=sys.executable, **values))
        path.chmod(0o755)
