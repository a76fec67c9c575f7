"""train.py: trains a progressive GAN, or says what that will take."""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence

from pgan_tf.base import (
    command_line,
    device_names,
    errors,
    flag_kinds,
    flag_parser,
    locks,
)
from pgan_tf.networks import families
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import (
    checks,
    cluster,
    gpus,
    plan,
    rendezvous,
    small_machines,
    speed,
    stopping,
    terminal,
)

DESCRIPTION = """Trains a progressive GAN: from 4x4 pixels to the dataset's own.

The same command again continues a run that was stopped. Ctrl-C stops it."""

EXAMPLES = """\
python train.py --flagfile=demo
python train.py --data_dir=datasets/celeba64 --run_dir=runs/celeba64
python train.py --resume=runs/celeba64

python train.py --flagfile=celebahq-v2-1gpu --plan
    what it will take: steps, memory, time, disk; without a step

python train.py --flagfile=celebahq-v2-1gpu --plan --probe
    the same, measured by a few steps of each resolution

python train.py --data_dir=datasets/mine --run_dir=runs/mine \\
    --init_from=network-snapshot-010000.keras
    a new run that starts with the weights of another
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values.

    Raises:
        UserError: Names the flag.
        SystemExit: After --help.
    """
    command = flag_parser.called("train")
    parser = flag_parser.Parser(command, DESCRIPTION, EXAMPLES, "train")
    # What people need first stands first; then the tree's other sections.
    for section in ("", "data"):
        parser.section(run_flags.TITLES[section])
    parser.section(run_flags.TITLES[""]).add(
        "resume",
        "Go on with the run in this folder, with the options it began with; "
        "no other flag is needed. The same as --run_dir alone.",
        flag_kinds.FOLDER,
        default="",
    )
    _declare_plan(parser.section("plan"))
    run_flags.declare(parser)
    return parser.parse(arguments)


def _declare_plan(section: flag_parser.Section) -> None:
    section.switch(
        "plan",
        "Only print what the training will take, resolution by resolution. The "
        "dataset need not be there yet. Speeds are those of the run in "
        "--run_dir if it has begun, else modelled.",
    )
    section.switch(
        "probe",
        "First take a few steps at every resolution, on noise: memory that "
        "will not suffice later is found now, and the plan printed with "
        "measured speeds. With --plan nothing more; else the training follows.",
    )
    section.add(
        "peak_gmac_per_sec",
        "For --plan: what one device reaches in a plain convolution, in 10^9 "
        "multiplications per second; with 3300 celebahq-v2-1gpu takes the two "
        "weeks that the reference reports for a V100. Default: measured, if "
        "the device is this CPU; of a GPU, what docs/times.md has.",
        flag_kinds.AT_LEAST_ZERO,
    )


def options_of(args: argparse.Namespace) -> RunOptions:
    """What the flags ask for.

    Of a run that has begun its folder is enough: it has the options that it
    began with, but for those that are given.

    Raises:
        UserError: If no run has begun in --resume.
    """
    if args.resume and args.run_dir:
        raise errors.UsageError(
            "--resume and --run_dir: give one of them; both name a run folder"
        )
    folder = args.resume or args.run_dir
    begun = bool(folder) and run_folder.is_begun(pathlib.Path(folder))
    if args.resume and not begun:
        raise errors.UserError(
            f"--resume={folder}: no run has begun there; --run_dir begins one"
        )
    options = run_flags.from_flags(args)
    if not begun or options.data.data_dir:
        return options
    given = option_tree.values(options)
    return run_flags.from_given(
        {
            **option_tree.values(run_folder.read_config(folder)),
            **{name: given[name] for name in args.given & given.keys()},
            "run_dir": folder,
        }
    )


def main(args: argparse.Namespace) -> None:
    """Does what the flags ask for."""
    options = options_of(args)
    if args.plan:
        made = make_plan(options, args.peak_gmac_per_sec, args.probe)
        print(made.table(_width()))
        return
    # The first of several processes writes, the others only compute.
    here = cluster.from_environment()
    if args.probe and here.workers:
        raise errors.UserError(
            "--probe measures one host: give it without TF_CONFIG"
        )
    if args.probe:
        # A process of its own gives all of its memory back.
        probe = subprocess.run([sys.executable, *sys.argv, "--plan"])
        if probe.returncode:
            raise SystemExit(probe.returncode)
    options = check(options)
    stop = stopping.StopRequest()
    stop.listen()
    chatter = run_folder.chatter_path(pathlib.Path(options.run_dir), "train")
    if here.index:
        chatter = pathlib.Path(os.devnull)
    with _as_only_writer(options, here):
        if here.workers:
            say(
                f"worker {here.index} of {len(here.workers)}, which "
                f"{'only computes' if here.index else 'writes the files'}: "
                f"waiting for the others, for {rendezvous.WAIT_MINUTES} "
                "minutes at the most"
            )
            if not rendezvous.meet(here, say, stop.requested):
                return say("stopped ahead of the first step")
        # Workers that end one by one complain of each other's absence.
        with command_line.chatter_to(chatter, to_the_end=bool(here.workers)):
            train(options, stop)


