"""Trains a progressive GAN.

  python train.py --flagfile=configs/demo.cfg
  python train.py --data_dir=datasets/celeba64 --run_dir=runs/celeba64

  python train.py --flagfile=configs/celebahq-v2-1gpu.cfg --plan
      what it will take: steps, memory, time, disk; without a step

  python train.py --flagfile=configs/celebahq-v2-1gpu.cfg --plan --probe
      the same, measured by a few steps of each resolution

  python train.py --data_dir=datasets/mine --run_dir=runs/mine \\
      --init_from=network-snapshot-010000.keras
      a new run that starts with the weights of another

The same command again continues a run that was stopped. Ctrl-C stops it.
"""

import os
import pathlib
import subprocess
import sys

from absl import flags

from pgan_tf.base import command_line, errors
from pgan_tf.networks import families
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import checks, cluster, plan, speed, stopping

run_flags.define_flags(__name__)


PLAN = flags.DEFINE_bool(
    "plan",
    False,
    "Only print what the training will take, resolution by resolution. The "
    "dataset need not be there yet. Speeds are those of the run in --run_dir "
    "if it has begun, else modelled.",
)


PROBE = flags.DEFINE_bool(
    "probe",
    False,
    "First take a few steps at every resolution, on noise: memory that will "
    "not suffice later is found now, and the plan printed with measured "
    "speeds. With --plan nothing more; else the training follows.",
)


PEAK = flags.DEFINE_float(
    "peak_gmac_per_sec",
    None,
    "For --plan: what one device reaches in a plain convolution, in 10^9 "
    "multiplications per second; with 3300 celebahq-v2-1gpu takes the two "
    "weeks that the reference reports for a V100. Default: measured, if the "
    "device is this CPU.",
    lower_bound=0,
)


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise errors.UserError(f"unexpected argument {argv[1]!r}")
    if PLAN.value:
        print(make_plan(run_flags.from_flags()).table())
        return
    # The first of several processes writes, the others only compute.
    here = cluster.from_environment()
    if PROBE.value and here.workers:
        raise errors.UserError(
            "--probe measures one host: give it without TF_CONFIG"
        )
    if PROBE.value:
        # A process of its own gives all of its memory back.
        probe = subprocess.run([sys.executable, *sys.argv, "--plan"])
        if probe.returncode:
            raise SystemExit(probe.returncode)
    options = checks.check(run_flags.from_flags())
    stop = stopping.StopRequest()
    stop.listen()
    run_dir = pathlib.Path(options.run_dir)
    if here.index:
        chatter = pathlib.Path(os.devnull)
    else:
        run_dir.mkdir(parents=True, exist_ok=True)
        chatter = run_dir / "tensorflow.log"
    if here.workers:
        say(
            f"worker {here.index} of {len(here.workers)}, which "
            f"{'only computes' if here.index else 'writes the files'}: waiting "
            "for the others"
        )
    # Workers that end one after the other complain of each other's absence.
    with command_line.chatter_to(chatter, to_the_end=bool(here.workers)):
        from pgan_tf.training import trainer

        trainer.train(options, stop)


def make_plan(options: RunOptions) -> plan.Plan:
    """The plan of the flags; devices are those of --devices, or one.

    Every host of `TF_CONFIG` has as many.
    """
    options, num_channels = checks.check_plan(options)
    devices = [name for name in options.devices.split(",") if name]
    num_hosts = max(len(cluster.from_environment().workers), 1)
    num_devices = max(len(devices), 1) * num_hosts
    family = families.by_name(options.family)
    checks.check_minibatches(
        Schedule.of_run(options, num_devices),
        family.group_size(options.networks),
    )
    peak = PEAK.value and PEAK.value * num_devices
    if peak is None and not any("GPU" in name for name in devices):
        peak = speed.cpu_gmac_per_sec()
    measured = speed.measured_speeds(options.run_dir)
    if PROBE.value:
        with command_line.chatter_to(os.devnull):
            from pgan_tf.training import probe

            measured = probe.speeds(options, num_channels, say)
    return plan.make(options, num_channels, num_devices, measured, peak)


def say(line: str) -> None:
    print(line, flush=True)


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(main)
