"""What the tests of generate.py share."""

import contextlib
import io
import subprocess

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.commands.generate import verbs
from tests import common, processes


class GenerateCase(common.TestCase):
    """Runs the script in an empty folder."""

    def setUp(self) -> None:
        super().setUp()
        self.cwd = self.folder()

    def run_script(self, *args: object) -> subprocess.CompletedProcess[str]:
        """The real script, in a process of its own."""
        script = common.ROOT / "generate.py"
        return processes.run(script, *args, cwd=self.cwd)

    def succeed(self, *args: object) -> str:
        """The real script's output; bars alone may go to stderr."""
        done = self.run_script(*args)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stderr.replace("\r", "\n").splitlines():
            self.assertRegex(line, r"^\s*$|\d+%\|")
        return done.stdout

    def call(self, *args: object) -> str:
        """The same without a new process, which is quicker."""
        stream = io.StringIO()
        parsed = verbs.SCRIPT.parse([str(each) for each in args])
        with contextlib.chdir(self.cwd), contextlib.redirect_stdout(stream):
            verbs.main(parsed)
        return stream.getvalue()

    def refuse(self, message: str, *args: object) -> None:
        """Expects one line of error."""
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            self.call(*args)
        self.assertNotIn("\n", str(caught.exception))

    def pixels(self, name: str) -> np.ndarray:
        return np.asarray(Image.open(self.cwd / name))
