"""Opens reports in Chromium and uses them as a reader would.

    pip install -r scripts/check_report.txt        # and the packages chromium and chromium-driver of Debian
    python3 scripts/check_report.py target/release/bntrain

Trains small comparisons, one of them with hostile names in its data, then checks each page, in light and dark:

- no message in the console, no violation of the content security policy, no request but for the page itself;
- nothing is wider than the window at 400, 800 and 1400 pixels;
- every control works: arms are hidden, the scale changes and changes back, values are shown at the pointer and with
  the arrow keys, tables open, links to sections lead there;
- the page says the same without its script, and prints;
- it is smaller than 300 kB, and its policy forbids what it should: a script that is added does not run.

Exits with 0 if everything holds, 1 if not, 2 if Chromium is not there. Leaves nothing behind.
"""

import argparse
import base64
import csv
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No network: no name has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
]
WIDTHS = [400, 800, 1400]
MAX_BYTES = 300_000
HOSTILE = [
    "<script>document.title = 'taken over'</script>",
    "\"><img src=x onerror=\"document.title = 'taken over'\">",
    "</style></title>&amp;<b>",
    "bi\u202edi\u2066",
    "ctrl\x01\x1b[31m",
    "javascript:alert(1)",
]

BASE = """
[data]
path = "{data}"
label = "{label}"
valid = 0.25
{more}
[model]
hidden = [12, 12]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.01
[training]
epochs = 12
batch_size = 16
"""


