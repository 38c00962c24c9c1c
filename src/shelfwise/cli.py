"""The command `shelfwise`."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psycopg

from shelfwise import __version__, cli_demand, cli_operations, cli_planning, processes
from shelfwise.core.errors import Invalid, Refused, ShelfwiseError
from shelfwise.operations.doctor import is_free
from shelfwise.settings import Settings
from shelfwise.store.home import is_installed, only_one
from shelfwise.supervisor import Child, Stop, Supervisor, stopping_by_signal

ORDER_DESK_PORT = 8090


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code (0 well, 1 an error that was explained, 2 wrong usage)."""
    given = _parser().parse_args(arguments)
    try:
        settings = Settings.read()
        if given.home is not None:
            settings = replace(settings, home=given.home)
        settings = replace(settings, home=settings.home.absolute())
        if getattr(given, "lan", False) and settings.https == "off":
            settings = replace(settings, https="own")
        result: int = given.command(settings, given)
    except ShelfwiseError as error:
        faults = error.faults if isinstance(error, Invalid) else ()
        print("\n".join(f"shelfwise: {one}" for one in faults or (error,)), file=sys.stderr)
        return 1
    except psycopg.OperationalError as error:
        print(f"shelfwise: Postgres does not answer as it should: {error}. Nothing was changed.", file=sys.stderr)
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shelfwise",
        description="Inventory management that joins sensors, forecasts and decisions people can read.",
    )
    parser.add_argument("--version", action="version", version=f"shelfwise {__version__}")
    parser.add_argument(
        "--home",
        type=Path,
        metavar="FOLDER",
        help="the installation's folder: its database, secrets and logs (default: SHELFWISE_HOME, or .shelfwise)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="run Shelfwise until Ctrl-C")
    _let_network_in(up)
    up.set_defaults(command=_up)

    demo = commands.add_parser("demo", help="run Shelfwise with a simulated warehouse that plays real orders")
    demo.add_argument(
        "--rate",
        type=float,
        default=1440.0,
        help="how many times as fast as the wall clock business time runs (default 1440: a day a minute)",
    )
    _let_network_in(demo)
    demo.set_defaults(command=_demo)

    load = commands.add_parser("import", help="take in a file: items, suppliers, stock, sales and more")
    load.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a CSV file, a workbook (.xlsx, .xls, .ods), a ZIP or a folder of CSV files, or a Parquet file of sales; "
        "all of it is taken or none, and the same file again changes nothing",
    )
    load.add_argument(
        "--kind",
        metavar="KIND",
        help="what it holds: sites, zones, items, barcodes, places, suppliers, terms, stock, sales or purchase_orders "
        "(default: found out by its headings)",
    )
    load.add_argument(
        "--site", metavar="CODE", help="the code of the site that sold, for sales lines that do not say; needed "
        "where there are several sites"
    )  # fmt: skip
    load.add_argument(
        "--dry-run",
        action="store_true",
        help="change nothing: say what would happen and name each bad cell; the exit code is 1 where there is one",
    )
    load.add_argument(
        "--accept-repairs", action="store_true",
        help="say yes to every repair, also to those that are not sure; a dry run shows them"
    )  # fmt: skip
    load.add_argument(
        "--repair", metavar="NAME=yes|no", action="append", default=[],
        help="say yes or no to the repairs of one name, such as leading-zeros=no; may be repeated"
    )  # fmt: skip
    load.add_argument("--leave-out-bad", action="store_true", help="take the good rows in and leave the bad ones out")
    load.set_defaults(command=_import)

    give = commands.add_parser("export", help="give everything out in files that can be imported again")
    give.add_argument(
        "target",
        metavar="FOLDER|FILE.xlsx",
        type=Path,
        help="a folder for a CSV file a kind, or a workbook for a sheet a kind; what is there under these names is "
        "written anew",
    )
    give.set_defaults(command=_export)

    check = commands.add_parser("check-books", help="rebuild balances from movements and compare; changes nothing")
    check.set_defaults(command=_check_books)

    cli_demand.add_commands(commands)
    cli_planning.add_commands(commands)
    cli_operations.add_commands(commands)
    https = commands.add_parser(
        "https", help="show how phones reach the pages by HTTPS, and until when; changes nothing"
    )
    https.set_defaults(command=_https)

    process = commands.add_parser("process", help="run one process of an installation (the supervisor does this)")
    process.add_argument("name", metavar="NAME", choices=sorted(processes.PROCESSES), help="which part to be")
    process.set_defaults(command=_process)
    return parser


def _let_network_in(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lan",
        action="store_true",
        help="let phones and other computers on the local network in, by HTTPS with a certificate authority of this "
        "installation's own (the same as SHELFWISE_HTTPS=own)",
    )


_started = time.monotonic()


def _say(text: str) -> None:
    print(f"[{time.monotonic() - _started:6.1f} s] {text}", file=sys.stderr, flush=True)


