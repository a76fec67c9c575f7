"""The flags of generate.py's verbs, with their help."""

from pgan_tf.base import flag_kinds, video
from pgan_tf.base.flag_parser import Parser, Section
from pgan_tf.commands.generate import values
from pgan_tf.networks import export_formats


def declare_images(parser: Parser) -> None:
    """Declares the flags of `images`."""
    what = _declare_network(parser)
    _declare_out(
        what,
        "A folder: a PNG file for each picture. A .png file: the one picture, "
        "or all of them as a contact sheet.",
        flag_kinds.FILE,
    )
    declare_drawing(parser)
    what.add(
        "latents",
        "Instead of seeds: float latents [N,latent_size] in a .npy file.",
        flag_kinds.FILE,
    )
    what.add(
        "grid",
        "A contact sheet of columns x rows, such as 15x8; in a folder it is "
        "called grid.png.",
        values.GRID,
    )
    how = parser.section("how to draw")
    _declare_class(how)
    _declare_zoom(
        how,
        "default: contact sheets until they are 512 pixels high (1 with "
        "--shrink), single pictures as the network draws them.",
    )
    _declare_shrink(how)


def declare_drawing(parser: Parser) -> None:
    """Declares the flags of `images` that `pgan_tf.generate` has as well."""
    parser.section("what and where").add(
        "seeds",
        "Numbers and ranges, such as 0-99,200. Default: 0-15; with --grid 0, "
        "1, ... until the grid is full.",
        values.SEEDS,
    )
    how = parser.section("how to draw")
    _declare_truncation(how)
    _declare_minibatch(how)


def declare_interpolate(parser: Parser) -> None:
    """Declares the flags of `interpolate`."""
    what = _declare_network(parser)
    _declare_video(what, " A .png shows all frames in a row.")
    walk = parser.section("the walk")
    walk.add("duration", "Seconds.", flag_kinds.ABOVE_ZERO, default=60.0)
    walk.add("fps", "Frames per second.", values.FPS, default=30)
    walk.add(
        "smoothing",
        "How slowly pictures change: the Gaussian filter's sigma, in seconds.",
        flag_kinds.ABOVE_ZERO,
        default=1.0,
    )
    walk.add("grid", "Columns x rows of walks.", values.GRID, default="1x1")
    walk.add("seed", "Of the random walk.", values.SEED, default=1000)
    walk.add(
        "between",
        "Instead of a random walk: seeds to go through, such as 3,17,42.",
        values.SEEDS,
    )
    how = parser.section("how to draw")
    _declare_class(how)
    _declare_truncation(how)
    _declare_zoom(how, _UNTIL_SEEN)
    _declare_shrink(how)
    _declare_minibatch(how)


def declare_training_video(parser: Parser) -> None:
    """Declares the flags of `training_video`."""
    what = parser.section("what and where")
    what.add("run_dir", "The run folder.", flag_kinds.FOLDER, required=True)
    _declare_video(what)
    how = parser.section("how to show it")
    how.add(
        "duration",
        "Seconds; the last picture stays a little longer.",
        flag_kinds.ABOVE_ZERO,
        default=20.0,
    )
    how.add("fps", "Frames per second.", values.FPS, default=30)
    how.add(
        "grid",
        "Columns x rows to show, from the upper left; default: all.",
        values.GRID,
    )
    _declare_zoom(how, _UNTIL_SEEN)
    _declare_shrink(how)


def declare_project(parser: Parser) -> None:
    """Declares the flags of `project`."""
    what = _declare_network(parser)
    what.add(
        "target",
        "An image file; its largest square in the middle counts. Crop photos "
        "as those of the dataset are.",
        flag_kinds.FILE,
        required=True,
    )
    _declare_out(what, "Folder for the results.", flag_kinds.FOLDER)
    _declare_class(what)
    how = parser.section("the search")
    how.add("steps", "Of gradient descent.", flag_kinds.POSITIVE, default=500)
    how.add(
        "restarts",
        "Searches from different latents, of which the best counts.",
        flag_kinds.POSITIVE,
        default=4,
    )
    how.add("seed", "Of the latents to start from.", values.SEED, default=0)
    how.add(
        "features",
        "Whose features of the pictures are compared too: random, labels (a "
        "classifier of the run's dataset), inception (once converted) or a "
        "model of your own, .keras or SavedModel, as evaluate.py takes them.",
        flag_kinds.WORD_OR_PATH,
    )
    how.add(
        "video",
        "Of the search.",
        flag_kinds.one_of((*(each[1:] for each in video.FORMATS), "none")),
        default="mp4",
    )


