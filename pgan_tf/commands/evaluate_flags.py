"""The flags of evaluate.py, its --help, and what can be refused at once."""

import argparse
from collections.abc import Sequence

from pgan_tf.base import flag_kinds, flag_parser
from pgan_tf.evaluation.metrics import by_name as metrics_by_name

DESCRIPTION = """Evaluates the snapshots of a run, or any two sets of images.

The table is printed and each number appended, with all that decides whether
it can be compared, to metric-<name>.jsonl in the run folder; TensorBoard shows
them as curves, and metric-<name>.txt is a table as the reference wrote it.
What these files hold is not computed again. Compare only numbers of equal
name and equal n, which is the number of reals and of fakes. The row Reals is
that of the real images by themselves, of metrics that look at one set. In the
row Reals2 other real images stand in place of fakes: no fakes can be expected
to do better."""

EXAMPLES = """\
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

python evaluate.py --run_dir=runs/modes-mbstd-k4 --metrics=modes \\
    --mnist=mnist --minibatch=256 --batch_statistics
    how many of 1000 kinds of stacked digits a generator draws

python evaluate.py --reals=photos --fakes=drawn.zip --metrics=fid
    two folders, .zip files or datasets of images, without a run

python evaluate.py --run_dir=runs/birds --metrics=fid \\
    --features=birdnet.keras
    the Frechet distance of your own features, called FD[birdnet:...]
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values.

    Raises:
        UserError: Names the flag.
        SystemExit: After --help.
    """
    command = flag_parser.called("evaluate")
    parser = flag_parser.Parser(command, DESCRIPTION, EXAMPLES, "evaluate")
    _declare_run(parser.section("a run"))
    _declare_sets(parser.section("two sets of images, without a run"))
    _declare_metrics(parser.section("metrics"))
    _declare_features(parser.section("features"))
    _declare_work(parser.section("how it is computed"))
    return parser.parse(arguments)


def _declare_run(section: flag_parser.Section) -> None:
    add = section.add
    add("run_dir", "The run folder that train.py wrote.", flag_kinds.FOLDER)
    add(
        "snapshot",
        "latest, all, a number of kimg, or a file: .keras, .pkl, .pth and "
        "others.",
        flag_kinds.WORD_OR_PATH,
        default="latest",
    )
    add(
        "data_dir",
        "The dataset of the reals; default: the run's.",
        flag_kinds.FOLDER,
    )
    section.switch(
        "watch",
        "Evaluate snapshots as they appear, until the run is at its end or "
        "Ctrl-C. With --snapshot=all the earlier ones too.",
    )
    section.switch(
        "per_class",
        "FID of each class by itself: fakes of the class against reals of it, "
        "a row and a number of images each. For networks with labels.",
    )
    add(
        "truncation",
        "Such as 0.5,0.7,1: further rows with latents drawn again until none "
        "is beyond +- that, as in BigGAN, kept in truncation-<name>.jsonl; and "
        "truncation-<snapshot>.png: IS against FID, or precision against "
        "recall. Less truncation is more variety. The paper's generator "
        "normalises its latents, so that only the missing tails tell: a flat "
        "curve is no mistake.",
        flag_kinds.Kind(truncations, "X,Y,..."),
        default=[],
    )
    add(
        "compare_to",
        "paper: beside the last snapshot's numbers, those that were published "
        "for the dataset, the difference, and what differs in how they were "
        "found.",
        flag_kinds.one_of(("paper",)),
    )

    section.switch(
        "batch_statistics",
        "Generators with batch normalisation draw with the statistics of each "
        "minibatch, as in training, in place of those gathered. The paper "
        "counted modes so, with --minibatch=256.",
    )


