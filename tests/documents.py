"""The guides in docs/, for tests that what they say is so."""

import pathlib
import re

DOCS = pathlib.Path(__file__).parent.parent / "docs"


def section(heading: str, document: str = "networks.md") -> str:
    """The text under a heading, up to the next of its rank or above."""
    text = (DOCS / document).read_text()
    (found,) = re.finditer(rf"^(#+) {re.escape(heading)}$", text, re.M)
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.M)
    return rest[: end.start()] if end else rest


def python(heading: str, document: str = "networks.md") -> str:
    """The Python snippets under a heading, one after the other."""
    text = section(heading, document)
    return "".join(re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S))


def commands(heading: str, document: str = "networks.md") -> list[list[str]]:
    """The commands under a heading, script first, such as [train.py, ...]."""
    text = section(heading, document).replace("\\\n", " ")
    return [line.split() for line in re.findall(r"^python (.*)$", text, re.M)]