@contextlib.contextmanager
def _as_only_writer(
    options: RunOptions, here: cluster.Cluster
) -> Iterator[None]:
    """Keeps other trainings out of the run folder, where this one writes.

    Args:
        options: As `check` returns them.
        here: Of its processes only the first writes.

    Raises:
        UserError: If another training is at work there, or was meanwhile.
    """
    if here.index:
        yield
        return
    with locks.hold(pathlib.Path(options.run_dir), "--run_dir", "train"):
        # Between the first look and the lock another may have begun a run.
        checks.check(options)
        yield


def check(options: RunOptions) -> RunOptions:
    """Validates what can be without TensorFlow, and fills in what was open.

    Raises:
        UserError: For the first thing that is wrong.
    """
    options = checks.check(options)
    begun = run_folder.is_begun(pathlib.Path(options.run_dir))
    if options.init_from and not begun:
        try:
            run_folder.find_snapshot(options.init_from)
        except errors.UserError as error:
            raise errors.UserError(f"--init_from={error}") from error
    num_devices = device_names.count(options.devices)
    if num_devices is not None:
        _check_minibatches(options, num_devices)
    return options


def _check_minibatches(options: RunOptions, num_devices: int) -> None:
    """Checks that devices of every host can share what the schedule says."""
    num_hosts = max(len(cluster.from_environment().workers), 1)
    family = families.by_name(options.family)
    checks.check_minibatches(
        Schedule.of_run(options, num_devices * num_hosts),
        family.group_size(options.networks),
    )


def train(options: RunOptions, stop: stopping.StopRequest) -> None:
    """Trains, or goes on, until the end or a request.

    Args:
        options: As `check` returns them.
        stop: Asked between steps.
    """
    shown = terminal.Terminal()
    shown.count("starting TensorFlow")
    try:
        # It takes seconds to import, which refusals need not wait for.
        from pgan_tf.training import trainer
    finally:
        shown.clear()
    trainer.train(options, stop)


def train_within(options: RunOptions) -> pathlib.Path:
    """Trains within another program, whose handling of Ctrl-C it gives back.

    Args:
        options: As a user gives them.

    Returns:
        The run folder.

    Raises:
        UserError: For the first thing that is wrong.
    """
    options = check(options)
    with _as_only_writer(options, cluster.from_environment()):
        _train_in_any_thread(options)
    return pathlib.Path(options.run_dir)


def _train_in_any_thread(options: RunOptions) -> None:
    stop = stopping.StopRequest()
    if threading.current_thread() is not threading.main_thread():
        train(options, stop)  # Python tells only the main thread of signals.
        return
    before = {each: signal.getsignal(each) for each in stopping.SIGNALS}
    stop.listen()
    try:
        train(options, stop)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def make_plan(
    options: RunOptions, peak_of_one: float | None, is_probed: bool
) -> plan.Plan:
    """The plan of the flags; devices are those of --devices, or one.

    Every host of `TF_CONFIG` has as many.

    Args:
        options: Of the training.
        peak_of_one: What a device reaches, in GMAC/s; None: measured.
        is_probed: Whether to take a few steps, and measure these.
    """
    options, num_channels = checks.check_plan(options)
    devices = device_names.parse(options.devices)
    num_hosts = max(len(cluster.from_environment().workers), 1)
    num_devices = max(len(devices), 1) * num_hosts
    _check_minibatches(options, max(len(devices), 1))
    machine = _machine(options, devices, num_devices, peak_of_one)
    measured = speed.measured_speeds(options.run_dir)
    if is_probed:
        with command_line.chatter_to(os.devnull):
            from pgan_tf.training import probe

            measured = probe.speeds(options, num_channels, say)
    made = plan.make(options, num_channels, num_devices, measured, machine)
    if not (machine and machine.is_cpu):
        return made
    told = small_machines.advice(options, num_channels, machine, made.seconds)
    return dataclasses.replace(made, advice=told)


def _machine(
    options: RunOptions,
    devices: list[str],
    num_devices: int,
    peak_of_one: float | None,
) -> speed.Machine | None:
    """What will train, as far as speeds are modelled by it."""
    if peak_of_one:
        return speed.Machine(peak_of_one * num_devices)
    models = gpus.models()
    if not any("GPU" in name for name in devices):
        if devices or not models:
            return speed.this_cpu(options.optimizer.precision)
        num_devices = len(models)
    # Elsewhere it may be any; the one of the reference stands for all.
    return gpus.machine(models[0] if models else gpus.REFERENCE, num_devices)


def _width() -> int | None:
    """Of the terminal; None: there is none, and lines may be long."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def say(line: str) -> None:
    print(line, flush=True)


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(
        main,
        parse,
        "--max_micro_batch_dict takes a minibatch in smaller parts, and "
        "--probe finds before a training what does not fit",
    )
