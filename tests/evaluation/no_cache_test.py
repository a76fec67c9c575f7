"""Evaluation where nothing can be kept: containers, read-only disks."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
from unittest import mock

import tensorflow as tf

from pgan_tf.base import errors, files
from pgan_tf.evaluation import of_run
from pgan_tf.evaluation.features import inception_keras, label_classifier
from pgan_tf.evaluation.options import Options
from tests import common, small_run
from tests.evaluation.features import whole_inception

# A process of a user that no file of users knows, without HOME.
NO_USER = """
import pwd, runpy, sys
def unknown(number):
    raise KeyError(f"getpwuid(): uid not found: {number}")
pwd.getpwuid = unknown
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class NoCacheTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.run_dir = small_run.make(self.here, label_size=2)
        self.enter_context(mock.patch.object(label_classifier, "EPOCHS", 1))
        said = mock.patch.object(files, "_said", set())
        self.enter_context(said)

    def evaluate(self, *metrics, **options):
        """Values by row and metric, and the lines on stderr."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            report = of_run.evaluate(
                self.run_dir,
                Options(metrics, num_images=20, force=True, **options),
            )
        lines = said.getvalue().replace("\r", "\n").splitlines()
        lines = [line for line in lines if line.strip() and "%|" not in line]
        values = {(r.row, r.key): r.value.value for r in report.results}
        return values, lines, report

    @contextlib.contextmanager
    def without_home(self):
        environment = {k: v for k, v in os.environ.items() if k != "HOME"}
        del environment["XDG_CACHE_HOME"]
        no_home = RuntimeError("Could not determine home directory.")
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch.object(pathlib.Path, "home", side_effect=no_home),
        ):
            yield

    @contextlib.contextmanager
    def with_a_file_in_its_place(self):
        file = self.here / "file"
        file.touch()
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(file)}):
            yield

    @contextlib.contextmanager
    def for_reading_alone(self):
        """Root may write anywhere, so that permissions would not do."""
        real, cache = files.partial, files.cache_folder()

        def partial(path, *arguments, **named):
            if path.parent == cache:
                path = cache / "there is no such folder" / path.name
            return real(path, *arguments, **named)

        with mock.patch.object(files, "partial", partial):
            yield

    def broken(self):
        return {
            self.without_home: "there is no home to keep a cache in",
            self.with_a_file_in_its_place: "cannot make the cache folder",
            self.for_reading_alone: "cannot write in",
        }

    def test_metrics_go_on_and_it_is_said_once(self):
        metrics = ("fid", "is", "swd")
        with self.without_home():
            expected, _, _ = self.evaluate(*metrics, features="labels")
        self.assertLen(expected, 7)  # three rows; Reals has no distance
        for broken, reason in self.broken().items():
            files._said.clear()
            with broken():
                found, lines, _ = self.evaluate(*metrics, features="labels")
            self.assertLen(lines, 1, lines)
            self.assertIn(reason, lines[0])
            self.assertIn("set XDG_CACHE_HOME", lines[0])
            self.assertAllClose(found, expected, rtol=1e-3, atol=1e-4)
        # And with a cache, from which the second comes.
        for _ in range(2):
            found, lines, _ = self.evaluate(*metrics, features="labels")
            self.assertEqual(lines, [])
            self.assertAllClose(found, expected, rtol=1e-3, atol=1e-4)

    def test_without_the_inception_file_others_are_computed(self):
        with self.without_home():
            found, _, report = self.evaluate("fid", "swd")
        self.assertEqual({key for _, key in found}, {"swd"})
        self.assertIn("no home", report.not_computed["FID"])
        self.assertIn("--inception=FILE", report.not_computed["FID"])

    def test_a_conversion_needs_it(self):
        path = self.here / "graph.pb"
        graph = whole_inception.graph_def(narrower=16)
        path.write_bytes(graph.SerializeToString())
        with self.without_home():
            with self.assertRaisesRegex(errors.UserError, "XDG_CACHE_HOME"):
                inception_keras.convert(path)

    def test_as_a_user_that_nobody_knows(self):
        environment = {
            k: v
            for k, v in os.environ.items()
            if k not in ("HOME", "XDG_CACHE_HOME", "USER", "LOGNAME")
        }
        done = subprocess.run(
            [
                *(sys.executable, "-c", NO_USER, "evaluate.py"),
                *(f"--run_dir={self.run_dir}", "--metrics=swd"),
            ],
            cwd=common.ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("SWDx1e3", done.stdout)
        self.assertIn("there is no home", done.stderr)


if __name__ == "__main__":
    tf.test.main()
