"""A small mistake: which text of which file becomes what."""

import dataclasses
import hashlib
import pathlib


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One mistake of the kind that people make.

    Attributes:
        file: What it changes, below the root of the repository.
        old: Text that stands exactly once in the file.
        new: What stands there in its place.
        tests: The nearest tests, the likeliest first: files, or parts of them
            as pytest names them, such as `tests/a_test.py::ATest`.
        equivalent: Why nothing can change, of a mistake that is none.
    """

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    equivalent: str = ""

    def apply(self, text: str) -> str:
        """The file's text with the mistake.

        Raises:
            ValueError: The old text does not stand in it exactly once.
        """
        count = text.count(self.old)
        if count != 1:
            raise ValueError(
                f"{self.file}: stands {count} times in it: {self.old!r}"
            )
        if self.old == self.new:
            raise ValueError(f"{self.file}: changes nothing: {self.old!r}")
        return text.replace(self.old, self.new)

    def key(self, root: pathlib.Path) -> str:
        """Another one if the mistake, its file or a file of tests changes."""
        digest = hashlib.sha256()
        parts = [self.file, self.old, self.new, *self.tests]
        for name in [self.file, *self.tests]:
            parts.append((root / name.partition("::")[0]).read_text())
        for part in parts:
            digest.update(part.encode() + b"\0")
        return digest.hexdigest()[:16]


def mutants(
    file: str, tests: str, *changes: tuple[str, ...]
) -> tuple[Mutant, ...]:
    """Several mistakes in one file.

    Args:
        file: As of `Mutant`.
        tests: Names of the nearest tests with a space between them.
        *changes: Old text, new text, and, if nothing can change, why.
    """
    return tuple(
        Mutant(file, old, new, tuple(tests.split()), *why)
        for old, new, *why in changes
    )
