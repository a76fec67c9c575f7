import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.evaluation.features.extractor import Extractor
from tests import common


class ExtractorTest(common.TestCase):
    def test_values_that_are_not_finite(self):
        extractor = Extractor(
            "broken", "0" * 64, lambda images: (np.full((2, 3), np.nan), None)
        )
        with self.assertRaisesRegex(errors.UserError, "broken:00000000"):
            extractor(np.zeros((2, 4, 4, 3), np.uint8))


if __name__ == "__main__":
    tf.test.main()
