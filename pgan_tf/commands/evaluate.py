"""Evaluates the snapshots of a run, or any two sets of images.

  python evaluate.py --run_dir=runs/demo --metrics=fid,is,swd
      the latest snapshot, with what the run's --eval_features names

  python evaluate.py --run_dir=runs/celeba --metrics=swd --snapshot=all
      how SWD fell in training; needs no network but the generator

  python evaluate.py --run_dir=runs/celeba --metrics=fid,is \\
      --inception=inception-2015-12-05.tgz --compare_to=paper
      the numbers that papers print, beside those that were printed; the file
      is downloaded if not given

  python evaluate.py --run_dir=runs/celeba --watch
      every snapshot as soon as it is there, until the run ends

  python evaluate.py --run_dir=runs/digits --per_class --features=labels
      which classes are drawn well

  python evaluate.py --run_dir=runs/celeba --metrics=msssim,nn
      whether images are varied, and whether they are copies: pictures of fakes
      beside their nearest reals

  python evaluate.py --run_dir=runs/celeba --metrics=fid,is,pr \\
      --truncation=0.5,0.7,1
      fidelity against variety: a curve

  python evaluate.py --reals=photos --fakes=drawn.zip --metrics=fid
      two folders, .zip files or datasets of images, without a run

  python evaluate.py --run_dir=runs/birds --metrics=fid \\
      --features=birdnet.keras
      the Frechet distance of your own features, called FD[birdnet:...]

The table is printed and each number appended, with all that decides whether
it can be compared, to metric-<name>.jsonl in the run folder; TensorBoard shows
them as curves, and metric-<name>.txt is a table as the reference wrote it.
What these files hold is not computed again. Compare only numbers of equal
name and equal n. The row Reals is the reals' own value, of metrics that look
at one set; Reals2 holds what perfect fakes would get: a second set of reals
of the same size, where the dataset has one.
"""

import dataclasses
import math
import pathlib
import typing

from absl import flags

from pgan_tf.base import command_line, errors
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.runs import folder as run_folder

if typing.TYPE_CHECKING:
    from pgan_tf.evaluation import options, results


RUN_DIR = flags.DEFINE_string(
    "run_dir", None, "The run folder that train.py wrote."
)


METRICS = flags.DEFINE_list(
    "metrics",
    list(metrics_by_name.DEFAULT),
    "Which metrics; a name in parentheses stands for the metric of as many"
    f" images as its paper took.\n{metrics_by_name.described()}",
)


FEATURES = flags.DEFINE_string(
    "features",
    None,
    "What fid, is, kid, pr and ppl look at; default: the run's"
    " --eval_features. inception: the 2015 Inception graph, the only one whose"
    " numbers are called FID and"
    " IS. labels: a small classifier, trained on the dataset's own labels at"
    " the first use; its numbers are called FD[labels:...] and"
    " CS[labels:...]. random: a network that was never trained, for smoke runs"
    " and to compare snapshots of one run; FD-random[...]. Or a .keras file or"
    " the folder of a SavedModel: a model that receives float32 RGB images"
    " [N,H,W,3] in 0..255, resized to its own input size (bilinear as in"
    " TensorFlow 1) if that is fixed, and returns features [N,D] or the pair"
    " (features, logits). Models that hold Python code or reach for files are"
    " refused.",
)


INCEPTION = flags.DEFINE_string(
    "inception",
    None,
    "inception-2015-12-05.tgz, the classify_image_graph_def.pb in it or what"
    " --convert_inception made of it; implies --features=inception. Default:"
    " downloaded once to ~/.cache/pgan_tf (or $XDG_CACHE_HOME/pgan_tf)."
    " Without it and without"
    " a network, fid and is are left out and the others computed.",
)


CONVERT = flags.DEFINE_string(
    "convert_inception",
    None,
    "Convert that file (as of --inception) into a Keras model, kept in"
    " ~/.cache/pgan_tf and preferred from then on; nothing else is done. It"
    " is the same network within 1e-5 and faster than the graph in the file;"
    " its numbers are called FID (2015 weights, Keras port).",
)


SNAPSHOT = flags.DEFINE_string(
    "snapshot",
    "latest",
    "latest, all, a number of kimg, or a file: .keras, or NVIDIA's .pkl.",
)


NUM_IMAGES = flags.DEFINE_integer(
    "num_images",
    None,
    "Reals and as many fakes; default: the run's --eval_num_images, or as many"
    " as in the metric's paper, but no more than the dataset has.",
    lower_bound=1,
)


SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Of the latents, the choice of reals and all other draws.",
    lower_bound=0,
    upper_bound=2**32 - 1,
)


DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "The dataset of the reals; default: the run's."
)


MINIBATCH = flags.DEFINE_integer(
    "minibatch",
    None,
    "Images at a time; default: by resolution. Does not change the numbers.",
    lower_bound=1,
)


DEVICES = flags.DEFINE_string(
    "devices",
    "",
    "As of train.py: such as GPU:0,GPU:1; default: all visible GPUs, or the"
    " CPU. They share the work; the numbers stay the same.",
)


TRUNCATION = flags.DEFINE_list(
    "truncation",
    [],
    "Such as 0.5,0.7,1: further rows with latents drawn again until none is"
    " beyond +- that, as in BigGAN, kept in truncation-<name>.jsonl; and"
    " truncation-<snapshot>.png: IS against FID, or precision against recall."
    " Less truncation is more variety. The paper's generator normalises its"
    " latents, so that only the missing tails tell: a flat curve is no"
    " mistake.",
)


