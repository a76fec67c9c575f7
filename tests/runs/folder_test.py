"""What is found in a run folder, whatever else is there."""

import json
import os
import pathlib

from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import DataOptions, RunOptions
from tests import common

OPTIONS = RunOptions(data=DataOptions(data_dir="set", resolution=8))


class FolderTest(common.TestCase, parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder()

    def test_names_are_matched_whole(self) -> None:
        names = {
            "list_fakes": "fakes000012.png",
            "list_snapshots": "network-snapshot-000012.keras",
            "list_metrics": "metric-fid.jsonl",
        }
        for name in names.values():
            stem, dot, suffix = name.partition(".")
            for copy in (
                *(f"{stem} (copy).{suffix}", f"{stem} 2.{suffix}"),
                *(f"{stem}-good.{suffix}.bak", f"my-{name}", f"{name}~"),
                *(f"._{name}", f"partial-1-{name}", f"{stem}.{suffix}\n"),
            ):
                (self.here / copy).touch()
            (self.here / name).touch()
        for function, name in names.items():
            found = getattr(run_folder, function)(self.here)
            if function == "list_fakes":
                found = [path for _, path in found]
            self.assertEqual([path.name for path in found], [name])

    def test_pictures_of_ticks_under_one_kimg_stay_apart(self) -> None:
        for nimg in (0, 64, 512, 999, 1000, 18_016, 1_234_567):
            run_folder.fakes_path(self.here, nimg).touch()
        # As earlier releases called them.
        (self.here / "fakes000002.png").touch()
        found = run_folder.list_fakes(self.here)
        self.assertEqual(
            [(kimg, path.name) for kimg, path in found],
            [
                (0, "fakes000000.000.png"),
                (0.064, "fakes000000.064.png"),
                (0.512, "fakes000000.512.png"),
                (0.999, "fakes000000.999.png"),
                (1, "fakes000001.000.png"),
                (2, "fakes000002.png"),
                (18.016, "fakes000018.016.png"),
                (1234.567, "fakes001234.567.png"),
            ],
        )
        (self.here / "fakes000002.png").unlink()
        # And a folder lists them in this order.
        names = [path.name for _, path in run_folder.list_fakes(self.here)]
        self.assertEqual(names, sorted(names))

    def test_each_run_has_an_id_and_keeps_it(self) -> None:
        ids = set()
        for name in ("a", "b"):
            run_dir = self.here / name
            run_dir.mkdir()
            self.assertEqual(run_folder.read_id(run_dir), "")
            for _ in range(2):
                run_folder.begin(run_dir, OPTIONS, "digest")
                ids.add(run_folder.read_id(run_dir))
            self.assertEqual(run_folder.read_config(run_dir), OPTIONS)
        self.assertLen(ids, 2)
        self.assertNotIn("", ids)

    def test_a_run_that_began_without_an_id_gets_none(self) -> None:
        run_folder.begin(self.here, OPTIONS, "digest")
        path = self.here / "config.json"
        tree = json.loads(path.read_text())
        del tree["run_id"]
        path.write_text(json.dumps(tree))
        run_folder.begin(self.here, OPTIONS, "digest")
        self.assertEqual(run_folder.read_id(self.here), "")
        self.assertEqual(run_folder.read_config(self.here), OPTIONS)

    @parameterized.parameters(
        *(b"", b"{}", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"\0" * 50),
        *(b"[" * 100_000, b'{"data": 7}', b'{"data": {}}', b'{"data": []}'),
        b'{"data": {"data_dir": "x"}}',
        b'{"data": {"data_dir": "x", "resolution": "big"}}',
        b'{"data": {"data_dir": "x", "resolution": Infinity}}',
        b'{"data": {"data_dir": "x", "resolution": 8, "colour": 1}}',
        b'{"data": {"data_dir": "x", "resolution": 8}, "family": "none"}',
        b'{"data": {"data_dir": "x", "resolution": 8}, "seed": -1}',
        b'{"data": {"data_dir": "x", "resolution": 8}, "seed": null}',
    )
    def test_damaged_configurations_are_one_line(self, content: bytes) -> None:
        (self.here / "config.json").write_bytes(content)
        (self.here / "dataset.sha256").write_bytes(b"\xff")
        self.assertTrue(run_folder.is_begun(self.here))
        with self.assertRaises(errors.UserError) as caught:
            run_folder.read_config(self.here)
        message = str(caught.exception)
        self.assertIn(str(self.here / "config.json"), message)
        self.assertNotIn("\n", message)
        run_folder.read_dataset_digest(self.here)

    def test_ticks_without_the_lines_that_are_damaged(self) -> None:
        path = self.here / "stats.jsonl"
        lines = [
            *(b'{"nimg": 1000, "tick": 1}', b"{}", b'{"nimg": "x"}', b"\xff"),
            *(b'{"nimg": null}', b'{"nimg": 1.5}', b'{"nimg": true}', b"[1]"),
            *(b'{"nimg": 2000, "tick": 2}', b'{"nimg": 3000, "ti'),
        ]
        path.write_bytes(b"\n".join(lines))
        ticks = run_folder.read_ticks(self.here)
        self.assertEqual([tick["nimg"] for tick in ticks], [1000, 2000])

    def test_folders_of_any_name(self) -> None:
        for name in ("[a]*?\\", "new\nline", os.fsdecode(b"\xe9"), "a'b\"c"):
            run_dir = pathlib.Path(self.here, name)
            run_dir.mkdir()
            run_folder.begin(run_dir, OPTIONS, "digest")
            run_folder.snapshot_path(run_dir, 1000).touch()
            run_folder.fakes_path(run_dir, 1000).touch()
            self.assertEqual(run_folder.read_config(run_dir), OPTIONS)
            self.assertLen(run_folder.list_snapshots(run_dir), 1)
            self.assertLen(run_folder.list_fakes(run_dir), 1)
