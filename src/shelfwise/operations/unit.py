"""A systemd unit for an installation, and the file with its settings. Pure text: who writes them is the command."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shelfwise.settings import Settings
from shelfwise.store.embedded import ROOT_FOLDER

NAME = "shelfwise.service"


@dataclass(frozen=True)
class Service:
    """What is installed, and where.

    Attributes:
        user: who runs it, for a system service; None: a service of whoever installs it.
        unit: the unit's file; `environment` the file with the settings.
    """

    settings: Settings
    python: Path
    user: str | None
    unit: Path
    environment: Path

    def texts(self) -> Mapping[Path, str]:
        """What to write into each file."""
        return {self.unit: unit(self), self.environment: environment(self.settings)}


def place(settings: Settings, python: Path, user: str | None, config: Path) -> Service:
    """Where systemd looks for units: /etc/systemd for a system service, else below the user's folder of settings."""
    if user is not None:
        return Service(settings, python, user, Path("/etc/systemd/system") / NAME, Path("/etc/shelfwise.env"))
    return Service(settings, python, None, config / "systemd" / "user" / NAME, config / "shelfwise.env")


def unit(service: Service) -> str:
    """The unit: started again when it fails, stopped as Ctrl-C would, kept out of what is not its own."""
    home, system = service.settings.home, service.user is not None
    # The embedded Postgres keeps its socket in a private folder there, and commands beside the service look for it.
    writable = [home, service.settings.backups, Path(tempfile.gettempdir())]
    if service.user == "root":
        writable.append(ROOT_FOLDER)
    return "\n".join(
        [
            "[Unit]",
            "Description=Shelfwise",
            "Documentation=man:systemd.service(5)",
            *(["After=network-online.target", "Wants=network-online.target"] if system else []),
            "",
            "[Service]",
            *([f"User={service.user}"] if system else []),
            f"EnvironmentFile={_path(service.environment)}",
            f"WorkingDirectory={_path(home)}",
            f"ExecStart={_word(service.python)} -m shelfwise --home {_word(home)} up",
            "Restart=on-failure",
            "RestartSec=5",
            # The supervisor stops the others; what is left after that is killed.
            "KillMode=mixed",
            "TimeoutStopSec=60",
            "UMask=0077",
            "NoNewPrivileges=yes",
            *(
                [
                    "ProtectSystem=strict",
                    f"ReadWritePaths={' '.join(_quoted(path) for path in writable)}",
                    "ProtectKernelTunables=yes",
                    "ProtectKernelModules=yes",
                    "ProtectControlGroups=yes",
                    "RestrictSUIDSGID=yes",
                    "LockPersonality=yes",
                    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
                ]
                if system
                else []
            ),
            "",
            "[Install]",
            f"WantedBy={'multi-user.target' if system else 'default.target'}",
            "",
        ]
    )


def environment(settings: Settings) -> str:
    """The settings that are not the defaults, a line each; the home folder stands in the unit."""
    given = settings.environment()
    lines = [
        f'{variable}="{_escaped(given[variable])}"'
        for variable in settings.changed()
        if variable in given and variable != "SHELFWISE_HOME"
    ]
    return "\n".join(["# Settings of Shelfwise; after a change: systemctl restart shelfwise", *lines, ""])


def _quoted(path: Path) -> str:
    return f'"{_escaped(str(path)).replace("%", "%%")}"'


def _word(path: Path) -> str:
    """In a command line a dollar sign would name a variable."""
    return _quoted(path).replace("$", "$$")


def _path(path: Path) -> str:
    """A setting that takes one path takes it without quotes."""
    return str(path).replace("%", "%%")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
