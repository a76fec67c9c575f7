"""The documents, and the commands in them, for tests that what they say is so.

Commands stand in blocks that begin with ```sh, and in the heads of flagfiles;
Python to try in blocks that begin with ```python.
"""

import dataclasses
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"
# In the order of a reader, in which what one makes is there for the next.
READ_FIRST = (
    "README.md",
    "docs/first-steps.md",
    "docs/own-photos.md",
    "docs/datasets.md",
)
SCRIPTS = {
    "pgan-dataset": "dataset_tool.py",
    "pgan-evaluate": "evaluate.py",
    "pgan-generate": "generate.py",
    "pgan-train": "train.py",
}


@dataclasses.dataclass(frozen=True)
class Command:
    """A line that a reader can paste.

    Attributes:
        place: Where it stands, such as docs/datasets.md:63.
        words: As a shell splits it: the script first, without `python`.
        environment: What is set ahead of it, such as NAME=value.
    """

    place: str
    words: tuple[str, ...]
    environment: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        return self.words[0]

    @property
    def flags(self) -> dict[str, str]:
        """--name=value by name; a switch has an empty value."""
        found = [w[2:].partition("=") for w in self.words if w[:2] == "--"]
        return {name: value for name, _, value in found}

    def __str__(self) -> str:
        return f"{self.place}: {shlex.join(self.words)}"


def pages() -> list[pathlib.Path]:
    """README, docs and the list of flagfiles."""
    first = [ROOT / name for name in READ_FIRST]
    rest = sorted(DOCS.glob("*.md"))
    rest.append(ROOT / "configs" / "README.md")
    found = first + [path for path in rest if path not in first]
    return [path for path in found if path.exists()]


def flagfiles() -> list[pathlib.Path]:
    return sorted((ROOT / "configs").glob("*.cfg"))


def blocks(path: pathlib.Path, language: str = "sh") -> list[tuple[int, str]]:
    """(number of its first line, text) of each fenced block of a language."""
    text = path.read_text()
    found = re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.M | re.S)
    return [
        (text.count("\n", 0, each.start(3)) + 1, each[3])
        for each in found
        if each[2] == language
    ]


def shell_commands(path: pathlib.Path) -> list[Command]:
    """The commands of a page's blocks, or of a flagfile's head."""
    if path.suffix == ".cfg":
        head = re.findall(r"^#   (\S.*)$", path.read_text(), re.M)
        return _parsed(path, 1, "\n".join(head))
    found = [_parsed(path, *each) for each in blocks(path)]
    return [command for part in found for command in part]


def _parsed(path: pathlib.Path, number: int, text: str) -> list[Command]:
    """Commands of lines, which a backslash at their end continues."""
    found, begun = [], ""
    for offset, line in enumerate(text.splitlines()):
        begun += line.removesuffix("\\")
        if line.endswith("\\"):
            continue
        words, begun = shlex.split(begun, comments=True), ""
        environment = []
        while words and re.match(r"[A-Z_]+=", words[0]):
            environment.append(words.pop(0))
        if words[:1] == ["python"]:
            del words[0]
        if words:
            words[0] = SCRIPTS.get(words[0], words[0])
            place = f"{path.relative_to(ROOT)}:{number + offset}"
            found.append(Command(place, tuple(words), tuple(environment)))
    return found


def all_commands() -> list[Command]:
    """Those of all pages, and after the datasets those of the flagfiles."""
    ahead, after = pages()[: len(READ_FIRST)], pages()[len(READ_FIRST) :]
    found = [shell_commands(path) for path in [*ahead, *flagfiles(), *after]]
    return [command for part in found for command in part]


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
