"""Scripts of our pages, run as a browser runs them, where one is installed."""

import html
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

# By the names under which systems have it.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=20000", "--dump-dom"),
)


def said(page: str, script: str) -> str:
    """What a script says in a page, by `say(text)`, which ends the wait.

    Args:
        page: The whole of an HTML file.
        script: JavaScript of an async function's body, run after the page's
            own.

    Raises:
        SkipTest: If there is no browser.
    """
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        raise unittest.SkipTest(f"needs a browser: {', '.join(_BROWSERS)}")
    ending = f"""<pre id="said">nothing</pre><script>
(async () => {{
  const say = (text) => {{
    document.getElementById("said").textContent = text;
  }};
  try {{ {script} }} catch (error) {{ say(`${{error.stack}}`); }}
}})();
</script></body>"""
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        path = pathlib.Path(folder, "page.html")
        path.write_text(page.replace("</body>", ending), encoding="utf-8")
        done = subprocess.run(
            [
                program,
                *_FLAGS,
                f"--user-data-dir={folder}/profile",
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=200,
        )
    found = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    return html.unescape(found[1])
