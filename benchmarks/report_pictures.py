"""Does a report look right, fit its first sheet, and ask no other machine for anything? Pictures from headless Chromium.

    python benchmarks/report_pictures.py results/report.html pictures/

Writes `screen.png` (the whole page), `page-01.png` ... (as printed on A4), and says whether page 1 ended on its sheet
and which requests the browser tried to send (through a proxy that refuses all of them). Needs Chromium, and poppler's
pdftoppm and pdftotext. Exit code 1 if a request left the machine or page 1 is more than one sheet.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-extensions",
    "--disable-default-apps", "--no-default-browser-check",
)  # fmt: skip
LOCAL = ("file", "data", "blob", "about", "chrome")


def browser() -> str:
    """Path of Chromium or Chrome.

    Raises
    ------
    SystemExit
        If there is none.
    """
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise SystemExit("No Chromium was found; install chromium (and poppler-utils), then run this again.")


def show(page: Path, *options: str) -> None:
    """Run the browser once on a page, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        command = [browser(), *QUIET, f"--user-data-dir={profile}", *options, page.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)


class _Recorder(socketserver.ThreadingTCPServer):
    """A proxy that lets nothing through and writes down what was asked of it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.asked: list[str] = []


class _Refuse(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        first = self.rfile.readline(4096).decode("latin-1").strip()
        assert isinstance(self.server, _Recorder)
        self.server.asked.append(first)
        self.wfile.write(b"HTTP/1.1 502 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def requests(page: Path) -> list[str]:
    """Every request that the browser tried to send to any machine while it showed a page and ran its script."""
    with _Recorder() as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        through = f"--proxy-server=127.0.0.1:{proxy.server_address[1]}"
        show(page, through, "--proxy-bypass-list=<-loopback>", "--virtual-time-budget=4000", "--dump-dom")
        proxy.shutdown()
        return list(dict.fromkeys(proxy.asked))


def leaving(page: Path) -> list[str]:
    """Requests on behalf of the page: those that an empty page does not make as well.

    Raises
    ------
    SystemExit
        If the check is blind: a page that does ask for a picture elsewhere was not caught.
    """
    with tempfile.TemporaryDirectory() as folder:
        empty, control = Path(folder) / "empty.html", Path(folder) / "control.html"
        empty.write_text("<!DOCTYPE html><title>empty</title>", encoding="utf-8")
        control.write_text('<!DOCTYPE html><img src="http://elsewhere.invalid/x.png">', encoding="utf-8")
        usual = {_host(line) for line in requests(empty)}
        if not any("elsewhere.invalid" in line for line in requests(control)):
            raise SystemExit("The request check is blind: it missed a page that asks another machine for a picture.")
    return [line for line in requests(page) if _host(line) not in usual]


def _host(line: str) -> str:
    """Host of a proxy request line: ``GET http://host/x HTTP/1.1`` or ``CONNECT host:443 HTTP/1.1``."""
    target = line.split(" ")[1] if " " in line else line
    return urlsplit(target).hostname or target.partition(":")[0]


def mentioned(page: Path) -> list[str]:
    """Addresses that the page could load: anything in src, href of link, url() or @import that is not local."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"""(?:\bsrc|\bxlink:href|<link\b[^>]*\bhref)\s*=\s*["']([^"'#]+)["']""", text)
    found += re.findall(r"""url\(\s*["']?([^)"'#]+)""", text) + re.findall(r"@import\s+[\"']([^\"']+)", text)
    return [address for address in dict.fromkeys(found) if urlsplit(address).scheme not in ("", *LOCAL)]


def first_sheet(pdf: Path) -> str:
    """Words on the second printed page: page 1 fitted if Evidence starts there."""
    done = subprocess.run(
        ["pdftotext", "-f", "2", "-l", "2", str(pdf), "-"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pictures and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--height", type=int, default=6000, help="of the screen picture, pixels")
    parser.add_argument("--sheets", type=int, default=8, help="printed pages to keep as pictures")
    options = parser.parse_args(arguments)
    options.pictures.mkdir(parents=True, exist_ok=True)
    pdf = options.pictures / "report.pdf"
    show(options.page, f"--screenshot={options.pictures / 'screen.png'}", f"--window-size=1240,{options.height}")
    show(options.page, "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    subprocess.run(
        ["pdftoppm", "-r", "80", "-l", str(options.sheets), "-png", str(pdf), str(options.pictures / "page")],
        check=True,
    )
    outside, named = leaving(options.page), mentioned(options.page)
    second = first_sheet(pdf).splitlines()
    fits = bool(second) and second[0].startswith("Evidence")
    print(f"page size          {options.page.stat().st_size / 1e6:.2f} MB")
    print(f"requests           {len(outside)} {outside[:3] or ''} (a page that does ask was caught in the same run)")
    print(f"outside addresses  {len(named)} in the page {named[:3] or ''}")
    print(f"page 1             {'ends on its sheet' if fits else 'runs over'}")
    return 0 if fits and not outside and not named else 1


if __name__ == "__main__":
    sys.exit(main())
