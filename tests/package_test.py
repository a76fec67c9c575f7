"""What `import pgan_tf` offers: small runs from Python alone."""

import pathlib
import signal
import threading

import numpy as np

import pgan_tf
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import ScheduleOptions
from tests import common, processes, small_run

TINY = {
    "fmap_base": 16,
    "fmap_max": 4,
    "lod_training_kimg": 0.032,
    "lod_transition_kimg": 0.032,
    "minibatch_base": 8,
    "grid": "2x2",
}


class PackageTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()

    def make_dataset(self) -> pathlib.Path:
        made = pgan_tf.create_dataset(
            "faces",
            self.here / "faces",
            resolution=16,
            num_images=40,
            flags={"workers": 1, "num_shards": 2},
        )
        self.assertEqual((made.num_images, made.resolution), (40, 16))
        self.assertEqual(made.num_shards, 2)
        self.assertIn("mouth=smile", made.label_names)
        return made.path

    def refuse(self, message, function, *args, **options):
        with self.assertRaisesRegex(pgan_tf.UserError, message) as caught:
            function(*args, **options)
        self.assertNotIn("\n", str(caught.exception))

    def test_from_images_to_pictures(self):
        data_dir = self.make_dataset()
        before = signal.getsignal(signal.SIGINT)
        run_dir = pgan_tf.train(
            data_dir=data_dir,
            run_dir=self.here / "run",
            flags={**TINY, "total_kimg": 0.064},
        )
        self.assertIs(signal.getsignal(signal.SIGINT), before)
        self.assertEqual(run_dir, self.here / "run")
        self.assertTrue((run_dir / "report.html").exists())
        report = pgan_tf.evaluate(run_dir, ["swd"], num_images=20)
        self.assertLen(report.results, 2)
        self.assertIn("SWD", report.table())
        drawn = pgan_tf.generate(run_dir, range(3))
        self.assertEqual((drawn.shape, drawn.dtype), ((3, 16, 16, 3), np.uint8))
        Gs = pgan_tf.load(run_dir)
        self.assertAllEqual(pgan_tf.generate(Gs, [2, 0]), drawn[[2, 0]])
        # The same call goes on.
        pgan_tf.train(
            data_dir=data_dir,
            run_dir=run_dir,
            flags={**TINY, "total_kimg": 0.128},
        )
        self.assertLen(run_folder.list_snapshots(run_dir), 1)
        log = (run_dir / "log.txt").read_text()
        self.assertIn("resuming at", log)

    def test_options_and_flagfiles_in_another_thread(self):
        path = self.here / "tiny.cfg"
        lines = [f"--{name}={value}" for name, value in TINY.items()]
        path.write_text("\n".join(lines))
        options = pgan_tf.RunOptions(
            seed=7, schedule=ScheduleOptions(total_kimg=5)
        )
        arguments = {
            "data_dir": self.make_dataset(),
            "run_dir": self.here / "run",
            "flagfile": str(path),
            "flags": {"total_kimg": 0.016},
        }
        thread = threading.Thread(
            target=pgan_tf.train, args=(options,), kwargs=arguments
        )
        thread.start()
        thread.join()
        config = run_folder.read_config(self.here / "run")
        self.assertEqual((config.seed, config.networks.fmap_max), (7, 4))
        self.assertEqual(config.schedule.total_kimg, 0.016)

    def test_two_sets_of_images(self):
        path = self.make_dataset()
        flags = {"reals": path, "fakes": path}
        report = pgan_tf.evaluate(metrics=["swd"], num_images=20, flags=flags)
        self.assertNotEmpty(report.results)

    def test_classes(self):
        run_dir = small_run.make(self.here, label_size=2)
        drawn = pgan_tf.generate(run_dir, [1, 2], label="1", truncation=0.5)
        self.assertEqual(drawn.shape, (2, 16, 16, 3))
        self.refuse("takes labels: choose", pgan_tf.generate, run_dir)
        Gs = pgan_tf.load(run_dir)
        self.assertAllEqual(
            pgan_tf.generate(Gs, [1, 2], label="1", truncation=0.5), drawn
        )
        self.refuse("the network takes labels", pgan_tf.generate, Gs)

    def test_mistakes(self):
        here = self.here
        create, train = pgan_tf.create_dataset, pgan_tf.train
        self.refuse("--source=dogs: must be one of", create, "dogs", here)
        self.refuse(
            "did you mean --overwrite", create, "faces", here,
            flags={"overwrit": True},
        )  # fmt: skip
        (here / "file").touch()
        self.refuse(
            "Not a directory|exists", create, "faces", here / "file" / "set",
            resolution=16, num_images=4, flags={"workers": 1},
        )  # fmt: skip
        self.refuse("--data_dir is missing", train)
        self.refuse("--flagfile=dem: no such file", train, flagfile="dem")
        self.refuse("did you mean --total_kimg", train, flags={"total_kmg": 1})
        self.refuse(
            "--xla=maybe: must be true or false", train, flags={"xla": "maybe"}
        )
        self.refuse("not a run folder", pgan_tf.evaluate, here)
        self.refuse("--run_dir is missing", pgan_tf.evaluate)
        self.refuse(
            "for evaluate.py alone", pgan_tf.evaluate, here,
            flags={"convert_inception": here / "file"},
        )  # fmt: skip
        self.refuse("no snapshots", pgan_tf.generate, here)
        self.refuse("no such snapshot", pgan_tf.load, here / "a.keras")
        run_dir = small_run.make(self.folder())
        self.refuse("--seeds=-1: ", pgan_tf.generate, run_dir, [-1])
        self.refuse("--seeds=: ", pgan_tf.generate, run_dir, [])
        self.refuse("--truncation=0: must", pgan_tf.generate, run_dir,
                    truncation=0)  # fmt: skip

    def test_importing_is_quick(self):
        code = (
            "import sys, pgan_tf; pgan_tf.RunOptions();"
            "print({'tensorflow', 'keras'} & sys.modules.keys());"
            "print(pgan_tf.sampling.generate.__name__)"
        )
        self.assertEqual(processes.succeed("-c", code), "set()\ngenerate\n")
        with self.assertRaises(AttributeError):
            getattr(pgan_tf, "col" + "our")
