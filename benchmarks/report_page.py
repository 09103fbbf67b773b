"""Size of a report and what opening it costs, at 5,000 rows, in headless Chromium without a network.

Wall clocks depend on what else runs; the main thread's CPU seconds hardly do, so both are written.

    python benchmarks/report_page.py --rows 5000
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "report"))

from fake_study import fake_study, fake_target  # noqa: E402
from record import write  # noqa: E402

from tabcouce.report import summarize, write_page  # noqa: E402

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND")


def browser() -> webdriver.Chrome:
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS, "--window-size=1280,720"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))


def opening(page: Path) -> dict[str, float]:
    """Seconds until text and tables stand, until all charts are drawn, and the CPU of both."""
    opened = browser()
    try:
        opened.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        opened.get(page.as_uri())
        while not opened.execute_script("return document.body.dataset.charts === 'done'"):
            time.sleep(0.05)
        told = opened.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        cpu = {one["name"]: one["value"] for one in told}
        paint, charts = opened.execute_script(
            """const paint = performance.getEntriesByName('first-contentful-paint')[0];
               return [paint.startTime / 1000, performance.now() / 1000]"""
        )
    finally:
        opened.quit()
    return {
        "first_paint_wall_s": round(paint, 2),
        "all_charts_wall_s": round(charts, 2),
        "main_thread_cpu_s": round(cpu["TaskDuration"], 2),
        "script_cpu_s": round(cpu["ScriptDuration"], 2),
        "layout_cpu_s": round(cpu["LayoutDuration"], 2),
        "nodes": cpu["Nodes"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    summary = summarize(fake_study(fake_target(n=asked.rows)))
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for lang in ("en", "ja"):
            page = write_page(summary, Path(folder) / f"{lang}.html", lang)
            runs = [opening(page) for _ in range(asked.runs)]
            found[lang] = {"bytes": page.stat().st_size, "runs": runs}
    print(write("report_page", {"rows": asked.rows, "pages": found}))


if __name__ == "__main__":
    main()
