"""Make a dump of this version with data of every room in it: `python -m tests.store.dumps.make FILE`.

Run at the commit of a release; the tests of later versions restore and upgrade what this wrote.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from shelfwise import app, jobs
from shelfwise.access import service as access
from shelfwise.access.context import Office, stand_still
from shelfwise.access.model import Role, person
from shelfwise.intake import importing
from shelfwise.store import embedded
from shelfwise.store.database import Database, run
from shelfwise.store.events import advance
from shelfwise.store.migrate import migrate
from tests.access import two_sites
from tests.conftest import NOON
from tests.web.world import PASSWORDS


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        cluster = embedded.find(home)
        embedded.initialise(cluster)
        server = embedded.start(cluster, Path(folder) / "log")
        try:
            build(cluster.url, Path(folder))
            dump = [
                str(cluster.binaries / "pg_dump"),
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                "--compress=9",
            ]
            subprocess.run([*dump, f"--file={target}", cluster.url], check=True)
        finally:
            embedded.stop(server)
            embedded.remove(cluster)


def build(url: str, folder: Path) -> None:
    """Two sites with rows of everything, people, an import, and every fact read by its consumers."""
    migrate(url)
    with psycopg.connect(url) as tx:
        run(tx, "insert into tenant values (1, 'Test', 'EUR')")
        stand_still(tx, 1, NOON)
    database = Database(url, size=4).open()
    office = Office(database)
    try:
        with office.context(person("root", Role.ADMIN)) as ctx:
            access.add_user(ctx, "mara", "Mara", PASSWORDS["mara"], Role.ADMIN)
            two_sites.build(ctx)
        sales = folder / "sales.csv"
        sales.write_text("order,sku,quantity,date,price\nW-1,21001,3,2026-01-02,5\nW-2,TRAY,2,2026-01-03,9\n", "utf-8")
        importing.run(office, person("mara", Role.ADMIN), sales, {}, site_code="LON")
        while any(advance(database, office.tenant, one, office.wall.now()) for one in app.consumers(office)):
            pass
        jobs.tick(office)
    finally:
        database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
