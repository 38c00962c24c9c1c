"""The command: ports, clear refusals, exit codes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from shelfwise import cli
from tests.installation import free_port


def test_a_demo_takes_ports_that_are_free_and_each_only_once() -> None:
    busy = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", busy))
        other.listen()
        first, second = cli._free_ports("127.0.0.1", (busy, busy))
    assert busy < first < second


def test_up_names_the_port_that_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("SHELFWISE_WEB_PORT", str(port))
        assert cli.main(["--home", str(tmp_path / "home"), "up"]) == 1
    assert f"Port {port} for pages is in use" in capsys.readouterr().err


def test_a_wrong_setting_is_explained_and_not_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELFWISE_WEB_PORT", "eighty")
    assert cli.main(["--home", str(tmp_path), "check-books"]) == 1
    assert "SHELFWISE_WEB_PORT: expected a port number" in capsys.readouterr().err


def test_where_no_installation_is_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--home", str(tmp_path), "check-books"]) == 1
    assert "There is no installation in" in capsys.readouterr().err


def test_a_dry_run_names_bad_cells_and_needs_no_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("order,sku,quantity,date,price\n1,TEA,ten,2026-01-02,1.50\n", "utf-8")
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--site", "LEI", "--dry-run"]) == 1
    said = capsys.readouterr().out
    assert "row 2, column quantity" in said
    assert "Nothing was changed" in said


def test_import_brings_a_file_in_and_check_books_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    from shelfwise.access.context import Office
    from shelfwise.access.model import Role, person
    from shelfwise.records import service as records
    from shelfwise.store.database import Database

    database = Database(database_url, size=2).open()
    with Office(database).context(person("mara", Role.ADMIN)) as ctx:
        records.add_site(ctx, code="LEI", name="Leicester", time_zone="Europe/London", width_m=9, depth_m=9)
    database.close()
    monkeypatch.setenv("SHELFWISE_DATABASE_URL", database_url)
    file = tmp_path / "sales.csv"
    file.write_text("order,sku,quantity,date,price\n1,TEA,10,2026-01-02,1.50\n", "utf-8")
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--site", "LEI"]) == 0
    said = capsys.readouterr()
    assert "1 of 1 rows" in said.err
    assert "Imported 1 rows: 1 new lines (1 are history, 0 are open orders, 0 are returns) and 1 new items." in said.out
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--site", "LEI"]) == 0
    assert "This very file was imported before" in capsys.readouterr().out
    assert cli.main(["--home", str(tmp_path), "check-books"]) == 0


def test_import_takes_items_and_says_what_it_would_do_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    monkeypatch.setenv("SHELFWISE_DATABASE_URL", database_url)
    file = tmp_path / "list.csv"
    file.write_text("Kennung,Bezeichnung\nTEA,Tea\n", "utf-8")
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--dry-run"]) == 1
    assert "say which one it is with --kind" in capsys.readouterr().out
    file.write_text("sku,description,unit_weight_g\nTEA,Tea,100\nMUG,Mug,heavy\n", "utf-8")
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--kind", "items", "--dry-run"]) == 1
    assert "1 new, 0 changed, 0 as before, 1 bad" in capsys.readouterr().out
    assert cli.main(["--home", str(tmp_path), "import", str(file)]) == 1
    assert "row 3, column unit_weight_g" in capsys.readouterr().err
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--leave-out-bad"]) == 0
    assert "list: 1 new items" in capsys.readouterr().out
    assert cli.main(["--home", str(tmp_path), "import", str(file), "--kind", "shoes"]) == 1
    assert "Choose one of them." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["out", "out.xlsx"])
def test_what_export_writes_import_reads_and_finds_nothing_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    monkeypatch.setenv("SHELFWISE_DATABASE_URL", database_url)
    files = tmp_path / "told"
    files.mkdir()
    (files / "sites.csv").write_text("site,name,time_zone\nMAIN,Main,Europe/Rome\n", "utf-8")
    (files / "items.csv").write_text("sku,description,barcode\n00123,'=1+1,0042\n", "utf-8")
    (files / "stock.csv").write_text("site,place,sku,quantity\nMAIN,DOCK,00123,12\n", "utf-8")
    assert cli.main(["--home", str(tmp_path), "import", str(files)]) == 0
    assert cli.main(["--home", str(tmp_path), "export", str(tmp_path / name)]) == 0
    assert "Everything was written to" in capsys.readouterr().out
    cli.main(["--home", str(tmp_path), "import", str(tmp_path / name), "--dry-run"])
    said = capsys.readouterr().out
    for kind, rows in (("sites: Sites", 1), ("items: Items", 1), ("places: Places", 2), ("stock: Stock", 1)):
        assert f"{kind}, {rows} rows: 0 new, 0 changed, {rows} as before, 0 bad." in said
    assert cli.main(["--home", str(tmp_path), "export", str(files / "items.csv" / "x")]) == 1
    assert "Choose another folder or file." in capsys.readouterr().err
