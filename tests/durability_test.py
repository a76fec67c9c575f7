"""What must outlive a power failure is on disk before it has its name.

A recording of the system's calls checks the order: the bytes of a file, its
name, the folder that holds the name. What stays in a folder without having
been brought to disk must be in `REMAKEABLE`: a new kind of file fails here
until somebody has decided.
"""

import ast
import fnmatch
import os
import pathlib
from collections.abc import Callable
from unittest import mock

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import files
from pgan_tf.data import build, journal
from pgan_tf.data.sources.drawn_faces import faces
from pgan_tf.evaluation import kept, result_files, results
from pgan_tf.evaluation.metrics import metric
from pgan_tf.training import stopping, trainer
from tests import common
from tests.training import trainer_test

# Of a run: what people read while it lasts, or what is drawn again.
REMAKEABLE = (
    *("log.txt", "tensorflow.log", "report.html", "state.json", "*.png"),
    "tensorboard/*",
)
# The modules that write by `files.partial(..., durable=False)`.
NOT_DURABLE = {"base/images.py", "runs/report.py", "runs/run_state.py"}
# Of a build under way: what the journal does not list yet.
UNLISTED = ("*.partial",)


class Recorder:
    """Watches what is brought to disk, and in which order, below a folder.

    Use it as a context; `faults` says what was wrong at the end.
    """

    def __init__(self, root: pathlib.Path, exempt: tuple[str, ...]) -> None:
        self.root = root.resolve()
        self.exempt = exempt
        self.faults: list[str] = []
        self.order: list[tuple[str, str]] = []
        self._synced: dict[tuple[int, int], tuple[int, int]] = {}
        self._unsynced_names: dict[pathlib.Path, str] = {}
        self._real = (os.fsync, os.replace, os.rename)

    def __enter__(self) -> "Recorder":
        self._patches = [
            mock.patch.object(os, "fsync", self._fsync),
            mock.patch.object(os, "replace", self._named(self._real[1])),
            mock.patch.object(os, "rename", self._named(self._real[2])),
        ]
        for patch in self._patches:
            patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        for patch in self._patches:
            patch.stop()
        for path in self._files(self.root):
            if not self._is_synced(path):
                self.faults.append(f"never on disk: {self._short(path)}")
        for name in self._unsynced_names.values():
            self.faults.append(f"its name is not on disk: {name}")

    def _fsync(self, descriptor: int) -> None:
        self._real[0](descriptor)
        path = pathlib.Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        found = os.fstat(descriptor)
        key = (found.st_dev, found.st_ino)
        self._synced[key] = (found.st_size, found.st_mtime_ns)
        self._unsynced_names.pop(path, None)
        self.order.append(("sync", self._short(path)))

    def _named(self, real: Callable[..., None]) -> Callable[..., None]:
        def rename(source: os.PathLike, target: os.PathLike) -> None:
            source, target = pathlib.Path(source), pathlib.Path(target)
            inside = target.resolve().is_relative_to(self.root)
            if inside and not self._is_exempt(target):
                parts = [source, *source.rglob("*")]
                for path in parts if source.is_dir() else [source]:
                    if not self._is_synced(path):
                        self.faults.append(
                            f"named ahead of its bytes: {self._short(target)}"
                        )
                parent = target.parent.resolve()
                self._unsynced_names[parent] = self._short(target)
                self.order.append(("name", self._short(target)))
            real(source, target)

        return rename

    def _files(self, folder: pathlib.Path) -> list[pathlib.Path]:
        return [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not self._is_exempt(path)
        ]

    def _is_synced(self, path: pathlib.Path) -> bool:
        found = path.stat()
        known = self._synced.get((found.st_dev, found.st_ino))
        if path.is_dir():
            return known is not None
        return known == (found.st_size, found.st_mtime_ns)

    def _is_exempt(self, path: pathlib.Path) -> bool:
        name = self._short(path)
        return any(fnmatch.fnmatch(name, kind) for kind in self.exempt)

    def _short(self, path: pathlib.Path) -> str:
        path = path.resolve()
        if not path.is_relative_to(self.root):
            return str(path)
        return path.relative_to(self.root).as_posix()


