"""Tests of the drawn faces."""

import numpy as np

from pgan_tf.data.sources.drawn_faces import appearance, faces, portrait
from tests import common


class FacesTest(common.TestCase):
    def test_a_face_depends_on_seed_and_index_alone(self) -> None:
        one = faces.Faces(32, 10, seed=3)
        other = faces.Faces(32, 1000, seed=3)
        self.assertAllEqual(one.image(7), other.image(7))
        self.assertAllEqual(one.label(7), other.label(7))
        self.assertNotAllEqual(one.image(7), one.image(8))
        another_seed = faces.Faces(32, 10, seed=4)
        self.assertNotAllEqual(one.image(7), another_seed.image(7))

    def test_images_at_every_resolution(self) -> None:
        coarse = faces.Faces(4, 1, 0).image(0).astype(float)
        for resolution in (8, 32, 64, 128):
            image = faces.Faces(resolution, 1, 0).image(0)
            self.assertEqual(image.shape, (resolution, resolution, 3))
            self.assertEqual(image.dtype, np.uint8)
            box = resolution // 4
            means = image.reshape(4, box, 4, box, 3).mean(axis=(1, 3))
            self.assertAllClose(means, coarse, rtol=0, atol=3)

    def test_labels_name_the_attributes(self) -> None:
        names = faces.LABEL_NAMES
        self.assertLen(names, 21)
        for index in range(300):
            face = faces.imagine(0, index)
            label = dict(zip(names, faces.label_of(face), strict=True))
            self.assertEqual(label["glasses"], face.glasses)
            self.assertEqual(label["beard"], face.beard)
            self.assertEqual(label[f"skin={face.skin}"], 1)
            for group in ("skin", "hair", "mouth"):
                members = [label[name] for name in names
                           if name.startswith(group + "=")]  # fmt: skip
                self.assertEqual(sum(members), 1)
            colours = [label[name] for name in names
                       if name.startswith("hair_colour=")]  # fmt: skip
            self.assertEqual(sum(colours), 0 if face.hair == "bald" else 1)

    def test_frequencies(self) -> None:
        labels = np.stack([
            faces.label_of(faces.imagine(0, index)) for index in range(2000)
        ])  # fmt: skip
        shares = dict(zip(faces.LABEL_NAMES, labels.mean(axis=0), strict=True))
        # Four standard deviations of 2000 draws are at most 0.045.
        self.assertAllClose(shares["skin=light"], 0.35, rtol=0, atol=0.045)
        self.assertAllClose(shares["hair=bald"], 0.08, rtol=0, atol=0.03)
        self.assertAllClose(shares["mouth=open"], 0.25, rtol=0, atol=0.045)
        self.assertAllClose(shares["glasses"], 0.25, rtol=0, atol=0.045)

    def test_attributes_are_seen(self) -> None:
        """Each changes the picture where it belongs, at 32 pixels."""
        variation = dict.fromkeys(appearance.MEASURES, 0.0)
        plain = dict(
            skin="light", hair="short", hair_colour="black", mouth="neutral",
            glasses=False, beard=False, moustache=False, variation=variation,
            tint=np.full((8, 3), 0.5),
        )  # fmt: skip
        base = portrait.draw(appearance.Face(**plain), 32).astype(float)
        expected_rows = {
            "glasses": (True, slice(12, 19)),
            "beard": (True, slice(21, 29)),
            "moustache": (True, slice(19, 23)),
            "mouth": ("open", slice(20, 27)),
            "hair": ("long", slice(16, 32)),
            "hair_colour": ("blond", slice(0, 10)),
            "skin": ("dark", slice(10, 28)),
        }
        for name, (value, rows) in expected_rows.items():
            face = appearance.Face(**{**plain, name: value})
            change = np.abs(portrait.draw(face, 32) - base)
            self.assertGreater(change[rows].max(), 60, name)
            self.assertGreater(change[rows].mean(), 0.7 * change.mean(), name)