def _declare_sets(section: flag_parser.Section) -> None:
    section.add(
        "reals",
        "A folder or .zip of images or a dataset, to compare --fakes with. All "
        "images square and of one size; a dataset takes the size of the other "
        "set, if it has that.",
        flag_kinds.FOLDER,
    )
    section.add("fakes", "See --reals.", flag_kinds.FOLDER)
    section.add(
        "out_dir", "A folder for metric-<name>.jsonl.", flag_kinds.FOLDER
    )


def _declare_metrics(section: flag_parser.Section) -> None:
    section.add(
        "metrics",
        f"Which metrics.\n{metrics_by_name.described()}\n"
        "Features are those of Inception, of the dataset's labels or of your "
        "own model: see --features. With as many images as in its paper a "
        f"metric is called {metrics_by_name.aliases()}.",
        flag_kinds.WORDS,
        default=list(metrics_by_name.DEFAULT),
    )
    section.add(
        "num_images",
        "Reals and as many fakes; default: the run's --eval_num_images, or as "
        "many as in the metric's paper, but no more than the dataset has.",
        flag_kinds.POSITIVE,
    )
    section.add(
        "seed",
        "Of the latents, the choice of reals and all other draws.",
        flag_kinds.SEED,
        default=0,
    )


def _declare_features(section: flag_parser.Section) -> None:
    section.add(
        "features",
        "What fid, is, kid, pr and ppl look at; default: the run's "
        "--eval_features.\n"
        "inception: the 2015 Inception graph, the only one whose numbers are "
        "called FID and IS.\n"
        "labels: a small classifier, trained on the dataset's own labels at "
        "the first use; its numbers are called FD[labels:...] and "
        "CS[labels:...].\n"
        "random: a network that was never trained, for smoke runs and to "
        "compare snapshots of one run; FD-random[...].\n"
        "A .keras file or the folder of a SavedModel: a model that receives "
        "float32 RGB images [N,H,W,3] in 0..255, resized to its own input size "
        "(bilinear as in TensorFlow 1) if that is fixed, and returns features "
        "[N,D] or the pair (features, logits). Models that hold Python code or "
        "reach for files are refused.",
        flag_kinds.WORD_OR_PATH,
    )
    section.add(
        "inception",
        "inception-2015-12-05.tgz, the classify_image_graph_def.pb in it or "
        "what --convert_inception made of it; implies --features=inception. "
        "Default: downloaded once to ~/.cache/pgan_tf (or "
        "$XDG_CACHE_HOME/pgan_tf). Without it and without a network, fid and "
        "is are left out and the others computed.",
        flag_kinds.FILE,
    )
    section.add(
        "convert_inception",
        "Convert that file (as of --inception) into a Keras model, kept in "
        "~/.cache/pgan_tf and preferred from then on; nothing else is done. It "
        "is the same network within 1e-5 and faster than the graph in the "
        "file; its numbers are called FID (2015 weights, Keras port).",
        flag_kinds.FILE,
    )

    section.add(
        "mnist",
        "The folder of MNIST's four idx files: modes has a classifier learn "
        "them, once, in about six minutes of one CPU core; it is kept in "
        "~/.cache/pgan_tf.",
        flag_kinds.FOLDER,
    )


def _declare_work(section: flag_parser.Section) -> None:
    section.add(
        "minibatch",
        "Images at a time; default: by resolution. Does not change the "
        "numbers.",
        flag_kinds.POSITIVE,
    )
    section.add(
        "devices",
        "As of train.py: such as GPU:0,GPU:1; default: all visible GPUs, or "
        "the CPU. They share the work; the numbers stay the same.",
        default="",
    )
    section.switch(
        "force",
        "Compute again what metric-<name>.jsonl already holds for the same "
        "snapshot, reals, n, seed and extractor.",
    )


def truncations(text: str) -> list[float]:
    """Reads the values of --truncation."""
    try:
        return [flag_kinds.above_zero(each) for each in flag_kinds.words(text)]
    except ValueError:
        raise ValueError("give numbers above 0, such as 0.5,0.7,1") from None
