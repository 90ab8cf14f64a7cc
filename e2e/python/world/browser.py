"""A page in Chromium: what it says, whether it complains, and whether it can be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright

Scheme = Literal["light", "dark"]
CHROMIUM = "/usr/bin/chromium"
# No request of the browser's own.
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

UNREADABLE = """() => {
    const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => {
        const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parts(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const element = text.parentElement;
        if (!text.data.trim() || element.closest("title, style") || !element.getClientRects().length) continue;
        const style = getComputedStyle(element);
        const [a, b] = [light(parts(style.color)), light(behind(element))].sort((a, b) => b - a);
        const contrast = (a + 0.05) / (b + 0.05);
        // Signs in the calendar are large and bold for their place, and said in words too.
        const wanted = element.classList.contains("mark") ? 3 : 4.5;
        if (contrast < wanted) found.push(`contrast ${contrast.toFixed(1)}: ${text.data.trim().slice(0, 40)}`);
        if (parseFloat(style.fontSize) < 11) found.push(`${style.fontSize}: ${text.data.trim().slice(0, 40)}`);
    }
    return found;
}"""
"""A script that lists texts with too little contrast (WCAG 2, level AA) and those that are too small."""


@dataclass
class Seen:
    """A page as somebody sees it."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def unreadable(self) -> list[str]:
        """Texts that are hard to read."""
        return self.page.evaluate(UNREADABLE)

    def too_wide(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def attributes(self, name: str) -> list[str]:
        """That attribute of all that have it."""
        return self.page.eval_on_selector_all(f"[{name}]", f"all => all.map(one => one.getAttribute('{name}'))")

    def texts(self, selector: str) -> list[str]:
        """The texts of all that match."""
        return self.page.eval_on_selector_all(selector, "all => all.map(one => one.textContent)")

    def screenshot(self, path: Path) -> None:
        """The whole page as a picture."""
        self.page.screenshot(path=path, full_page=True)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, for as long as it is needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, width: int, scheme: Scheme) -> Iterator[Seen]:
    """A file in a window of that width, by day (`light`) or by night (`dark`)."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = Seen(context.new_page())
    seen.page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.goto(path.as_uri())
    yield seen
    context.close()