WATCH = flags.DEFINE_bool(
    "watch",
    False,
    "Evaluate snapshots as they appear, until the run is at its end or"
    " Ctrl-C. With --snapshot=all the earlier ones too.",
)


FORCE = flags.DEFINE_bool(
    "force",
    False,
    "Compute again what metric-<name>.jsonl already holds for the same"
    " snapshot, reals, n, seed and extractor.",
)


COMPARE_TO = flags.DEFINE_enum(
    "compare_to",
    None,
    ["paper"],
    "paper: beside the last snapshot's numbers, those that were published for"
    " the dataset, the difference, and what differs in how they were found.",
)


REALS = flags.DEFINE_string(
    "reals",
    None,
    "Without a run: a folder or .zip of images or a dataset, to compare --fakes"
    " with. All images square and of one size; a dataset takes the size of the"
    " other set, if it has that.",
)


FAKES = flags.DEFINE_string("fakes", None, "See --reals.")


OUT_DIR = flags.DEFINE_string(
    "out_dir",
    None,
    "With --reals and --fakes: a folder for metric-<name>.jsonl.",
)


PER_CLASS = flags.DEFINE_bool(
    "per_class",
    False,
    "FID of each class by itself: fakes of the class against reals of it, a"
    " row and a number of images each. For networks with labels.",
)


# Without effect on two sets of images.
OF_RUNS = (
    "watch",
    "per_class",
    "compare_to",
    "truncation",
    "snapshot",
    "data_dir",
)


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise errors.UserError(f"unexpected argument {argv[1]!r}")
    if CONVERT.value:
        with command_line.chatter_to("/dev/null"):
            convert(pathlib.Path(CONVERT.value))
    elif REALS.value or FAKES.value:
        with command_line.chatter_to("/dev/null"):
            report = compare_sets()
        print(report.table())
    elif RUN_DIR.value:
        run_dir = pathlib.Path(RUN_DIR.value)
        with command_line.chatter_to(log_path(run_dir)):
            report = evaluate_run(run_dir)
        print(report.table(), "", *run_folder.where(run_dir), sep="\n")
    else:
        raise errors.UserError(
            "--run_dir is missing: give the folder that train.py wrote, or"
            " --reals and --fakes"
        )


def evaluate_run(run_dir: pathlib.Path) -> "results.Report":
    """The snapshots of a run."""
    if OUT_DIR.value:
        raise errors.UserError(
            "--out_dir is of --reals and --fakes: the results of a run lie in"
            " its folder"
        )
    from pgan_tf.evaluation import of_classes, of_run

    options = read_options()
    if PER_CLASS.value:
        refuse_given("--per_class", "watch", "truncation", "compare_to")
        if not flags.FLAGS["metrics"].present:
            options = dataclasses.replace(options, metrics=["fid"])
        return of_classes.evaluate(run_dir, options)
    if WATCH.value:
        return of_run.watch(run_dir, options, say)
    return of_run.evaluate(run_dir, options)


def compare_sets() -> "results.Report":
    """Two sets of images, without a run."""
    reals, fakes = path_or_none(REALS.value), path_or_none(FAKES.value)
    if reals is None or fakes is None:
        raise errors.UserError("--reals and --fakes go together: give both")
    if RUN_DIR.value:
        raise errors.UserError(
            "--run_dir and --reals: give either a run or two sets of images"
        )
    refuse_given("--reals and --fakes", *OF_RUNS)
    from pgan_tf.evaluation import of_two_sets

    return of_two_sets.evaluate(reals, fakes, read_options())


def read_options() -> "options.Options":
    """What the flags say of how to evaluate."""
    from pgan_tf.evaluation import options

    return options.Options(
        metrics=METRICS.value,
        features=FEATURES.value,
        inception=path_or_none(INCEPTION.value),
        num_images=NUM_IMAGES.value,
        seed=SEED.value,
        minibatch=MINIBATCH.value,
        devices=DEVICES.value,
        force=FORCE.value,
        snapshot=SNAPSHOT.value,
        data_dir=path_or_none(DATA_DIR.value),
        truncation=[truncation(text) for text in TRUNCATION.value],
        compare_to_paper=COMPARE_TO.value == "paper",
        out_dir=path_or_none(OUT_DIR.value),
    )


def refuse_given(what: str, *names: str) -> None:
    """Refuses flags that have no effect with others."""
    for name in names:
        if flags.FLAGS[name].present:
            raise errors.UserError(
                f"--{name} has no effect with {what}: leave it out"
            )


def truncation(text: str) -> float:
    """One value of --truncation."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise errors.UserError(
            f"--truncation={text}: give numbers above 0, such as 0.5,0.7,1"
        )
    return value


def convert(source: pathlib.Path) -> None:
    """Keeps the 2015 network as a Keras model."""
    from pgan_tf.evaluation.features import inception_keras

    _, line = inception_keras.convert(source)
    say(line)


def say(line: str) -> None:
    print(line, flush=True)


def log_path(run_dir: pathlib.Path) -> pathlib.Path:
    """Where TensorFlow's own messages go."""
    if not run_folder.is_begun(run_dir):
        return pathlib.Path("/dev/null")
    return run_dir / "evaluate.log"


def path_or_none(value: str | None) -> pathlib.Path | None:
    return pathlib.Path(value) if value else None


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(main)
