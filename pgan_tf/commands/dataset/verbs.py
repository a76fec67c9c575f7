"""dataset_tool.py: makes and shows datasets."""

from pgan_tf.base import command_line
from pgan_tf.base.verbs import Script, Verb
from pgan_tf.commands.dataset import flags, source_flags

_HERE = "pgan_tf.commands.dataset."

SCRIPT = Script(
    "dataset_tool",
    "Makes and shows multi-resolution TFRecord datasets of images.",
    {
        "create": Verb(
            _HERE + "create",
            """\
Makes a dataset folder: every image at 4x4, 8x8, ... up to
--resolution, one TFRecord file each, and a manifest, written last.""",
            """\
python dataset_tool.py create --source=faces --resolution=32 \\
    --out_dir=datasets/faces32
python dataset_tool.py create --source=celeba \\
    --source_dir=img_align_celeba.zip --out_dir=datasets/celeba128
python dataset_tool.py create --source=images --source_dir=photos \\
    --labels=folders --resolution=256 --out_dir=datasets/photos256
python dataset_tool.py create --source=cifar10 \\
    --source_dir=cifar-10-python.tar.gz --out_dir=datasets/cifar10
python dataset_tool.py create --source=celebahq \\
    --source_dir=img_celeba --delta_dir=deltas --out_dir=datasets/celebahq
python dataset_tool.py create --source=tfds --tfds_name=tf_flowers \\
    --tfds_download --resolution=256 --out_dir=datasets/flowers256
""",
            flags.declare_create,
            source_flags.check,
        ),
        "info": Verb(
            _HERE + "info",
            "Prints what is in a dataset: counts, labels, how it was made.",
            "python dataset_tool.py info datasets/faces32\n",
            flags.declare_info,
        ),
        "display": Verb(
            _HERE + "display",
            "Writes a contact sheet: the first images, as one PNG file.\n\n"
            "It is 512 pixels high or more: small images are enlarged. Prints "
            "where it is,\nand the labels of its images. Without --out it goes "
            "into the cache folder,\nand nothing is written here.",
            "python dataset_tool.py display datasets/faces32\n"
            "python dataset_tool.py display datasets/faces32 --out=sheet.png\n",
            flags.declare_display,
        ),
        "verify": Verb(
            _HERE + "verify",
            "Reads every byte of a dataset: checksums, shapes, whether the "
            "levels fit\neach other. Exits with 1 if something is wrong.",
            "python dataset_tool.py verify datasets/faces32\n",
            flags.declare_verify,
        ),
        "extract": Verb(
            _HERE + "extract",
            "Writes images as PNG files: with labels also a table of these.",
            "python dataset_tool.py extract datasets/faces32 --out_dir=png\n",
            flags.declare_extract,
        ),
        "compare": Verb(
            _HERE + "compare",
            "Compares images and labels of two datasets: exits with 1 if they "
            "differ.",
            "python dataset_tool.py compare datasets/faces32 copy/faces32\n",
            flags.declare_compare,
        ),
    },
)


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(
        SCRIPT.run, SCRIPT.parse, "fewer --workers of `create` take less"
    )
