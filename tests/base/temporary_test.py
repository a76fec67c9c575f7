"""Temporary files of processes that end, and of those that are killed."""

import os
import pathlib
import signal
import subprocess

from pgan_tf.base import temporary
from tests import common, processes

_PROGRAM = """
import os, signal, sys, tempfile
from pgan_tf.base import temporary
temporary.use_own_folder()
file = tempfile.NamedTemporaryFile(delete=False)
import tensorflow as tf
@tf.function
def double(x):
    if x > 0:
        x = 2 * x
    return x
double(tf.constant(1.0))
print(file.name, flush=True)
if sys.argv[1] == "waits":
    signal.pause()
"""


class TemporaryTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder()
        self.env = {"TMPDIR": self.here, "PYTHONPATH": common.ROOT}
        # TensorFlow translates only what is in files.
        self.program = self.folder() / "program.py"
        self.program.write_text(_PROGRAM)

    def start(self) -> tuple[subprocess.Popen[str], pathlib.Path]:
        process = processes.start(self, self.program, "waits", env=self.env)
        file = pathlib.Path(process.stdout.readline().strip())
        return process, file.parent

    def test_nothing_stays_of_a_process_that_ends(self) -> None:
        done = processes.run(self.program, "ends", env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertStartsWith(done.stdout, str(self.here / "pgan_tf-"))
        self.assertNotIn("Traceback", done.stderr)
        self.assertEmpty(os.listdir(self.here))

    def test_the_next_sweeps_what_killed_ones_left_and_nothing_else(
        self,
    ) -> None:
        killed, left = self.start()
        _, used = self.start()
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        # The files that TensorFlow translates functions to are among them.
        self.assertNotEmpty(list(left.glob("*.py")))
        others = ("pgan_tf-mine", "pgan_tf-12345678", "else", "a.py")
        for name in others:
            (self.here / name).mkdir()
        precious = self.folder() / "precious"
        precious.mkdir()
        (self.here / "pgan_tf-abcdefgh").symlink_to(precious.parent)
        (self.here / "pgan_tf-00000000").mkdir()
        os.utime(self.here / "pgan_tf-00000000", (1, 1))  # Long forgotten.
        temporary.sweep(self.here)
        self.assertCountEqual(
            os.listdir(self.here), [used.name, *others, "pgan_tf-abcdefgh"]
        )
        self.assertNotEmpty(list(used.glob("*.py")))
        self.assertTrue(precious.exists())
