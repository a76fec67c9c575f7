"""Which flagfile is named where a training would take too long."""

from unittest import mock

from absl.testing import parameterized

from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import DataOptions, RunOptions
from pgan_tf.training import small_machines, speed
from tests import common

CPU = speed.Machine(190.0, 0.007, "this CPU")


def advice(
    resolution: int, days: float | None, machine: speed.Machine = CPU
) -> list[str]:
    options = RunOptions(
        run_dir="runs/mine",
        data=DataOptions(data_dir="datasets/mine", resolution=resolution),
        networks=ProgressiveOptions(latent_size=512),
    )
    seconds = None if days is None else days * 86_400
    return small_machines.advice(options, 3, machine, seconds)


class AdviceTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (32, "celeba32-cpu", "32x32"),
        (64, "celeba64-cpu", "64x64"),
        (1024, "celeba64-cpu", "64x64"),
    )
    def test_it_fits_the_data(self, resolution, name, size):
        with mock.patch("sys.argv", ["train.py"]):
            first, command, last = advice(resolution, 300)
        self.assertIn(f"--flagfile={name}, {size}, about ", first)
        self.assertEndsWith(
            command,
            f" --flagfile={name} --data_dir=datasets/mine "
            "--run_dir=runs/mine-cpu",
        )
        self.assertIn("wins over a flagfile", last)
        # It is a command that trains with these folders, at that size.
        flags = command.split("train.py ")[1].split()
        options = run_flags.parse(flags)
        self.assertEqual(options.data.data_dir, "datasets/mine")
        self.assertEqual(options.run_dir, "runs/mine-cpu")
        r = options.data.resolution
        self.assertEqual(f"{r}x{r}", size)

    @parameterized.parameters((32, 1.9), (32, None), (16, 300), (4, 300))
    def test_none_where_there_is_no_need_or_no_flagfile(self, resolution, days):
        self.assertEqual(advice(resolution, days), [])

    def test_none_where_it_would_not_be_much_sooner(self):
        slow = speed.Machine(0.5, 0.007, "this CPU")
        self.assertEqual(advice(32, 3, slow), [])
