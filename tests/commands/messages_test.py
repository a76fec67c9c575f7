"""What Python says of its own mistakes reaches no user: all four scripts.

Each bad input of a table is given to its script; the line that comes must be
ours, with the exit code that it ought to have.
"""

import gzip
import json
import pathlib
import tempfile

import numpy as np
from PIL import Image

from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import DataOptions, RunOptions
from tests import common, processes
from tests.commands import early_test
from tests.training import trainer_test

# Parts of Python's, NumPy's and the standard library's own messages.
LEAKS = (
    "[Errno",
    "Error:",
    "Traceback",
    "base 10",
    "char 0",
    "codec can't",
    "could not convert",
    "Expecting ",
    "Extra data",
    "has no attribute",
    "invalid literal",
    "invalid load key",
    "list index",
    "not subscriptable",
    "NoneType",
    "object is not",
    "out of range",
    "pickle data",
    "positional argument",
    "unhashable",
    "unpack requires",
    "unsupported operand",
    "not enough values",
    "too many values",
    "object at 0x",
    "<class ",
)
# As those of early tests, but TensorFlow can be had.
RUN = early_test.RUN.replace(
    'sys.modules["tensorflow"] = None', "pass"
).replace('sys.modules["keras"] = None', "pass")
BROKEN_JSON = {
    "empty": "",
    "torn": '{"data": {"data_dir": "x",',
    "word": "hello",
    "list": "[1, 2]",
    "number": "7",
    "null": "null",
    "other": '{"data": 3, "num_images": "many", "resolution": [], "levels": 4}',
    "keys": '{"data": {"data_dir": 3, "resolution": "x"}}',
    "binary": "\x00\xff\xfe",
}