def _up(settings: Settings, given: argparse.Namespace) -> int:
    for name, host, port in (
        ("pages", settings.pages_host, settings.web_port), ("MQTT", settings.host, settings.mqtt_port),
        ("devices", settings.host, settings.door_port), *_tls_ports(settings),
    ):  # fmt: skip
        if not is_free(host, port):
            raise Refused(f"Port {port} for {name} is in use. Stop what uses it, or set another one (see `settings`).")
    with only_one(settings.home), stopping_by_signal():
        supervisor = Supervisor(settings, _say)
        try:
            url = supervisor.start_database()
            sign_in = _set_up(url, settings)
            _start_processes(supervisor, replace(settings, database_url=url))
            print(f"\nShelfwise is ready: http://{settings.host}:{settings.web_port}", flush=True)
            if sign_in:
                print(f"First sign-in: {sign_in[0]}  password: {sign_in[1]}\nIt is shown this once.", flush=True)
                print("Open the address and sign in: it asks who you are, and says what comes next.", flush=True)
            _tell_of_network(settings)
            print("Ctrl-C stops everything.\n", flush=True)
            supervisor.run()
        except Stop:
            _say("Stopping")
        finally:
            supervisor.stop()
    return 0


def _demo(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise import demo

    wanted = (settings.web_port, settings.mqtt_port, settings.door_port, ORDER_DESK_PORT)
    web_port, mqtt_port, door_port, desk_port, https_port, mqtt_tls_port, door_tls_port = _free_ports(
        settings.pages_host, (*wanted, settings.https_port, settings.mqtt_tls_port, settings.door_tls_port)
    )
    settings = replace(
        settings, web_port=web_port, mqtt_port=mqtt_port, door_port=door_port, https_port=https_port,
        mqtt_tls_port=mqtt_tls_port, door_tls_port=door_tls_port,
    )  # fmt: skip
    with only_one(settings.home), stopping_by_signal():
        supervisor = Supervisor(settings, _say)
        try:
            url = supervisor.start_database()
            _migrate(url, settings)
            web_url = f"http://{settings.host}:{settings.web_port}"
            prepared = demo.prepare(
                url,
                settings.home,
                web_url=web_url,
                host=settings.host,
                mqtt_port=settings.mqtt_port,
                door_url=f"http://{settings.host}:{settings.door_port}",
                order_desk_port=desk_port,
                rate=given.rate,
                say=_say,
            )
            _start_processes(supervisor, replace(settings, database_url=url))
            supervisor.add(Child("twin", [sys.executable, "-m", "shelfwise.twin", str(prepared.twin_config)]))
            print(prepared.banner(web_url), flush=True)
            _tell_of_network(settings)
            supervisor.run()
        except Stop:
            _say("Stopping")
        finally:
            supervisor.stop()
    return 0


def _start_processes(supervisor: Supervisor, settings: Settings) -> None:
    for name in processes.PROCESSES:
        supervisor.add_own(name, settings)
    supervisor.wait_until_ready(
        [f"http://{settings.host}:{settings.web_port}/readyz", f"http://{settings.host}:{settings.door_port}/readyz"]
    )
    _say("Doors and pages are open")


def _migrate(url: str, settings: Settings) -> None:
    from shelfwise.operations.upgrade import upgrade

    upgrade(url, settings, _say)


def _set_up(url: str, settings: Settings) -> tuple[str, str] | None:
    """Migrate; in an empty database make the tenant, its clock and a first admin, whose sign-in is returned."""
    from shelfwise.access.service import set_up_tenant
    from shelfwise.store.database import Database

    _migrate(url, settings)
    database = Database(url, size=2).open()
    try:
        password = secrets.token_urlsafe(12)
        made = set_up_tenant(database, "My warehouse", "EUR", "admin", password, setup_due=True)
        return ("admin", password) if made else None
    finally:
        database.close()


def _database_url(settings: Settings) -> str:
    if settings.database_url is not None:
        return settings.database_url
    if not is_installed(settings.home, None):
        raise Refused(f"There is no installation in {settings.home}. Name its folder with --home.")
    from shelfwise.store import embedded

    return embedded.find(settings.home).url


def _import(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.access.context import Office
    from shelfwise.access.model import Role, person
    from shelfwise.intake import importing, sales
    from shelfwise.intake.found import Choice
    from shelfwise.intake.repairs.keeping import answers as answers_to_repairs
    from shelfwise.intake.report import print_dry_run, print_imported, print_outcome
    from shelfwise.store.database import Database

    if given.dry_run and not is_installed(settings.home, settings.database_url):
        # Sales alone can be looked at without books to compare them with.
        return 1 if print_dry_run(sales.check(given.file), sys.stdout) else 0
    database = Database(_database_url(settings), size=2).open()

    def progress(table: str, done: int, total: int) -> None:
        share = done / total if total else 0.0
        bar = "█" * round(30 * share)
        print(f"\r{bar:░<30} {table}: {done:,} of {total:,} rows", end="", file=sys.stderr, flush=True)

    try:
        # Whoever can read the installation's secrets is its admin.
        office, actor = Office(database), person(os.environ.get("USER", "terminal"), Role.ADMIN)
        answers = answers_to_repairs(given.repair, given.accept_repairs)
        choices = {importing.EVERY_TABLE: Choice(given.kind, repairs=answers)} if given.kind or answers else {}
        if given.dry_run:
            found = importing.check(office, actor, given.file, choices, site_code=given.site, progress=progress)
            print(file=sys.stderr)
            return 1 if print_outcome(found, sys.stdout) else 0
        done = importing.run(
            office, actor, given.file, choices, site_code=given.site, skip_bad=given.leave_out_bad, progress=progress
        )
    finally:
        database.close()
    print(file=sys.stderr)
    print_imported(done, sys.stdout)
    return 0


def _export(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.access.context import Office
    from shelfwise.access.model import Role, person
    from shelfwise.intake.giving_out import give_out
    from shelfwise.intake.kinds import KINDS
    from shelfwise.store.database import Database
    from shelfwise.web.exporting import as_table
    from shelfwise.web.listing_files import as_csv, as_workbook
    from shelfwise.web.listing_rows import zone_of

    target: Path = given.target
    database = Database(_database_url(settings), size=2).open()
    try:
        with Office(database).context(person(os.environ.get("USER", "terminal"), Role.ADMIN)) as ctx:
            zone, tables = zone_of(ctx), map(as_table, give_out(ctx, [kind.name for kind in KINDS]))
            if target.suffix.lower() == ".xlsx":
                with as_workbook(tables, zone, ctx.now) as book, target.open("wb") as file:
                    shutil.copyfileobj(book, file)
            else:
                target.mkdir(parents=True, exist_ok=True)
                for table in tables:
                    with as_csv(table, zone) as text, (target / f"{table.name}.csv").open("wb") as file:
                        shutil.copyfileobj(text, file)
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}. Choose another folder or file.") from error
    finally:
        database.close()
    print(f"Everything was written to {target}.")
    return 0


def _check_books(settings: Settings, given: argparse.Namespace) -> int:
    from shelfwise.access.context import Office
    from shelfwise.access.model import system
    from shelfwise.stock import service as stock
    from shelfwise.store.database import Database

    database = Database(_database_url(settings), size=2).open()
    try:
        with Office(database).context(system("terminal")) as ctx:
            differences = stock.in_words(ctx, stock.rebuild_check(ctx))
    finally:
        database.close()
    for _, words in differences:
        print(words)
    print(f"{len(differences)} differences between balances and movements")
    return 1 if differences else 0


def _tls_ports(settings: Settings) -> list[tuple[str, str, int]]:
    if settings.https == "off":
        return []
    return [
        ("HTTPS", settings.pages_host, settings.https_port),
        ("MQTT by TLS", settings.pages_host, settings.mqtt_tls_port),
        ("devices by HTTPS", settings.pages_host, settings.door_tls_port),
    ]


def _tell_of_network(settings: Settings) -> None:
    """For whoever holds a phone: where to go, as a code to scan as well, and what it must show there."""
    if (lan := processes.lan_of(settings)) is None:
        return
    import segno

    print(f"\nOn the local network: {lan.https()}", flush=True)
    if (authority := lan.keeper.authority) is not None:
        print(f"A phone learns to trust it at {lan.plain()}/phone, or scan this:\n")
        segno.make(f"{lan.plain()}/phone", micro=False).terminal(compact=True)
        print(f"It must show this fingerprint (SHA-256):\n{authority.facts.fingerprint}\n", flush=True)


def _https(settings: Settings, given: argparse.Namespace) -> int:
    if settings.https == "off":
        print("HTTPS is off. `shelfwise up --lan` turns it on, or SHELFWISE_HTTPS=own (see `settings`).")
        return 0
    if settings.https == "own" and not (settings.home / "secrets" / "authority.pem").exists():
        raise Refused(f"There is no certificate authority in {settings.home} yet. The first `shelfwise up` makes it.")
    _tell_of_network(settings)
    lan = processes.lan_of(settings)
    if lan is not None:
        facts = lan.keeper.facts
        print(f"The certificate is for {', '.join(facts.names)} and ends on {facts.ends:%d %b %Y}.")
    return 0


def _process(settings: Settings, given: argparse.Namespace) -> int:
    processes.run(given.name, settings)
    return 0


def _free_ports(host: str, wanted: Sequence[int]) -> list[int]:
    """For each port the next free one from it on, all different: a demo should start beside whatever else runs."""
    chosen: list[int] = []
    for first in wanted:
        tried = range(first, first + 50)
        port = next((one for one in tried if one not in chosen and is_free(host, one)), None)
        if port is None:
            raise Refused(f"Ports {tried[0]} to {tried[-1]} on {host} are all in use. Name others in the settings.")
        chosen.append(port)
    return chosen