def declare_explore(parser: Parser) -> None:
    """Declares the flags of `explore`."""
    what = _declare_network(parser)
    what.add(
        "out",
        "The page, such as explore.html: one file with the network in it, "
        "which any browser opens. For networks whose pictures a browser draws "
        "in three seconds or less.",
        flag_kinds.FILE,
    )
    what.switch(
        "serve",
        "Instead of --out: show the page to browsers on this machine, and draw "
        "its pictures here, until Ctrl-C. For networks of any size.",
    )
    what.add(
        "port",
        "Of --serve; default: any that is free.",
        values.PORT,
        default=0,
    )
    what.add(
        "seeds",
        "Of the pictures to start from.",
        values.SEEDS,
        default="0-5",
    )
    _declare_class(what)
    sliders = parser.section("sliders")
    sliders.add(
        "directions",
        "Principal directions.",
        flag_kinds.POSITIVE,
        default=8,
    )
    sliders.add(
        "attributes",
        "At most so many attributes of the dataset, the clearest first; 0: "
        "none. A classifier of them is trained at first use, as by evaluate.py "
        "--features=labels.",
        flag_kinds.NOT_NEGATIVE,
        default=8,
    )
    sliders.add(
        "reach",
        "How far sliders go from the origin, both ways. Latents spread by 1 "
        "along each direction.",
        flag_kinds.ABOVE_ZERO,
        default=5.0,
    )
    _declare_minibatch(parser.section("how to draw"))


def declare_import(parser: Parser) -> None:
    """Declares the flags of `import`."""
    what = parser.section("what and where")
    what.add(
        "network",
        "A file of networks: NVIDIA's .pkl, or .pth, .pt, .bin or .tar; or "
        "hub:NAME.",
        flag_kinds.FILE,
        required=True,
    )
    _declare_out(what, "The .keras file to write.", flag_kinds.FILE)


def declare_export(parser: Parser) -> None:
    """Declares the flags of `export`."""
    what = _declare_network(parser)
    what.add(
        "format",
        "keras: stock layers of Keras 3, without classes of ours. savedmodel: "
        "a folder for TensorFlow. onnx: for ONNX Runtime and others. tflite: "
        "for LiteRT, on phones.",
        flag_kinds.one_of(tuple(sorted(export_formats.FORMATS))),
        required=True,
    )
    _declare_out(what, "File, or folder for savedmodel.", flag_kinds.FILE)
    how = parser.section("what it draws")
    how.switch(
        "uint8", "Images as pixels 0..255; if not: float32, about -1..1."
    )
    how.add(
        "lod",
        "Level of detail that the model has for good, 0 for the final one; "
        "default: the network's own.",
        flag_kinds.NUMBER,
    )


def _declare_network(parser: Parser) -> Section:
    section = parser.section("what and where")
    section.add(
        "network",
        "A network snapshot (.keras, or another program's file, as `import` "
        "takes), or a run folder: its latest one.",
        flag_kinds.FILE,
        required=True,
    )
    return section


def _declare_out(section: Section, help: str, kind: flag_kinds.Kind) -> None:
    section.add("out", help, kind, required=True)


def _declare_video(section: Section, more: str = "") -> None:
    """`more` is what else --out may name."""
    help = 'The video: .mp4 (needs "pgan_tf[video]"), .gif or .webp.'
    _declare_out(section, help + more, flag_kinds.FILE)


def _declare_class(section: Section) -> None:
    section.add(
        "class",
        "For networks that take labels: a class by its name or number, such as "
        "7; of attributes any number of them, such as Smiling,Male, or none. "
        "Names come from the dataset of the run.",
        dest="label",
    )


def _declare_truncation(section: Section) -> None:
    section.add(
        "truncation",
        "Draw latents of seeds without values beyond +-this, such as 0.7: "
        "tamer pictures, less variety. Default: no limit.",
        flag_kinds.ABOVE_ZERO,
    )


_UNTIL_SEEN = "default: until it is 512 pixels high; 1 with --shrink."


def _declare_zoom(section: Section, default: str) -> None:
    section.add(
        "zoom",
        f"Repeat each pixel so many times both ways; {default}",
        flag_kinds.POSITIVE,
    )


def _declare_shrink(section: Section) -> None:
    section.add(
        "shrink",
        "Make pictures smaller by this power of two, each pixel the mean of a "
        "box.",
        values.POWER_OF_TWO,
        default=1,
    )


def _declare_minibatch(section: Section) -> None:
    section.add(
        "minibatch",
        "Images at a time on each device; default: by resolution. Does not "
        "change the pictures.",
        flag_kinds.POSITIVE,
    )
