"""What the shell completes, by a real bash."""

import contextlib
import io
import re
import subprocess

from absl.testing import parameterized

from pgan_tf.base import completion, version
from pgan_tf.commands import evaluate_flags, train
from pgan_tf.commands.dataset import verbs as dataset_verbs
from pgan_tf.commands.generate import verbs as generate_verbs
from tests import common

# All four, by what reads their command lines.
SCRIPTS = (
    ("pgan-train", train.parse),
    ("pgan-evaluate", evaluate_flags.parse),
    ("pgan-dataset", dataset_verbs.SCRIPT.parse),
    ("pgan-generate", generate_verbs.SCRIPT.parse),
)


def printed(parse, *words: str) -> str:
    """What a script prints before it ends well."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        try:
            parse(list(words))
        except SystemExit as end:
            assert not end.code, end.code
    return stream.getvalue()


SCRIPT = completion.script(
    ["do-it", "do.py"],
    ["draw", "film"],
    {"draw": ["--seed=", "--plan"], "film": ["--fps="]},
    {"format": ["keras", "onnx"]},
)


class CompletionTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        # The words so far, the last of them begun; what bash offers.
        (["do-it", ""], ["draw", "film"]),
        (["do-it", "dr"], ["draw"]),
        (["do-it", "draw", "--"], ["--seed=", "--plan"]),
        (["do-it", "film", "--"], ["--fps="]),
        # bash gives "=" as a word, zsh does not.
        (["do-it", "draw", "--format", "="], ["keras", "onnx"]),
        (["do-it", "draw", "--format", "=", "on"], ["onnx"]),
        (["do-it", "draw", "--format=on"], ["--format=onnx"]),
    )
    def test_offers(self, words, expected):
        quoted = " ".join(f"'{word}'" for word in words)
        asked = (
            f"{SCRIPT}\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words) - 1}\n"
            '_do_it\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "--norc"], input=asked, capture_output=True, text=True
        )
        self.assertEqual(done.stdout.split(), expected, done.stderr)

    def test_values_that_are_files(self):
        folder = self.folder()
        (folder / "photo.png").touch()
        asked = (
            f"{SCRIPT}\nCOMP_WORDS=(do-it draw --out = {folder}/ph)\n"
            'COMP_CWORD=4\n_do_it\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            ["bash", "--norc"], input=asked, capture_output=True, text=True
        )
        self.assertEqual(done.stdout.strip(), str(folder / "photo.png"))

    def test_both_names_are_known(self):
        self.assertIn("complete -o default -F _do_it do-it do.py\n", SCRIPT)

    @parameterized.parameters(*SCRIPTS)
    def test_every_script_has_one(self, command, parse):
        text = printed(parse, "--completion")
        self.assertRegex(text, rf"complete -o default -F \w+ {command} ")
        checked = subprocess.run(["bash", "-n"], input=text, text=True)
        self.assertEqual(checked.returncode, 0)
        # Flags, and what those may be that are one of several words.
        self.assertIn("--flagfile=", text)
        offered = re.search(r"--flagfile\) words='(.*?)'", text)
        self.assertIn("demo", offered[1].split())

    @parameterized.parameters(*SCRIPTS)
    def test_every_script_tells_its_version(self, command, parse):
        del command
        said = printed(parse, "--version")
        self.assertEqual(said, f"pgan_tf {version.VERSION}\n")
        self.assertStartsWith(printed(parse, "-h"), "usage: ")
