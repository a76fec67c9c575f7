from unittest import mock

import tensorflow as tf

from pgan_tf.evaluation import published, results
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics.metric import Value
from tests import common


def dataset(name="celeba128", count=202_599, manifest=None):
    made = mock.Mock(manifest=manifest, num_images=count)
    made.name = name
    return made


def result(key, value, count, label="X"):
    return results.Result("a.keras", key, label, count, Value(value))


def extractor(**options):
    return Extractor("mine", "0" * 64, lambda x: (x, None), **options)


class PublishedTest(common.TestCase):
    def test_which_dataset(self):
        cases = {
            "celeba128": "CelebA",
            "celebahq": "CelebA-HQ",
            "cifar10": "CIFAR-10",
            "faces32": None,
            "lsun-bedroom-100k": "LSUN bedroom",
        }
        for name, expected in cases.items():
            found = published.known_as(dataset(name))
            self.assertEqual(found, expected)
        manifest = {
            "source": "lsun",
            "options": {"source_dir": "church_outdoor_train_lmdb"},
            "files": {"cifar10": {}},
        }
        mine = dataset("mine", manifest=manifest)
        self.assertEqual(published.known_as(mine), "LSUN church")

    def test_same_protocol(self):
        """Karras et al. 2018, table 1, row (h): 2.96."""
        found = [result("swd", 3.0, 16_384, "SWDx1e3")]
        lines = published.compare(found, dataset(), 128, True, None)
        expected = [
            "SWDx1e3 3.0000",
            "  published 2.96, so +0.04 here: CelebA 128x128, Karras et al."
            " 2018, table 1 (h)",
            "    what differs: nothing that is known",
            "  published 8.15, so -5.15 here: CelebA 128x128, retrained by"
            " mmgeneration, configs/pggan/README.md",
            "    what differs: nothing that is known",
        ]
        self.assertEqual(lines, expected)

    def test_everything_differs(self):
        found = [result("fid", 20.0, 5_000, "FD[mine:00000000]")]
        reals = dataset("celebahq64", 1_000)
        own, sentence, differs = published.compare(
            found, reals, 64, False, extractor()
        )
        self.assertEqual(own, "FD[mine:00000000] 20.00")
        self.assertIn("7.3, so +12.7 here: CelebA-HQ 1024x1024", sentence)
        for part in (
            "resolution 64, published 1024",
            "a dataset of 1,000 images, published 30,000",
            "reals not mirrored, published mirrored",
            "n=5,000, published 50,000",
            "features mine:00000000, published 2015 Inception",
        ):
            self.assertIn(part, differs)

    def test_canonical_features_do_not_differ(self):
        found = [result("is", 8.0, 50_000, "IS")]
        *_, differs = published.compare(
            found,
            dataset("cifar10", 50_000),
            32,
            False,
            extractor(canonical=True),
        )
        self.assertEqual(differs, "    what differs: nothing that is known")

    def test_nothing_published(self):
        (line,) = published.compare([], dataset("faces32"), 32, False, None)
        self.assertIn("no published numbers for faces32", line)
        found = [result("kid", 1.0, 10, "KID")]
        (line,) = published.compare(found, dataset(), 128, True, None)
        self.assertEqual(line, "KID 1.0000; none is published for CelebA")

    def test_every_number_is_of_a_known_dataset(self):
        for number in published.NUMBERS:
            self.assertIn(number.data, published.DATASETS)


if __name__ == "__main__":
    tf.test.main()
