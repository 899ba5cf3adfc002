"""Headless Chromium over its DevTools protocol, for the tests that look at pages. Debian: apt-get install chromium."""

import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import websocket

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = next((found for name in _NAMES if (found := shutil.which(name))), None)
MISSING = "no chromium on PATH (Debian: apt-get install chromium)"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
)

_READY = """new Promise((done) => {
  const look = () => document.documentElement.dataset.ready ? done() : requestAnimationFrame(look);
  look();
})"""


class Browser:
    """One Chromium; pages are opened one after the other."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=60, suppress_origin=True)
        self._number = 0
        self._session: str | None = None
        self.events: list[dict] = []

    def call(self, method: str, **params: object) -> dict:
        """Sends one command and returns its result; events that come meanwhile are kept."""
        self._number += 1
        self._socket.send(
            json.dumps({"id": self._number, "method": method, "params": params, **({"sessionId": self._session} if self._session else {})})
        )
        while (message := self._message()).get("id") != self._number:
            pass
        assert "error" not in message, message
        return message["result"]

    def open(self, url: str, width: int = 1280, height: int = 900, dark: bool = False, script: bool = True) -> None:
        """A new page at this size, loaded whole."""
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events = []
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._message()
        if script:
            self.run(_READY)

    def run(self, expression: str) -> object:
        """The value of a JavaScript expression, awaited."""
        reply = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def settle(self) -> None:
        """Waits until what an input started has been shown."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))")

    def press(self, key: str, code: int, text: str = "") -> None:
        """One key, down and up."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def write(self, text: str) -> None:
        """Types into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, to: Path, whole: bool = True) -> None:
        """A screenshot."""
        size = self.run("({x: 0, y: 0, width: innerWidth, height: document.documentElement.scrollHeight, scale: 1})")
        reply = self.call("Page.captureScreenshot", captureBeyondViewport=whole, **({"clip": size} if whole else {}))
        to.write_bytes(base64.b64decode(reply["data"]))

    def printed(self, to: Path) -> None:
        """The page as PDF."""
        to.write_bytes(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)["data"]))

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def _message(self) -> dict:
        message = json.loads(self._socket.recv())
        if "method" in message:
            self.events.append(message)
        return message


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium that ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [PROGRAM or "chromium", *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                address = next(line.split()[-1] for line in process.stderr if line.startswith("DevTools listening on"))
                opened = Browser(address)
                yield opened
                opened.close()
            finally:
                process.terminate()
                process.stderr.read()
