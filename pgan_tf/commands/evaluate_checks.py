"""What evaluate.py refuses at once, ahead of TensorFlow."""

import argparse
import os
import pathlib

from pgan_tf.base import device_names, errors, text
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import mnist
from pgan_tf.evaluation import reals
from pgan_tf.evaluation.features import extractor
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import PIXELS
from pgan_tf.runs import folder as run_folder

# Features that are no files.
NAMED_FEATURES = ("inception", "labels", "random")

# Without effect on two sets of images.
OF_RUNS = (
    "watch",
    "per_class",
    "compare_to",
    "truncation",
    "snapshot",
    "data_dir",
    "batch_statistics",
)


def check(args: argparse.Namespace) -> None:
    """Refuses what can be refused without TensorFlow.

    Raises:
        UserError: Names the flag or the file.
    """
    metrics_by_name.parse(args.metrics)
    device_names.parse(args.devices)
    for name in (
        "reals",
        "fakes",
        "inception",
        "convert_inception",
        "mnist",
    ):
        path = getattr(args, name)
        if path and not pathlib.Path(path).exists():
            raise errors.UserError(f"--{name}={path}: no such file or folder")
    named = args.features in (None, *NAMED_FEATURES)
    if not named and not pathlib.Path(args.features).exists():
        hint = text.did_you_mean(args.features, NAMED_FEATURES)
        raise errors.UserError(
            f"--features={args.features}: no such file or folder, and none of "
            f"{', '.join(NAMED_FEATURES)}{hint}"
        )
    if args.mnist:
        check_mnist(pathlib.Path(args.mnist))
    if args.convert_inception:
        return
    if args.reals or args.fakes:
        check_sets(args)
    elif args.run_dir:
        check_run(args)
    else:
        raise errors.UsageError(
            "--run_dir is missing: give the folder that train.py wrote, or "
            "--reals and --fakes"
        )


def check_run(args: argparse.Namespace) -> None:
    """Refuses flags of something else, and a run or a file not there."""
    if args.out_dir:
        raise errors.UsageError(
            "--out_dir is of --reals and --fakes: the results of a run lie in "
            "its folder"
        )
    if args.per_class:
        refuse_given(args, "--per_class", "watch", "truncation", "compare_to")
        if "metrics" in args.given:
            metrics_by_name.check_per_class(args.metrics)
    check_run_dir(pathlib.Path(args.run_dir))
    config = run_folder.read_config(args.run_dir)
    if not os.access(args.run_dir, os.W_OK):
        raise errors.UserError(
            f"--run_dir={args.run_dir}: you may not write there, and results "
            "are kept in the run's folder; evaluate a copy of it"
        )
    if not args.watch:
        run_folder.select_snapshots(pathlib.Path(args.run_dir), args.snapshot)
    elif args.snapshot not in ("all", "latest"):
        raise errors.UsageError(
            f"--watch takes --snapshot=all or latest, not {args.snapshot}"
        )
    data_dir = args.data_dir or config.data.data_dir
    if not args.data_dir and not pathlib.Path(data_dir).is_dir():
        raise errors.UserError(
            f"--run_dir={args.run_dir}: its dataset {data_dir} is not there; "
            "say where it is with --data_dir"
        )
    dataset = datasets.open_dataset(data_dir)
    reals.check_dataset(
        dataset,
        config.data.resolution or 0,
        args.num_images,
        config.evaluation.eval_num_images,
    )
    check_numbers(args, dataset.num_images)
    if args.per_class and not dataset.label_size:
        raise errors.UserError(
            f"--per_class: the dataset {dataset.path} has no labels, so that "
            "there are no classes"
        )
    check_labels(args, config.evaluation.eval_features, dataset)


def check_run_dir(path: pathlib.Path) -> None:
    """Says what a path is that might be taken for a run folder."""
    if path.is_file():
        hint = ""
        if path.name.endswith(run_folder.NETWORK_SUFFIXES):
            hint = f"; give the run's folder, and --snapshot={path}"
        raise errors.UserError(f"--run_dir={path} is a file, no folder{hint}")
    if not path.is_dir() or run_folder.is_begun(path):
        return
    if reals.is_dataset(path):
        raise errors.UserError(
            f"--run_dir={path} holds a dataset, no run; a dataset goes with "
            "--data_dir, or with --reals"
        )
    runs = [str(each) for each in path.iterdir() if run_folder.is_begun(each)]
    if runs:
        raise errors.UserError(
            f"--run_dir={path} is no run but holds some; give one, such as "
            f"{max(runs)}"
        )


def check_mnist(path: pathlib.Path) -> None:
    """Refuses a folder without MNIST's four files."""
    for name in mnist.file_names("train") + mnist.file_names("test"):
        if path.is_dir() and not any(path.rglob(f"{name}*")):
            raise errors.UserError(
                f"--mnist={path}: no file {name} or {name}.gz there; give the "
                "folder of MNIST's four files"
            )


def check_numbers(args: argparse.Namespace, available: int) -> None:
    """Refuses metrics that all need more images than there are.

    Where others can be computed, a line says which cannot.
    """
    asked = metrics_by_name.parse(args.metrics)
    needed = {
        kind: count
        for kind, count in asked.items()
        if count and count > available and not kind.walks
    }
    if len(needed) == len(asked):
        kind, count = max(needed.items(), key=lambda each: each[1])
        raise errors.UserError(
            f"--metrics={kind.alias} needs {count:,} images, there are "
            f"{available:,}; --metrics={kind.key} takes as many as there are"
        )


def check_sets(args: argparse.Namespace) -> None:
    """Refuses flags of something else."""
    if not (args.reals and args.fakes):
        raise errors.UsageError("--reals and --fakes go together: give both")
    if args.run_dir:
        raise errors.UsageError(
            "--run_dir and --reals: give either a run or two sets of images"
        )
    refuse_given(args, "--reals and --fakes", *OF_RUNS)
    paths = pathlib.Path(args.reals), pathlib.Path(args.fakes)
    whole, fakes = reals.open_pair(*paths)
    reals.check_counts(whole, fakes, args.num_images)
    if all(kind.walks for kind in metrics_by_name.parse(args.metrics)):
        raise errors.UserError(
            f"--metrics={','.join(args.metrics)} draws with a generator, and "
            "--reals and --fakes are images: give a run with --run_dir"
        )
    check_numbers(args, min(whole.num_images, fakes.num_images))
    check_labels(args, extractor.INCEPTION, whole.dataset)


def check_labels(
    args: argparse.Namespace, usual: str, dataset: datasets.Dataset | None
) -> None:
    """Refuses features of labels that there are none of.

    Args:
        args: The flags.
        usual: What --features is if neither it nor --inception is given.
        dataset: Of the reals, if they come from one.
    """
    named = args.features or (args.inception and extractor.INCEPTION) or usual
    asked = metrics_by_name.parse(args.metrics)
    if named == extractor.LABELS and any(
        kind.needs != PIXELS for kind in asked
    ):
        extractor.check_labels(dataset)


def refuse_given(args: argparse.Namespace, what: str, *names: str) -> None:
    """Refuses flags that have no effect with others."""
    for name in names:
        if name in args.given:
            raise errors.UsageError(
                f"--{name} has no effect with {what}: leave it out"
            )
