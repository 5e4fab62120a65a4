"""A PostgreSQL server for the tests: Debian's programs, a cluster of its own, and a socket that nobody else reaches."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

DATABASE, USER = "ledgers", "owner"
LOCKED, PASSWORD = "locked", "open sesame"
"""A role that must give this password; all others are trusted, for only this process reaches the socket."""
_START_S = 60.0
_numbers = itertools.count()


def programs() -> Path | None:
    """Returns the folder of the newest server programs, or None where there are none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = [folder for folder in folders if (folder / "initdb").exists()]
    if found:
        return found[-1]
    beside = shutil.which("initdb")
    return Path(beside).resolve().parent if beside else None


def why_none() -> str | None:
    """Returns why no server can be started here, or None where one can."""
    if programs() is None:
        return "needs a PostgreSQL server; on Debian: apt install postgresql"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL refuses to run as root, and there is no user postgres or nobody"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "needs psycopg; pip install 'protran[postgres]'"
    return None


class PostgresServer:
    """One server from `start` to `stop`; it may be stopped and started again between."""

    password = PASSWORD

    def __init__(self) -> None:
        self._bin = programs() or Path()
        self.folder = Path(tempfile.mkdtemp(prefix="ptr-pg-", dir="/tmp"))  # short: a socket's path may have 107 bytes
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._as = _account() if os.geteuid() == 0 else None
        if self._as is not None:
            os.chown(self.folder, self._as.pw_uid, self._as.pw_gid)

    def make(self) -> None:
        """Makes the cluster, starts the server, and makes the database and the roles."""
        command = [f"{self._bin}/initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8"]
        self._run([*command, "--locale=C", "--no-sync"])
        access = self._data / "pg_hba.conf"
        access.write_text(f"local all {LOCKED} scram-sha-256\n{access.read_text()}")
        self.start()
        self.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
        self.execute(f"CREATE ROLE {LOCKED} LOGIN PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        # No disk is waited for: tests kill clients and stop the server in order, they do not cut the power.
        settings = (
            "listen_addresses=",
            "fsync=off",
            "full_page_writes=off",
            "max_connections=40",
            "shared_buffers=16MB",
        )
        command = [f"{self._bin}/postgres", "-D", str(self._data), "-k", str(self.folder)]
        command += [part for setting in settings for part in ("-c", setting)]
        if (setpriv := shutil.which("setpriv")) is not None:
            command = [setpriv, "--pdeathsig", "INT", *command]  # where the tests are killed, so is the server
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._ownership())
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server at once: connections are cut, what was confirmed stays."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stops the server and removes all that it had."""
        with contextlib.suppress(Exception):
            self._end(signal.SIGQUIT)  # without a word: nobody needs its files any more
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, *, user: str = USER, password: str | None = None, database: str = DATABASE, schema: str = "") -> str:
        """Returns the URL of a database, as a user would write it."""
        login = user if password is None else f"{user}:{password.replace(' ', '%20')}"
        inside = f"&options=-csearch_path%3D{schema}" if schema else ""
        return f"postgresql+psycopg://{login}@/{database}?host={self.folder}{inside}"

    def new_url(self) -> str:
        """Returns the URL of an empty schema: a ledger of its own."""
        schema = f"ledger_{os.getpid()}_{next(_numbers)}"
        self.execute(f"CREATE SCHEMA {schema}")
        return self.url(schema=schema)

    def execute(self, statement: str, *, database: str = DATABASE) -> list[tuple[object, ...]]:
        """Returns the rows of one statement, executed as the owner."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user=USER, dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1", database="postgres")
        except Exception:
            return False
        return True

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._ownership())
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr}")

    def _ownership(self) -> dict[str, object]:
        if self._as is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self._as.pw_uid, "group": self._as.pw_gid, "extra_groups": []}


def _account() -> pwd.struct_passwd | None:
    """Returns the user as whom root starts the server."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None
