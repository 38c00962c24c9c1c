"""A phone's own camera as the scanner: Chromium is given a film in which labels are held before it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, expect, sync_playwright

from tests.browser.conftest import SignIn
from tests.web.world import PASSWORDS, World

WIDTH, HEIGHT = 640, 480
FRAMES = 15


def frame(code: str, kind: zxingcpp.BarcodeFormat | None) -> bytes:
    """One picture of a label, as a frame of a film: brightness of each point, then colours that are none."""
    page = Image.new("L", (WIDTH, HEIGHT), 210)
    if kind is None:
        symbol = segno.make(code, micro=False)
        side = int(symbol.symbol_size(8)[0])
        label = Image.new("L", (side, side), 255)
        for row, line in enumerate(symbol.matrix_iter(scale=8)):
            for column, dark in enumerate(line):
                if dark:
                    label.putpixel((column, row), 20)
    else:
        drawn = zxingcpp.create_barcode(code, kind).to_image(scale=3, add_quiet_zones=True)
        label = Image.fromarray(drawn)
    page.paste(label, ((WIDTH - label.width) // 2, (HEIGHT - label.height) // 2))
    return b"FRAME\n" + page.tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A bin's label, then the label of goods that lie there, over and over."""
    path = tmp_path / "labels.y4m"
    bin_label, goods = frame("A-001", None), frame("21000", zxingcpp.BarcodeFormat.Code128)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + bin_label * FRAMES + goods * FRAMES)
    return path


@pytest.fixture
def phone(film: Path, address: str) -> Iterator[BrowserContext]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program or None,
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        yield browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
        browser.close()


def test_the_camera_scans_a_bin_and_goes_on_to_the_goods_by_itself(phone: BrowserContext, world: World) -> None:
    page = phone.new_page()
    page.goto("/sign-in")
    page.get_by_label("Login").fill("omar")
    page.get_by_label("Password").fill(PASSWORDS["omar"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    page.goto("/move")
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.get_by_role("heading", name="What do you take from A-001?")).to_be_visible(timeout=15_000)
    # The next page looks on without being asked.
    expect(page.get_by_role("heading", name="Where do you carry it?")).to_be_visible(timeout=15_000)
    page.get_by_role("button", name="Close the camera").click()
    expect(page.locator("video")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Scan with the camera")).to_be_visible()


def test_without_a_camera_the_page_says_so_and_scanners_work_on(sign_in: SignIn) -> None:
    page = sign_in("omar", 390, 844)
    page.goto("/move")
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.get_by_role("alert").filter(has_text="No camera:")).to_be_visible()
    page.keyboard.type("A-001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What do you take from A-001?")).to_be_visible()
