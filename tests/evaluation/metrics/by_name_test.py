import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from tests import common

# What decides whether two numbers can be compared, and what a metric needs:
# by key its title and other title, its least number of images, what it looks
# at, whether at reals, whether at walks, and what is kept with each number.
KINDS = {
    "fid": ("FID", "FD", 2, "features", True, False, {"ddof": 1}),
    "is": ("IS", "CS", 10, "logits", False, False, {"splits": 10}),
    "swd": (
        *("SWDx1e3", "", 1, "pixels", True, False),
        {"patches_per_image": 128, "directions": 512},
    ),
    "msssim": (
        *("MS-SSIM", "", 2, "pixels", False, False),
        {
            "weights": [0.0448, 0.2856, 0.3001, 0.2363, 0.1333],
            "window": 11,
            "sigma": 1.5,
        },
    ),
    "kid": (
        *("KIDx1e3", "KDx1e3", 2, "features", True, False),
        {"subsets": 100, "subset_size": 1000, "estimator": "unbiased"},
    ),
    "pr": (
        *("PR[inception]", "PR", 6, "features", True, False),
        {"k": 3, "k_density": 5},
    ),
    "nn": (
        *("NN[pixels]", "", 9, "pixels", True, False),
        {"size": 64, "neighbours": 8, "quantile": 0.01, "mirrored": True},
    ),
    "ppl": (
        *("PPL[inception]", "PPL", 1, "features", False, True),
        {"epsilon": 1e-4, "trimmed": 0.01, "space": "z"},
    ),
    # What else decides it, it knows of its classifier.
    "modes": ("modes", "", 10, "digits", False, False, {}),
}


class ParseTest(common.TestCase):
    def test_names_and_aliases(self):
        asked = metrics_by_name.parse(["swd16k", "fid", "fid"])
        found = [(kind.key, count) for kind, count in asked.items()]
        self.assertEqual(found, [("swd", 16_384), ("fid", None)])

    def test_mistakes(self):
        cases = {
            ("qqq",): "--metrics=qqq: the known metrics are fid, is",
            ("swd", "FID"): "--metrics=swd,FID; did you mean fid. the known",
            ("fid50",): "did you mean fid50k. the known metrics are fid, is",
            (): "--metrics=: the known",
            ("fid", "fid50k"): "names a metric twice",
        }
        for names, line in cases.items():
            with self.assertRaisesRegex(errors.UserError, line):
                metrics_by_name.parse(names)

    def test_every_metric_says_what_it_is(self):
        keys = [kind.key for kind in metrics_by_name.KINDS]
        self.assertLen(set(keys), len(keys))
        for kind in metrics_by_name.KINDS:
            self.assertStartsWith(kind.alias, kind.key)
            looks_through_features = kind.needs in ("features", "logits")
            self.assertEqual(bool(kind.other_title), looks_through_features)

    def test_a_line_each_in_help(self):
        """What it measures, which way is better, what it needs."""
        expected = """
        what it measures                        better    needs
fid     distance of features: realism, variety  lower     features
is      whether images are clear and varied     higher    features
swd     distance of patches, by resolution      lower     images
msssim  how alike images are: variety alone     as Reals  images
kid     as fid, but fair with few images        lower     features
pr      realism (precision), variety (recall)   higher    features
nn      copies of training images; a picture    0.01      images
ppl     how smoothly images follow latents      lower     features, a run
modes   stacked digits that occur, of 1000      1000      MNIST
"""
        self.assertEqual(metrics_by_name.described(), expected.strip("\n"))

    def test_what_each_is(self):
        found = {
            kind.key: (
                *(kind.title, kind.other_title, kind.minimum, kind.needs),
                *(kind.uses_reals, kind.walks, dict(kind.facts)),
            )
            for kind in metrics_by_name.KINDS
        }
        self.assertEqual(found, KINDS)

    def test_aliases_are_the_papers_numbers(self):
        """Of images; MS-SSIM's 10k are pairs, so are PPL's 100k."""
        counts = {
            kind.alias: kind.paper_count for kind in metrics_by_name.KINDS
        }
        expected = {
            "fid50k": 50_000,
            "is50k": 50_000,
            "swd16k": 16_384,
            "msssim10k": 20_000,
            "kid50k": 50_000,
            "pr50k": 50_000,
            "nn10k": 10_000,
            "ppl100k": 100_000,
            "modes256k": 256_000,
        }
        self.assertEqual(counts, expected)


if __name__ == "__main__":
    tf.test.main()
