"""What evaluate.py refuses ahead of TensorFlow, whose import takes seconds."""

import json
import os
from unittest import mock

import numpy as np
import tensorflow as tf
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.commands import evaluate_checks, evaluate_flags
from tests import common, dataset_files, processes, small_run

# Says of each list of flags what the checks say, without TensorFlow.
CHECK = """
import json, sys
from pgan_tf.base import errors
from pgan_tf.commands import evaluate_checks, evaluate_flags
for flags in json.load(open(sys.argv[1])):
    try:
        evaluate_checks.check(evaluate_flags.parse(flags))
        print("accepted")
    except errors.UserError as error:
        print(str(error).replace("\\n", "NEWLINE"))
assert not {"tensorflow", "keras"} & set(sys.modules), "TensorFlow came along"
"""


class EarlyTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()

    def check(self, cases):
        """Compares what is said with (flags, part of the line)."""
        file = self.here / "cases.json"
        flags = [[str(each) for each in given] for given, _ in cases]
        file.write_text(json.dumps(flags))
        found = processes.succeed("-c", CHECK, file).splitlines()
        self.assertLen(found, len(cases))
        for line, (given, expected) in zip(found, cases, strict=True):
            self.assertIn(expected, line, str(given))
            self.assertNotIn("NEWLINE", line)

    def images(self, name, count=12, size=16):
        folder = self.here / name
        folder.mkdir()
        for i in range(count):
            picture = np.full((size, size, 3), i, np.uint8)
            Image.fromarray(picture).save(folder / f"{i}.png")
        return folder

    def test_runs(self):
        run_dir = f"--run_dir={small_run.make(self.here)}"
        pixels = small_run.pictures()
        small, plain = self.here / "small", self.here / "plain"
        dataset_files.save(small, pixels[:, ::2, ::2])
        dataset_files.save(plain, pixels)
        no_labels = f"--data_dir={plain}"
        empty, full = self.here / "empty", self.here / "full"
        empty.mkdir()
        (full / "raw").mkdir(parents=True)
        for name in ("train", "t10k"):
            (full / "raw" / f"{name}-images-idx3-ubyte").touch()
            (full / "raw" / f"{name}-labels-idx1-ubyte.gz").touch()
        missing = f"--run_dir={self.here / 'missing'}"
        self.check(
            [
                ((run_dir,), "accepted"),
                ((run_dir, "--metrics=fid50k,swd", "--snapshot=all"), "acce"),
                ((run_dir, "--features=labels"), "accepted"),
                ((run_dir, no_labels, "--features=labels", "--metrics=swd"),
                 "accepted"),
                ((missing,), "not a run folder"),
                ((f"--run_dir={plain}",), f"--run_dir={plain} holds a dataset"),
                ((f"--run_dir={self.here}",),
                 f"is no run but holds some; give one, such as {self.here}/"),
                ((f"{run_dir}/network-snapshot-000010.keras",),
                 "file, no folder; give the run's folder, and --snapshot="),
                ((f"{run_dir}/config.json",), "is a file, no folder"),
                ((run_dir, "--metrics=fod"), "did you mean fid? the known"),
                ((run_dir, "--metrics", "fid", "is"),
                 "'is'; several values have commas between: --metrics=fid,is"),
                ((run_dir, "--features=lables"), "did you mean labels?"),
                ((run_dir, "--metrics=fid50k,swd16k"),
                 "--metrics=fid50k needs 50,000 images, there are 40; "
                 "--metrics=fid takes as many as there are"),
                ((run_dir, "--metrics=ppl100k"), "accepted"),
                ((run_dir, f"--mnist={empty}"),
                 "no file train-images-idx3-ubyte or train-images-idx3-ubyte.gz"
                 " there; give the folder of MNIST's four files"),
                ((run_dir, f"--mnist={full}"), "accepted"),
                ((run_dir, "--metrics=fid,fid50k"), "names a metric twice"),
                ((run_dir, "--snapshot=11"), "one of the run's kimg: 0, 10"),
                ((run_dir, "--snapshot=a.keras"), "no such snapshot"),
                ((run_dir, "--data_dir=missing"), "no such dataset folder"),
                ((run_dir, f"--data_dir={small}"), "has 8 pixels, the run 16"),
                ((run_dir, "--num_images=41"),
                 "--num_images=41: the dataset"),
                ((run_dir, "--num_images=41"), "give --num_images=40 or less"),
                ((run_dir, "--watch", "--snapshot=10"), "--watch takes"),
                ((run_dir, "--per_class", "--metrics=swd"), "computes fid"),
                ((run_dir, "--per_class", no_labels), "has no labels"),
                ((run_dir, "--features=labels", no_labels), "has no labels"),
                ((run_dir, "--features=missing.keras"), "no such file"),
                ((run_dir, "--inception=missing.pb"), "no such file"),
                ((run_dir, "--out_dir=x"), "--out_dir is of --reals"),
            ]
        )  # fmt: skip

    def test_a_run_of_somebody_else(self):
        run_dir = small_run.make(self.here)
        args = evaluate_flags.parse([f"--run_dir={run_dir}"])
        asked = []

        def access(path, mode):
            asked.append((path, mode))
            return False

        with (
            mock.patch.object(os, "access", access),
            self.assertRaisesRegex(
                errors.UserError,
                f"^--run_dir={run_dir}: you may not write .*copy",
            ),
        ):
            evaluate_checks.check(args)
        self.assertEqual(asked[-1], (str(run_dir), os.W_OK))

    def test_two_sets(self):
        reals = f"--reals={self.images('reals')}"
        fakes = f"--fakes={self.images('fakes', 10)}"
        large = f"--fakes={self.images('large', 12, 32)}"
        empty = self.here / "empty"
        empty.mkdir()
        text = self.here / "text.zip"
        text.write_text("no zip")
        self.check(
            [
                ((reals, fakes, "--features=random"), "accepted"),
                ((reals, "--fakes=missing"), "no such file or folder"),
                ((reals,), "give both"),
                ((reals, large), "give sets of one size"),
                ((reals, f"--fakes={empty}"), "no images in"),
                ((reals, f"--fakes={text}"), "text.zip"),
                ((reals, fakes, "--num_images=11"), " 10; give 10 or less"),
                ((reals, fakes, "--metrics=ppl"), "give a run with --run_dir"),
                (
                    (reals, fakes, "--metrics=fid50k"),
                    "50,000 images, there are 10",
                ),
                ((reals, fakes, "--metrics=fid50k,swd"), "accepted"),
                ((reals, fakes, "--features=labels"), "a folder has no labels"),
                ((reals, fakes, "--watch"), "--watch has no effect"),
            ]
        )


if __name__ == "__main__":
    tf.test.main()
