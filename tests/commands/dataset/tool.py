"""dataset_tool.py for tests: as a user runs it, or in this process."""

import contextlib
import io
import subprocess

from pgan_tf.base import errors
from pgan_tf.commands.dataset import verbs
from pgan_tf.data.format import file_names
from tests import common, processes


class ToolTestCase(common.TestCase):
    """Runs the script in an empty folder, `self.cwd`."""

    def setUp(self) -> None:
        super().setUp()
        self.cwd = self.folder()

    def run_tool(self, *args: object) -> subprocess.CompletedProcess[str]:
        script = common.ROOT / "dataset_tool.py"
        return processes.run(script, *args, cwd=self.cwd)

    def succeed(self, *args: object) -> str:
        """Returns what the script prints."""
        result = self.run_tool(*args)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def fail_with(self, message: str, *args: object) -> None:
        """Expects one line of error, and nothing that looks finished."""
        result = self.run_tool(*args)
        lines = [
            line for line in result.stderr.splitlines()
            if line and "img/s" not in line  # the progress bar
        ]  # fmt: skip
        self.assertLen(lines, 1, result.stderr)
        self.assertRegex(lines[0], f"^dataset_tool.py: error: .*{message}")
        self.assertIn(result.returncode, (1, 2))
        self.assertEmpty(list(self.cwd.rglob(file_names.MANIFEST)))

    def call(self, *args: object) -> str:
        """What the script does, in this process, which is quick."""
        with contextlib.chdir(self.cwd):
            parsed = verbs.SCRIPT.parse([str(each) for each in args])
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                verbs.SCRIPT.run(parsed)
        return stream.getvalue()

    def refuse(self, message: str, *args: object) -> None:
        """Expects a one-line error, in this process."""
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            self.call(*args)
        self.assertNotIn("\n", str(caught.exception))
