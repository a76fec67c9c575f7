"""The script itself, as a user runs it."""

import signal
import subprocess

import tensorflow as tf

from tests import common, processes, small_run


class EvaluateTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()

    def run_script(self, *arguments):
        # A proxy that is not there: as if offline.
        return processes.run(
            "evaluate.py", *arguments, env={"http_proxy": "http://127.0.0.1:9"}
        )

    def test_offline(self):
        run_dir = small_run.make(self.here)
        done = self.run_script(f"--run_dir={run_dir}", "--metrics=fid,is,swd")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("FID: not computed (no 2015 Inception", done.stdout)
        self.assertRegex(done.stdout, r"\n10 kimg  +[0-9]")
        self.assertLen(small_run.lines(run_dir, "swd"), 1)
        # Progress bars alone: TensorFlow's messages go to a file.
        for line in done.stderr.replace("\r", "\n").splitlines():
            self.assertRegex(line, r"^\s*$|\d+%\|")

    def test_watching_ends_with_ctrl_c_and_a_table(self):
        run_dir = small_run.make(self.here)
        command = ["evaluate.py", "--watch", "--metrics=swd"]
        process = processes.start(
            self,
            *command,
            f"--run_dir={run_dir}",
            stderr=subprocess.DEVNULL,
        )
        begun = process.stdout.readline()
        self.assertStartsWith(begun, f"watching {run_dir}")
        first = process.stdout.readline()
        self.assertRegex(first, r"^10 kimg: SWDx1e3 [0-9.]+\n$")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertStartsWith(rest, "stopped watching\n")
        self.assertRegex(rest, r"\n +16  average\n10 kimg  +[0-9]")

    def test_two_devices_give_the_same_numbers(self):
        run_dir = small_run.make(self.here)
        numbers = []
        for devices in ("CPU:0", "CPU:0,CPU:1"):
            done = self.run_script(
                f"--run_dir={run_dir}",
                "--metrics=fid,is",
                "--features=random",
                "--num_images=21",
                "--minibatch=7",
                f"--devices={devices}",
                "--force",
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            names = ("fid", "is")
            lines = [small_run.lines(run_dir, name)[-1] for name in names]
            numbers.append([line["value"] for line in lines])
        self.assertLen(small_run.lines(run_dir, "fid"), 2)
        self.assertAllClose(*numbers, rtol=1e-5, atol=0)
        self.assertIn("FD-random[conv32-64-128,seed0]", done.stdout)

    def test_mistakes_get_one_line(self):
        here = f"--run_dir={small_run.make(self.here)}"
        sets = (f"--reals={common.ROOT}", f"--fakes={common.ROOT}")
        cases = {
            (here, "--metrics=fids"): "fids",
            (here, "--snapshot=7"): "--snapshot=7: give latest",
            (here, "--data_dir=none"): "no such dataset folder: none",
            (here, "--features=none"): "--features=none: no such file",
            ("--run_dir=nowhere",): "nowhere: not a run folder",
            (): "run_dir",
            (here, "--seed=x"): "--seed",
            (here, "--metric=fid"): "--metric; did you mean --metrics?",
            (here, "--num_images=0"): "--num_images",
            (here, "--truncation=0.5,0"): "--truncation=0.5,0: give numbers",
            (here, "--truncation=a"): "--truncation=a: give numbers",
            (here, "surplus"): "unexpected argument 'surplus'",
            ("--reals=a",): "--reals=a: no such file or folder",
            (f"--reals={common.ROOT}",): "give both",
            (*sets, "--watch"): "--watch has no effect",
            (*sets, "--truncation=1"): "--truncation has no",
            (*sets, "--snapshot=1"): "--snapshot has no",
            (here, "--out_dir=a"): "--out_dir is of --reals",
            (here, "--per_class", "--watch"): "--watch has no effect with --p",
            (here, "--per_class", "--truncation=1"): "--truncation has no",
            (*sets, here): "two sets of images",
            ("--convert_inception=no.pb",): "no.pb: no such file",
            (here, "--compare_to=us"): "--compare_to",
        }
        for arguments, message in cases.items():
            done = self.run_script(*arguments)
            self.assertIn(message, done.stderr)
            self.assertIn(done.returncode, (1, 2))
            self.assertStartsWith(done.stderr, "evaluate.py: error: ")
            self.assertLen(done.stderr.splitlines(), 1, done.stderr)

    def test_help(self):
        done = self.run_script("--help")
        self.assertIn("--inception", done.stdout)
        self.assertIn("python evaluate.py --run_dir=", done.stdout)


if __name__ == "__main__":
    tf.test.main()
