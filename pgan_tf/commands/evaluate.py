"""evaluate.py: the snapshots of a run, or any two sets of images."""

import argparse
import contextlib
import dataclasses
import pathlib

from pgan_tf.base import command_line, locks, streams, text
from pgan_tf.commands import evaluate_checks, evaluate_flags
from pgan_tf.evaluation import results
from pgan_tf.evaluation.options import Options
from pgan_tf.runs import folder as run_folder


def main(args: argparse.Namespace) -> None:
    """Does what the flags ask for."""
    evaluate_checks.check(args)
    if args.convert_inception:
        with command_line.chatter_to("/dev/null"):
            convert(pathlib.Path(args.convert_inception))
    elif args.reals:
        with command_line.chatter_to("/dev/null"):
            report = evaluate(args)
        print(report.table(streams.width()))
    else:
        run_dir = pathlib.Path(args.run_dir)
        with command_line.chatter_to(log_path(run_dir)):
            report = evaluate(args)
        table = report.table(streams.width())
        print(table, "", *run_folder.where(run_dir), sep="\n")


def evaluate(args: argparse.Namespace) -> results.Report:
    """What the flags ask for, which their checks have found right."""
    if args.reals:
        return evaluate_sets(args)
    return evaluate_run(args)


def evaluate_run(args: argparse.Namespace) -> results.Report:
    """The snapshots of a run."""
    run_dir, options = pathlib.Path(args.run_dir), read_options(args)
    run_folder.read_config(run_dir)  # No lock where there is no run.
    with locks.hold(run_dir, "--run_dir", "evaluate"):
        return _evaluate_run(args, run_dir, options)


def _evaluate_run(
    args: argparse.Namespace, run_dir: pathlib.Path, options: Options
) -> results.Report:
    # TensorFlow takes seconds to import, which refusals need not wait for.
    from pgan_tf.evaluation import of_classes, of_run

    if args.per_class:
        if "metrics" not in args.given:
            options = dataclasses.replace(options, metrics=["fid"])
        return of_classes.evaluate(run_dir, options)
    if args.watch:
        return of_run.watch(run_dir, options, say)
    return of_run.evaluate(run_dir, options)


def evaluate_sets(args: argparse.Namespace) -> results.Report:
    """Two sets of images, without a run."""
    from pgan_tf.evaluation import of_two_sets

    reals, fakes = pathlib.Path(args.reals), pathlib.Path(args.fakes)
    options = read_options(args)
    with contextlib.ExitStack() as stack:
        if options.out_dir:
            held = locks.hold(options.out_dir, "--out_dir", "evaluate")
            stack.enter_context(held)
        return of_two_sets.evaluate(reals, fakes, options)


def read_options(args: argparse.Namespace) -> Options:
    """What the flags say of how to evaluate."""
    return Options(
        metrics=args.metrics,
        features=args.features,
        inception=path_or_none(args.inception),
        num_images=args.num_images,
        seed=args.seed,
        minibatch=args.minibatch,
        devices=args.devices,
        force=args.force,
        snapshot=args.snapshot,
        data_dir=path_or_none(args.data_dir),
        truncation=args.truncation,
        batch_statistics=args.batch_statistics,
        mnist=path_or_none(args.mnist),
        compare_to_paper=args.compare_to == "paper",
        out_dir=path_or_none(args.out_dir),
    )


def convert(source: pathlib.Path) -> None:
    """Keeps the 2015 network as a Keras model."""
    from pgan_tf.evaluation.features import inception_keras

    _, line = inception_keras.convert(source)
    say(line)


def say(line: str) -> None:
    """Prints a line as it comes, in the width of the window."""
    print("\n".join(text.wrapped(line, streams.width())), flush=True)


def log_path(run_dir: pathlib.Path) -> pathlib.Path:
    """Where TensorFlow's own messages go."""
    if not run_folder.is_begun(run_dir):
        return pathlib.Path("/dev/null")
    return run_folder.chatter_path(run_dir, "evaluate")


def path_or_none(value: str | None) -> pathlib.Path | None:
    return pathlib.Path(value) if value else None


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(
        main, evaluate_flags.parse, "--minibatch takes fewer images at a time"
    )
