"""Chromium without a screen, driven by playwright: what a page does, and what it must not do.

It reaches no other host than this machine. What it asks for elsewhere, what it throws and does not catch, its dialogs
and the violations of its Content-Security-Policy are kept: `Visit.problems`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

import browser

_LOOPBACK = ("127.0.0.1", "localhost")
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
_WATCH = """
addEventListener("securitypolicyviolation", (event) => reportViolation(
  `${event.effectiveDirective}: ${event.blockedURI} ${event.sample} (${event.sourceFile}:${event.lineNumber})`));
"""
_AUDIT = """
() => {
  const found = [];
  const links = ["href", "src", "action", "formaction", "xlink:href", "data", "srcset", "poster", "ping", "background"];
  const never = ["iframe", "frame", "object", "embed", "base", "template", "portal", "math", "video", "audio"];
  for (const element of document.querySelectorAll("*")) {
    const tag = element.localName;
    const icon = tag === "link" && element.rel === "icon";
    if (never.includes(tag)) found.push(`<${tag}>`);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") found.push(`<${tag} ${name}="${value}">`);
      if (!links.includes(name) || icon) continue;
      const url = new URL(value, location.href);
      const here = url.origin === location.origin;
      if (!/^https?:$/.test(url.protocol) || (!here && (tag !== "a" || !element.relList.contains("noopener"))))
        found.push(`<${tag} ${name}="${value}">`);
    }
  }
  if (document.querySelectorAll("script").length !== 1) found.push("another script");
  if (document.querySelectorAll("meta[http-equiv]").length !== 1) found.push("another <meta http-equiv>");
  for (const name in {}) found.push(`Object.prototype.${name}`);
  return found;
}
"""
_PATIENCE_MS = 20_000
WIDE = (1280, 900)


@dataclass(frozen=True)
class Got:
    """A request of the page that was answered: its URL, the status, and the bytes of its body as they were sent."""

    url: str
    status: int
    size: int


@dataclass
class Visit:
    """A page in a window of its own: no cookies, no cache. `origin` is the only one that it may ask."""

    page: Page
    origin: str
    dialogs: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    canary: list[str] = field(default_factory=list)
    """With what a script of a hostile text has called the function `canary`, which each window has."""
    asked: list[str] = field(default_factory=list)
    """The URLs of all requests."""
    _requests: list[Request] = field(default_factory=list)

    def problems(self) -> dict[str, list[str]]:
        """What no page may do, by kind; those kinds only of which there is something."""
        found = {
            "a dialog": self.dialogs,
            "a script that ran": self.canary,
            "thrown and not caught": self.thrown,
            "against the Content-Security-Policy": self.violations,
            "a request to elsewhere": self.elsewhere,
        }
        return {kind: each for kind, each in found.items() if each}

    def got(self) -> list[Got]:
        """The requests that were answered until now."""
        answered = [(request, request.response()) for request in self._requests]
        return [
            Got(request.url, response.status, request.sizes()["responseBodySize"])
            for request, response in answered
            if response is not None
        ]

    def until(self, expression: str, arg: object = None) -> None:
        """Wait until an expression of JavaScript, or a function of `arg`, gives something. playwright's own way to wait
        runs it in the page, where the Content-Security-Policy forbids it.
        """
        end = time.monotonic() + _PATIENCE_MS / 1000
        while not self.page.evaluate(expression, arg):
            assert time.monotonic() < end, f"never: {expression}"
            self.page.wait_for_timeout(10)

    def faults_of_document(self) -> list[str]:
        """What the document has that runs scripts, or leads to another place than a page of http or https."""
        found: list[str] = self.page.evaluate(_AUDIT)
        return found

    def text(self) -> str:
        """What is seen of the page."""
        return self.page.locator("body").inner_text()

    def _watch(self) -> None:
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.thrown.append(str(error)))
        self.page.on("console", self._console)
        self.page.context.on("request", self._request)
        self.page.context.on("page", self._another)
        self.page.context.expose_function("reportViolation", lambda said: self.violations.append(said))
        self.page.context.expose_function("canary", lambda said: self.canary.append(str(said)))
        self.page.context.add_init_script(_WATCH)

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        # The second way to notice it: of what happens before there is a document, no event tells.
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)
        if request.url.startswith(f"{self.origin}/"):
            self._requests.append(request)
        elif not request.url.startswith("blob:"):
            self.elsewhere.append(request.url)

    def _another(self, page: Page) -> None:
        self.elsewhere.append(f"a window: {page.url}")


@dataclass(frozen=True)
class Chromium:
    """A running browser."""

    running: Browser

    @contextmanager
    def visit(self, url: str, *, width: int = WIDE[0], height: int = WIDE[1], **options: Any) -> Iterator[Visit]:
        """A window with the page at `url`. `options` are those of a context of playwright: `color_scheme`. After the
        block nothing may have happened that no page may do.
        """
        with self.window(url, width=width, height=height, **options) as visit:
            visit.page.goto(url)
            yield visit
            # Whatever a script is about to do.
            visit.page.wait_for_timeout(50)
            assert visit.problems() == {}

    @contextmanager
    def window(self, url: str, *, width: int = WIDE[0], height: int = WIDE[1], **options: Any) -> Iterator[Visit]:
        """A window for pages of the origin of `url`, still empty; the caller looks at its problems."""
        scheme, _, rest = url.partition("://")
        assert rest.partition("/")[0].partition(":")[0] in _LOOPBACK, url
        context = self.running.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(_PATIENCE_MS)
        try:
            visit = Visit(context.new_page(), f"{scheme}://{rest.partition('/')[0]}")
            visit._watch()
            yield visit
        finally:
            context.close()


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser with a profile of its own, which is deleted with it."""
    program = browser.ensure(lambda line: print(line, file=sys.stderr, flush=True))
    # Its sandbox does not work for root.
    sandbox = os.geteuid() != 0
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program, args=[*_ARGUMENTS], chromium_sandbox=sandbox, env=_environment()
        )
        try:
            yield Chromium(running)
        finally:
            running.close()


def _environment() -> dict[str, str | float | bool]:
    """What a browser needs of ours: no proxy, and UTC and English whatever the machine has."""
    kept = ("PATH", "HOME", "TMPDIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, "TZ": "UTC", "LANG": "C.UTF-8"}
