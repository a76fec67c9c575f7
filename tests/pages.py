"""The page of a run, as tests read it."""

import html
import json
import pathlib
import re
from typing import NoReturn

from pgan_tf.runs import folder as run_folder


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} in JSON")


class Page:
    """What a browser without JavaScript shows, and the data of the curves."""

    def __init__(self, run_dir: pathlib.Path) -> None:
        self.text = run_folder.report_path(run_dir).read_text()
        (data,) = re.findall(
            r'<script type="application/json" id="data">(.*?)</script>',
            self.text,
        )
        # JavaScript knows no NaN.
        self.data = json.loads(data, parse_constant=_refuse)

    def rows(self, heading: str) -> list[list[str]]:
        """The table below a heading."""
        _, _, rest = self.text.partition(f"<h2>{heading}</h2>")
        table, _, _ = rest.partition("</table>")
        return [
            [
                html.unescape(re.sub("<[^>]*>", "", cell))
                for cell in re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row)
            ]
            for row in table.split("<tr")[1:]
        ]

    def pictures(self) -> list[tuple[float, str]]:
        """(kimg, URI) of the fakes."""
        found = re.findall(
            r'<figure data-kimg="([\d.]+)"><img [^>]*src="([^"]*)"', self.text
        )
        return [(float(kimg), uri) for kimg, uri in found]

    def lines(self, heading: str) -> list[str]:
        """The paragraphs below a heading."""
        _, _, rest = self.text.partition(f"<h2>{heading}</h2>")
        part, _, _ = rest.partition("</section>")
        return [
            html.unescape(line) for line in re.findall("<p>(.*?)</p>", part)
        ]

    def command(self) -> str:
        """As a shell reads it: a backslash ahead of a line's end is none."""
        (command,) = re.findall(r"<pre>(.*?)</pre>", self.text, re.DOTALL)
        return html.unescape(command).replace("\\\n  ", "")