def train(binary, work):
    """A run directory for each kind of page."""
    draw = random.Random(1)
    with open(work / "plain.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["a", "b", "kind"])
        for row in range(240):
            side = row % 3
            rows.writerow([round(draw.gauss(side, 0.8), 3), round(draw.gauss(-side, 0.8), 3), "xyz"[side]])
    name = "ho<st>&ile.csv"
    with open(work / name, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HOSTILE[:2] + ["the & label"])
        for row in range(240):
            side = row % len(HOSTILE)
            rows.writerow([round(draw.gauss(side, 1), 3), HOSTILE[(row * 7) % len(HOSTILE)], HOSTILE[side]])
    compare = '[compare]\nnorms = ["batch_norm", "none"]\nseeds = 6\n'
    plain = BASE.format(data="plain.csv", label="kind", more="")
    grid = '[compare.grid]\n"optimizer.learning_rate" = { logspace = [-4, 1, 6] }\n'
    configs = {
        "comparison": plain + compare,
        "norms": plain + '[compare]\nnorms = "all"\nseeds = 3\n',
        "grid": plain + compare.replace("seeds = 6", "seeds = 2") + grid,
        "diverged": plain.replace("adam", "sgd").replace("0.01", "1000.0") + compare,
        "single": plain.replace("valid = 0.25", "valid = 0.25\ntest = 0.2"),
        "hostile": BASE.format(data=name, label="the & label", more="") + compare,
        "regression": BASE.format(data="plain.csv", label="a", more="").replace("label =", "target =") + compare,
    }
    for name, config in configs.items():
        (work / f"{name}.toml").write_text(config)
        subprocess.run([binary, "-q", f"{name}.toml", "-o", name], cwd=work, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        [binary, "report", "-q", "comparison", "grid", "single", "-o", "several.html"],
        cwd=work, check=True, stdout=subprocess.DEVNULL,
    )
    return [work / name / "report.html" for name in configs] + [work / "several.html"]


def open_browser(chromium, driver, profile, has_script=True):
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS + [f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    if not has_script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


class Page:
    """A page, and what is wrong with it."""

    def __init__(self, browser, path, faults):
        self.browser, self.path, self.faults = browser, path, faults

    def expect(self, holds, what):
        if not holds:
            self.faults.append(f"{self.path.parent.name}/{self.path.name}: {what}")

    def open(self, width, scheme):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.browser.get_log("performance")
        self.browser.get(self.path.as_uri())

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def find(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def quiet(self, when):
        """No message, no request, and the title is ours."""
        for entry in self.browser.get_log("browser"):
            self.expect(False, f"{when}: {entry['message']}")
        for entry in self.browser.get_log("performance"):
            if '"Network.requestWillBeSent"' in entry["message"] and self.path.as_uri() not in entry["message"]:
                self.expect(False, f"{when}: a request, {entry['message'][:200]}")
        self.expect("taken over" not in self.browser.title, f"{when}: a text of the data was run")

    def layout(self, when):
        wide = self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.expect(wide <= 0, f"{when}: {wide} pixels wider than the window")

    def arms(self):
        """Each box hides its arm in its figure, and shows it again."""
        shown = "return [...arguments[0].closest('figure').querySelectorAll('svg .arm-' + arguments[1])]" \
                ".filter((mark) => getComputedStyle(mark).display !== 'none').length"
        for box in self.find("input.arm"):
            arm = box.get_attribute("class").split("toggle-")[1]
            before = self.run(shown, box, arm)
            self.press(box)
            self.expect(self.run(shown, box, arm) == 0, f"arm {arm} cannot be hidden")
            self.press(box)
            self.expect(self.run(shown, box, arm) == before, f"arm {arm} does not come back")

    def scales(self):
        """The button changes paths and labels, and changes them back."""
        state = "const figure = arguments[0].closest('figure'); return [...figure.querySelectorAll('path[data-d]')]" \
                ".map((path) => path.getAttribute('d')).join() + figure.querySelector('g.scale:not(.off)').textContent"
        for button in self.find("button.scales"):
            self.expect(button.is_displayed() and button.text == "linear scale", "the button for the scale is not there")
            before = self.run(state, button)
            self.press(button)
            self.expect(self.run(state, button) != before and button.text == "log scale", "the scale does not change")
            self.press(button)
            self.expect(self.run(state, button) == before, "the scale does not change back")

    def readouts(self):
        """Values at the pointer, and with the arrow keys."""
        for chart in self.find("svg[data-places]"):
            readout = self.run("return arguments[0].nextElementSibling", chart)
            self.expect(not readout.is_displayed(), "values are shown before anything is pointed at")
            self.run("arguments[0].scrollIntoView({ block: 'center' })", chart)
            ActionChains(self.browser).move_to_element(chart).perform()
            text = readout.text
            self.expect(any(digit in text for digit in "0123456789") and "epoch" in text, f"no values at the pointer: {text!r}")
            ActionChains(self.browser).move_to_element(self.find("h1")[0]).perform()
            self.expect(not readout.is_displayed(), "values stay after the pointer has left")
            self.run("arguments[0].focus()", chart)
            chart.send_keys(Keys.ARROW_RIGHT)
            first = readout.text
            chart.send_keys(Keys.ARROW_RIGHT)
            self.expect(readout.is_displayed() and readout.text != first, "the arrow keys do not move")
            chart.send_keys(Keys.ESCAPE)
            self.expect(not readout.is_displayed(), "Escape does not hide the values")

    def tables(self):
        """Every list opens and shows something."""
        for summary in self.find("summary"):
            self.press(summary)
            is_open = self.run("const box = arguments[0].parentNode; return box.open && box.offsetHeight > 30", summary)
            self.expect(is_open, f"{summary.text!r} does not open")

    def links(self):
        for link in self.find("a[href^='#']"):
            target = link.get_attribute("href").split("#")[1]
            self.expect(bool(self.find(f"[id='{target}']")), f"the link to {target} leads nowhere")

    def policy(self):
        """A script, a style and a picture that somebody adds do nothing; the messages about it are expected."""
        self.run(
            "const script = document.createElement('script'); script.textContent = 'document.title = 1';"
            "const picture = document.createElement('img'); picture.src = 'https://example.org/x.png';"
            "document.body.append(script, picture);"
        )
        self.expect(self.browser.title != "1", "the policy lets a script run")
        messages = " ".join(entry["message"] for entry in self.browser.get_log("browser"))
        self.expect(messages.count("Content Security Policy") >= 2, "the policy does not forbid scripts and pictures")

    def press(self, element):
        self.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()


def check(browser, path, faults):
    page = Page(browser, path, faults)
    page.expect(path.stat().st_size < MAX_BYTES, f"{path.stat().st_size} bytes")
    for scheme in ["light", "dark"]:
        for width in WIDTHS:
            page.open(width, scheme)
            page.layout(f"{width} pixels, {scheme}")
            background = page.run("return getComputedStyle(document.body).backgroundColor")
            is_dark = sum(int(part) for part in background.strip("rgb()").split(",")) < 300
            page.expect(is_dark == (scheme == "dark"), f"{scheme}: the background is {background}")
            if scheme == "light":
                page.arms()
                page.scales()
                page.readouts()
                page.tables()
                page.links()
                page.layout(f"{width} pixels, tables open")
            page.quiet(f"{width} pixels, {scheme}")
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    page.expect(len(pdf) > 10_000, "it does not print")
    page.quiet("in print")
    page.policy()
    text = page.run("return document.querySelector('main').innerText")
    page.expect(len(text) > 500, "the page is empty")


def check_without_script(browser, path, faults):
    page = Page(browser, path, faults)
    page.open(800, "light")
    text = page.find("main")[0].text
    for part in ["Training", "Table"]:
        page.expect(part in text or "several" in path.name, f"without its script, the page does not say {part!r}")
    page.expect(all(not button.is_displayed() for button in page.find("button")), "a button that does nothing is shown")
    page.expect(all(chart.size["height"] > 50 for chart in page.find(".plot svg")), "without its script, a chart is empty")
    page.quiet("without its script")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("binary", help="bntrain")
    arguments.add_argument("reports", nargs="*", type=Path, help="check these pages instead of new ones")
    arguments = arguments.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        print("chromium and chromedriver are needed (Debian: chromium, chromium-driver)", file=sys.stderr)
        return 2
    faults = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        work = Path(work)
        reports = [path.resolve() for path in arguments.reports]
        reports = reports or train(str(Path(arguments.binary).resolve()), work)
        for has_script in [True, False]:
            browser = open_browser(chromium, driver, work / f"profile-{has_script}", has_script)
            try:
                for path in reports:
                    try:
                        (check if has_script else check_without_script)(browser, path, faults)
                    except (WebDriverException, ValueError) as error:
                        faults.append(f"{path.parent.name}/{path.name}: {str(error).splitlines()[0]}")
                    print(f"{path.parent.name}/{path.name}{'' if has_script else ', without its script'}")
            finally:
                browser.quit()
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(faults)} faults" if faults else "all pages are as they should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
