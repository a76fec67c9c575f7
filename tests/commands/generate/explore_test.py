"""`explore`: what the page holds."""

import argparse
import base64
import io
import json
import re
import shutil
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import images
from pgan_tf.commands.generate import explore
from pgan_tf.networks import snapshots
from pgan_tf.sampling import directions, drawing, latent_table
from tests import small_run
from tests.commands.generate import generate_case


class ExploreTest(generate_case.GenerateCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.cwd)
        self.draw = ("explore", f"--network={self.run_dir}")
        # Where the classifier of the labels is kept.
        self.cache_folder()

    def content(self, name: str = "page.html") -> dict:
        """What the page holds, which must be all it needs."""
        text = (self.cwd / name).read_text()
        self.assertNotRegex(text, r"https?:|src=|href=|@import")
        found = re.search(r'id="content">(.*?)</script>', text, re.S)
        return json.loads(found[1])

    def sprite(self, card: dict) -> np.ndarray:
        head, data = card["sprite"].split(",")
        self.assertEqual(head, "data:image/webp;base64")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))

    def test_directions_and_attributes(self):
        output = self.succeed(
            *self.draw, "--out=page.html", "--directions=3", "--seeds=4,7",
            "--places=5", "--reach=2",
        )  # fmt: skip
        self.assertRegex(
            output, "^wrote 3 principal directions and [12] attributes to page"
        )
        content = self.content()
        self.assertEqual((content["seeds"], content["places"]), ([4, 7], 5))
        sections = [card["section"] for card in content["cards"]]
        self.assertEqual(sections[:3], ["Principal directions"] * 3)
        self.assertEqual(sections[3], "Attributes")
        self.assertIn(content["cards"][3]["title"], ("0", "1"))
        # The sliders begin at the places nearest to the latents, and there
        # are the pictures of these latents.
        G = snapshots.load_generator(self.run_dir)
        samples = latent_table.latents(0, 2000, G.latent_size, seed=0)
        activations = np.asarray(G.first_activations(samples))
        found = directions.principal(samples, activations, 3)
        latents = np.concatenate(
            [latent_table.latents(0, 1, G.latent_size, seed) for seed in (4, 7)]
        )
        places = np.linspace(-2, 2, 5)
        for card, vector in zip(content["cards"], found.vectors, strict=False):
            sprite = self.sprite(card)
            self.assertEqual(sprite.shape, (2 * 16, 5 * 16, 3))
            nearest = np.abs((latents @ vector)[:, None] - places)
            self.assertAllEqual(card["starts"], nearest.argmin(axis=1))
            moved = directions.along(latents, vector, places)[1, 4]
            drawn = drawing.generate(G, moved[None])[0]
            expected = images.to_uint8(drawn).astype(int)
            error = sprite[16:, 64:] - expected
            # Noise of an untrained network suits no lossy format; but only
            # these latents give this picture.
            other = sprite[:16, :16] - expected
            self.assertLess(np.abs(error).mean(), 0.6 * np.abs(other).mean())

    def test_the_clearest_attributes_first(self):
        manifest = self.cwd / "dataset" / "dataset.json"
        content = json.loads(manifest.read_text())
        content["labels"] = {"names": ["dark", "bright"], "kind": "onehot"}
        manifest.write_text(json.dumps(content))
        G = snapshots.load_generator(self.run_dir)
        samples = latent_table.latents(0, 20, G.latent_size, seed=0)
        found = directions.Directions(np.eye(2, 8), np.array([0.3, 0.9]))
        logits = np.zeros((20, 2))
        for most, expected in ((8, ["bright", "dark"]), (1, ["bright"])):
            args = argparse.Namespace(
                attributes=most, network=str(self.run_dir), minibatch=None
            )
            with (
                mock.patch.object(
                    explore.features_by_name,
                    "from_labels",
                    return_value=lambda pixels: (None, logits[: len(pixels)]),
                ),
                mock.patch.object(
                    explore.directions, "linear", return_value=found
                ),
            ):
                named, _ = explore.find_attributes(args, G, samples, None)
            self.assertEqual([title for _, title, *_ in named], expected)
            self.assertAllEqual(named[0][3], np.eye(2, 8)[1])

    def test_without_the_dataset(self):
        shutil.rmtree(self.cwd / "dataset")
        output = self.call(*self.draw, "--out=page.html", "--directions=2",
                           "--seeds=0", "--places=3")  # fmt: skip
        self.assertIn("0 attributes (the run's dataset is not here)", output)
        self.assertLen(self.content()["cards"], 2)
        output = self.call(
            *self.draw, "--out=a.html", "--directions=1", "--seeds=0",
            "--attributes=0", "--size=4",
        )  # fmt: skip
        self.assertIn("and 0 attributes to a.html", output)
        (card,) = self.content("a.html")["cards"]
        self.assertEqual(self.sprite(card).shape, (4, 9 * 4, 3))

    def test_texts_cannot_leave_their_place(self):
        text = explore.render({"title": "</title><b>", "cards": ["</script>"]})
        self.assertIn("<title>&lt;/title&gt;&lt;b&gt;</title>", text)
        self.assertEqual(text.count("</script>"), 2)
        self.assertIn('"\\u003c/script>"', text)

    def test_mistakes(self):
        cases = {
            "--directions=9: the network's latents have 8": ("--directions=9",),
            "give a smaller --size": ("--seeds=0-1999",),
            "--places=2: must be": ("--places=2",),
            "--out=run: name a .html file": ("--out=run",),
            "--out=page.png: name a .html file": ("--out=page.png",),
            "--out=folder.html: is a folder": ("--out=folder.html",),
        }
        (self.cwd / "folder.html").mkdir()
        for message, args in cases.items():
            self.refuse(message, *self.draw, "--out=x.html", *args)