class MessagesTest(common.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = pathlib.Path(
            cls.enterClassContext(tempfile.TemporaryDirectory())
        )
        trainer_test.make_dataset(cls.here / "set")
        cls.broken = cls.make_broken()

    @classmethod
    def make_broken(cls) -> dict[str, list[pathlib.Path]]:
        """Datasets, run folders and label files with a broken file each."""
        broken: dict[str, list[pathlib.Path]] = {
            "set": [],
            "run": [],
            "labels": [],
        }
        for name, text in BROKEN_JSON.items():
            content = text.encode("latin-1")
            path = cls.here / f"set-{name}"
            trainer_test.make_dataset(path)
            (path / "dataset.json").write_bytes(content)
            broken["set"].append(path)
            path = cls.here / f"run-{name}"
            path.mkdir()
            options = RunOptions(
                run_dir=str(path),
                data=DataOptions(data_dir=str(cls.here / "set"), resolution=8),
                networks=ProgressiveOptions(latent_size=512),
            )
            run_folder.begin(path, options, "digest")
            (path / "config.json").write_bytes(content)
            broken["run"].append(path)
            path = cls.here / f"labels-{name}.json"
            path.write_bytes(content)
            broken["labels"].append(path)
        return broken

    def check(
        self, cases: list[list[str]], code: int | tuple[int, ...]
    ) -> None:
        given, found = self.here / "given.json", self.here / "found.json"
        given.write_text(json.dumps([[str(x) for x in c] for c in cases]))
        processes.succeed("-c", RUN, given, found, timeout=400)
        codes = (code,) if isinstance(code, int) else code
        faults = []
        for case, (ended, said) in zip(
            cases, json.loads(found.read_text()), strict=True
        ):
            lines = said.splitlines()
            leaks = [leak for leak in LEAKS if leak in said]
            if ended not in codes or len(lines) != 1 or leaks:
                faults.append(f"{case}: {ended}: {leaks}: {said[-500:]}")
        self.assertEqual(faults, [], "\n" + "\n".join(faults))

    def test_values_of_flags(self):
        data = ["train", f"--data_dir={self.here / 'set'}", "--run_dir=x"]
        create = ["dataset_tool", "create", "--source=images", "--source_dir=."]
        create.append("--out_dir=x")
        draw = ["generate", "images", "--network=a.keras", "--out=x"]
        walk = ["generate", "interpolate", "--network=a.keras", "--out=x.mp4"]
        judge = ["evaluate", "--run_dir=x"]
        cases = [
            [*where, f"--{flag}={value}"]
            for where, flag, values in (
                (data, "seed", ("x", "1.5", "-1", "", "1e3")),
                (data, "total_kimg", ("x", "", "nan", "-1", "1,5", "0x10")),
                (data, "fmap_base", ("x", "1.5", "")),
                (
                    data,
                    "minibatch_dict",
                    ("4", "4:", ":8", "4:x", "x:4", "4=8"),
                ),
                (data, "g_lrate_dict", ("4:x", "4:nan", "5:1")),
                (data, "loss", ("x", "")),
                (data, "grid", ("x", "3", "3x", "3xy", "0x2")),
                (data, "mirror_augment", ("x", "2")),
                (data, "max_memory", ("x", "", "-1", "1q")),
                (data, "peak_gmac_per_sec", ("x", "")),
                (create, "resolution", ("x", "5", "")),
                (create, "workers", ("x", "0", "")),
                (create, "num_images", ("x", "-3")),
                (create, "num_shards", ("x", "0")),
                (create, "on_error", ("x",)),
                (judge, "num_images", ("x", "0", "")),
                (judge, "truncation", ("x", "0.5,x", "nan")),
                (judge, "minibatch", ("x", "0")),
                (judge, "seed", ("x", "-1")),
                (judge, "metrics", ("x", "fid,x", "knn", ",")),
                (draw, "seeds", ("x", "1-", "-1", "1-x", "1,,2", "9-1")),
                (draw, "truncation", ("x", "nan", "")),
                (draw, "grid", ("x", "3", "3x", "axb")),
                (draw, "shrink", ("x", "0")),
                (draw, "minibatch", ("x", "0")),
                (walk, "fps", ("x", "0", "")),
                (walk, "duration", ("x", "-1", "nan")),
            )
            for value in values
        ]
        self.check(cases, 2)

    def test_words_that_are_no_flags(self):
        self.check(
            [
                [script, *verb, *words]
                for script, *verb in (
                    ("train",),
                    ("evaluate",),
                    ("dataset_tool", "info"),
                    ("generate", "images"),
                )
                for words in (
                    ["--colour=1"],
                    ["--flagfile"],
                    ["--flagfile=/"],
                    ["--flagfile=nowhere"],
                    ["a", "b", "c"],
                    ["---"],
                )
            ]
            + [["dataset_tool"], ["generate"], ["generate", "x"]],
            2,
        )

    def test_files_that_are_not_there(self):
        here = self.here
        (here / "file").write_text("hello")
        (here / "letters").mkdir()
        cases = []
        for place in (
            here / "none",
            here / "file",
            here / "letters",
            "/dev/null",
        ):
            cases += [
                ["train", f"--data_dir={place}", f"--run_dir={here / 'new'}"],
                ["train", f"--resume={place}"],
                ["evaluate", f"--run_dir={place}"],
                ["evaluate", f"--reals={place}", f"--fakes={place}"],
                ["evaluate", f"--compare={place}"],
                ["dataset_tool", "info", place],
                ["dataset_tool", "verify", place],
                ["dataset_tool", "compare", place, place],
                ["dataset_tool", "extract", place, here / "x"],
                [
                    "generate",
                    "images",
                    f"--network={place}",
                    f"--out={here / 'y'}",
                ],
                [
                    "generate",
                    "import",
                    f"--pkl={place}",
                    f"--out={here / 'z.keras'}",
                ],
                *(
                    [
                        *("dataset_tool", "create", f"--source={source}"),
                        *(f"--source_dir={place}", f"--out_dir={here / 'o'}"),
                    ]
                    for source in (
                        "images",
                        "mnist",
                        "cifar10",
                        "svhn",
                        "celeba",
                        "lsun",
                        "hdf5",
                        "celebahq",
                    )
                ),
            ]
        self.check(cases, (1, 2))

    def test_files_that_are_damaged(self):
        cases = []
        for path in self.broken["set"]:
            cases += [
                [
                    "train",
                    f"--data_dir={path}",
                    f"--run_dir={self.here / 'new'}",
                ],
                ["dataset_tool", "info", path],
                ["dataset_tool", "verify", path],
                ["evaluate", f"--reals={path}", f"--fakes={path}"],
            ]
        for path in self.broken["run"]:
            cases += [
                ["train", f"--resume={path}"],
                ["evaluate", f"--run_dir={path}"],
                ["generate", "images", f"--network={path}", "--out=y"],
                [
                    "generate",
                    "training_video",
                    f"--run_dir={path}",
                    "--out=y.mp4",
                ],
            ]
        images = self.here / "images"
        images.mkdir()
        picture = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
        picture.save(images / "a.png")
        for path in self.broken["labels"]:
            if path.stem in ("labels-other", "labels-keys"):
                continue  # Labels of other images.
            cases.append(
                [
                    *("dataset_tool", "create", "--source=images"),
                    *(f"--source_dir={images}", f"--labels={path}"),
                    f"--out_dir={self.here / 'o'}",
                ]
            )
        self.check(cases, 1)

    def test_sources_that_are_damaged(self):
        cases = []
        junk = {
            "mnist": (
                "train-images-idx3-ubyte.gz",
                gzip.compress(b"\0\0\x08\x03x"),
            ),
            "cifar10": ("data_batch_1", b"\x80\x04K"),
            "svhn": ("train_32x32.mat", b"MATLAB 5.0 MAT-file" + b"\0" * 200),
            "hdf5": ("celeba.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 40),
            "celeba": ("list_attr_celeba.txt", b"x\nMale\n1.jpg one\n"),
            "lsun": ("data.mdb", b"\0" * 5000),
            "images": ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 9),
            "celebahq": ("image_list.txt", b"idx orig_idx\n0 x\n"),
        }
        for source, (name, content) in junk.items():
            folder = self.here / f"source-{source}"
            folder.mkdir()
            (folder / name).write_bytes(content)
            cases.append(
                [
                    *("dataset_tool", "create", f"--source={source}"),
                    *(f"--source_dir={folder}", "--resolution=8"),
                    f"--out_dir={self.here / 'o'}",
                ]
            )
        self.check(cases, 1)

    def test_networks_and_arrays_that_are_damaged(self):
        cases = []
        for name, content in (
            ("a.keras", b"hello"),
            ("b.keras", b"PK\x03\x04" + b"\0" * 40),
            ("c.pkl", b"\x80\x04K"),
            ("d.pkl", b"hello"),
        ):
            path = self.here / name
            path.write_bytes(content)
            cases.append(["generate", "images", f"--network={path}", "--out=y"])
            cases.append(
                ["generate", "export", f"--network={path}", "--out=y.onnx"]
            )
            if path.suffix == ".pkl":
                cases.append(
                    ["generate", "import", f"--pkl={path}", "--out=y.keras"]
                )
        self.check(cases, (1, 2))