class DurabilityTest(common.TestCase, parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder()

    def watch(self, exempt: tuple[str, ...] = ()) -> Recorder:
        return Recorder(self.here, exempt)

    def test_the_recorder_sees_what_is_missing(self) -> None:
        def bare(path: pathlib.Path) -> None:
            (self.here / "new").write_text("x")
            os.replace(self.here / "new", path)

        with self.watch() as seen:
            bare(self.here / "a")
        self.assertLen(seen.faults, 3)
        with self.watch() as seen, mock.patch.object(files, "sync"):
            with files.partial(self.here / "b") as partial:
                partial.write_text("x")
        self.assertNotEmpty(seen.faults)

    @parameterized.parameters("file", "folder")
    def test_partial(self, kind: str) -> None:
        target = self.here / "target"
        with self.watch() as seen, files.partial(target) as partial:
            if kind == "file":
                partial.write_text("x")
            else:
                (partial / "deep").mkdir(parents=True)
                (partial / "deep" / "file").write_text("x")
        self.assertEmpty(seen.faults)
        kinds = [kind for kind, _ in seen.order]
        self.assertEqual(kinds[-3:], ["sync", "name", "sync"])
        self.assertEqual(seen.order[-2:], [("name", "target"), ("sync", ".")])

    def test_a_dataset_and_its_journal(self) -> None:
        images = faces.Faces(8, 20, seed=1)
        with self.watch() as seen:
            build.create(images, self.here / "faces", {}, num_images=20)
        self.assertEmpty(seen.faults)
        names = [name for kind, name in seen.order if kind == "name"]
        self.assertEqual(names[-1], "faces/dataset.json")
        # All other names are on disk ahead of what says that they are whole.
        last = seen.order.index(("name", "faces/dataset.json"))
        folder = seen.order[:last].count(("sync", "faces"))
        self.assertGreaterEqual(folder, 1)
        before = max(
            at for at, (kind, _) in enumerate(seen.order[:last])
            if kind == "name"
        )  # fmt: skip
        self.assertIn(("sync", "faces"), seen.order[before:last])

    def test_the_journal_follows_what_it_lists(self) -> None:
        images = faces.Faces(8, 20, seed=1)
        with (
            self.watch(UNLISTED) as seen,
            mock.patch.object(journal, "SECONDS", 0),
        ):
            build.create(images, self.here / "faces", {}, num_images=20)
        entry = ("sync", "faces/dataset.json.partial")
        level = ("sync", "faces/faces-r03.tfrecords.partial")
        at = seen.order.index(level)
        self.assertIn(entry, seen.order[at:])
        self.assertEmpty(seen.faults)

    def test_all_that_a_run_leaves(self) -> None:
        trainer_test.make_dataset(self.here / "set")
        options = trainer_test.make_options(self.here)
        run_dir = pathlib.Path(options.run_dir)
        run_dir.mkdir()
        with Recorder(run_dir, REMAKEABLE) as seen:
            trainer.train(options, stopping.StopRequest())
        self.assertEmpty(seen.faults)
        named = {name for kind, name in seen.order if kind == "name"}
        for kind in (
            *("config.json", "dataset.sha256", "checkpoints/ckpt-256"),
            "network-snapshot-*.keras",
        ):
            self.assertNotEmpty(fnmatch.filter(named, kind), kind)
        self.assertIn(("sync", "stats.jsonl"), seen.order)

    def test_results_and_what_is_kept_of_reals(self) -> None:
        value = metric.Value(1.5)
        result = results.Result("Reals", "fid", "FID", 20, value)
        cache = mock.patch.object(files, "cache_folder", lambda: self.here)
        kind = mock.Mock(key="fid")
        with self.watch() as seen, cache:
            stored = result_files.ResultFiles(self.here)
            stored.add(result, {"dataset": "x"}, {"date": "today"})
            stored.add(result, {"dataset": "x"}, {"date": "tomorrow"})
            kept.values("reals", {kind: "fid-1"}, lambda _: {"fid": value})
            gaussian = metric.Gaussian(np.zeros(2), np.eye(2))
            kept.summaries({kind: "fid-1"}, lambda _: {"fid": gaussian})
        self.assertEmpty(seen.faults)
        names = set(os.listdir(self.here))
        self.assertContainsSubset(
            {"metric-fid.jsonl", "metric-fid.txt", "reals-fid-1.npz"}, names
        )


class OnePlaceTest(common.TestCase):
    def test_nobody_else_renames_or_syncs(self) -> None:
        found = set()
        not_durable = set()
        package = common.ROOT / "pgan_tf"
        for path in sorted(package.rglob("*.py")):
            name = path.relative_to(package).as_posix()
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                called = ast.unparse(node.func)
                if called in ("os.replace", "os.rename", "os.fsync") or (
                    called.endswith(".rename") and name != "base/files.py"
                ):
                    found.add(name)
                if any(key.arg == "durable" for key in node.keywords):
                    not_durable.add(name)
        # A lock's file is no content.
        self.assertEqual(found, {"base/files.py", "base/locks.py"})
        self.assertEqual(not_durable, NOT_DURABLE)
