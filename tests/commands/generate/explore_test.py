"""`explore`: what the page holds."""

import argparse
import base64
import html
import io
import json
import re
import shutil
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import images, web_page
from pgan_tf.commands.generate import explore
from pgan_tf.networks import browser, snapshots
from pgan_tf.sampling import directions, drawing, latent_table
from tests import browsers, small_run
from tests.commands.generate import generate_case


class ExploreTest(generate_case.GenerateCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.cwd)
        self.draw = ("explore", f"--network={self.run_dir}")
        self.G = snapshots.load_generator(self.run_dir)
        # Where the classifier of the labels is kept.
        self.cache_folder()

    def page(self, name: str = "page.html") -> str:
        """The page, which must be all it needs."""
        text = (self.cwd / name).read_text()
        self.assertNotRegex(text, r'https?:|src="(?!data:)|href=|@import')
        self.assertIn("connect-src 'none'", text)
        return text

    def content(self, page: str) -> dict:
        """What its script works on."""
        found = re.search(r'id="data">(.*?)</script>', page, re.S)
        return json.loads(found[1])

    def sliders(self, page: str) -> list[tuple[str, ...]]:
        """Section, title, remark, least, most and value of each."""
        found = []
        for section, text in re.findall(
            r"<section><h2>(.*?)</h2>(.*?)</section>", page, re.S
        ):
            for each in re.findall(
                r'<label for="slider\d+">(.*?)<small>(.*?)</small></label>'
                r'<input id="slider\d+" type="range" min="(.*?)" max="(.*?)" '
                r'step="0.1" value="(.*?)" list="zero"><output',
                text,
            ):
                found.append((html.unescape(section), *each))
        return found

    def expected(self, count: int) -> directions.Directions:
        """The principal directions, by what they are made of."""
        samples = latent_table.latents(0, 2000, self.G.latent_size, seed=0)
        activations = np.asarray(self.G.first_activations(samples))
        return directions.principal(samples, activations, count)

    def test_directions_and_attributes(self):
        output = self.succeed(
            *self.draw, "--out=page.html", "--directions=3", "--seeds=4,7",
            "--reach=2",
        )  # fmt: skip
        self.assertRegex(
            output, "^wrote 3 principal directions and [12] attributes to page"
        )
        page = self.page()
        content = self.content(page)
        self.assertEqual(content["seeds"], [4, 7])
        # One design with the page of a run.
        self.assertIn(web_page.design(), page)
        sliders = self.sliders(page)
        self.assertLen(sliders, len(content["directions"]))
        # What has a name comes first.
        count = len(sliders) - 3
        self.assertEqual(
            [section for section, *_ in sliders],
            ["Attributes"] * count + ["Principal directions"] * 3,
        )
        self.assertIn(sliders[0][1], ("0", "1"))
        titles = [each["title"] for each in content["directions"]]
        self.assertEqual(titles, [each[1] for each in sliders])
        found = self.expected(3)
        for i, (vector, strength) in enumerate(
            zip(found.vectors, found.strengths, strict=True)
        ):
            self.assertEqual(
                sliders[count + i][1:],
                (f"Direction {i + 1}", f"{strength:.1%} of variance")
                + ("-2", "2", "0"),
            )
            given = content["directions"][count + i]["vector"]
            self.assertAllClose(given, vector, rtol=0, atol=1e-4)
        for seed, latent in zip((4, 7), content["origins"], strict=True):
            (expected,) = latent_table.latents(0, 1, self.G.latent_size, seed)
            self.assertAllClose(latent, expected, rtol=1e-4, atol=1e-6)

    def test_pictures_to_start_from(self):
        """There without JavaScript, too."""
        self.call(*self.draw, "--out=page.html", "--directions=1",
                  "--attributes=0", "--seeds=4,7")  # fmt: skip
        sources = re.findall(
            r'<button title="seed (\d+)"><img src="([^"]*)" alt="seed \1">',
            self.page(),
        )
        self.assertEqual([seed for seed, _ in sources], ["4", "7"])
        latents = latent_table.latents_of_seeds([4, 7], self.G)
        drawn = images.to_uint8(drawing.generate(self.G, latents)).astype(int)
        for i, (_, source) in enumerate(sources):
            head, data = source.split(",")
            self.assertEqual(head, "data:image/webp;base64")
            picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
            # Noise of an untrained network suits no lossy format; but only
            # this latent gives this picture.
            error = np.abs(picture - drawn[i]).mean()
            self.assertLess(error, 0.6 * np.abs(picture - drawn[1 - i]).mean())

    def test_sliders_add_up(self):
        """Moved as a hand does, in a browser."""
        self.call(*self.draw, "--out=page.html", "--directions=3",
                  "--attributes=0", "--seeds=4,7")  # fmt: skip
        told = json.loads(browsers.said(self.page(), """
            const settle = async () => {
              do await new Promise((done) => setTimeout(done, 50));
              while (isDrawing);
            };
            const look = async () => {
              await settle();
              const canvas = document.querySelector("canvas");
              const {data} = canvas.getContext("2d").getImageData(
                0, 0, canvas.width, canvas.height);
              return {pixels: [...data], sum: $("sum").textContent,
                values: sliders.map(
                  (each) => each.querySelector("output").textContent),
                stuck: $("back").disabled};
            };
            const move = (i, value) => {
              const input = $(`slider${i}`);
              input.value = value;
              input.dispatchEvent(new Event("input"));
            };
            const seen = {start: await look()};
            document.querySelectorAll("#origins button")[1].click();
            move(0, 1.5);
            move(2, -2);
            seen.moved = await look();
            $("compare").click();
            seen.compared = await look();
            $("compare").click();
            seen.again = await look();
            $("back").click();
            seen.back = await look();
            say(JSON.stringify(seen));"""))  # fmt: skip
        origins = latent_table.latents_of_seeds([4, 7], self.G)
        vectors = self.expected(3).vectors
        moved = origins[1] + 1.5 * vectors[0] - 2 * vectors[2]
        latents = np.stack([*origins, moved]).astype(np.float32)
        drawn = images.to_uint8(drawing.generate(self.G, latents)).astype(int)
        for name, wanted in (
            *(("start", 0), ("moved", 2), ("compared", 1)),
            *(("again", 2), ("back", 1)),
        ):
            pixels = np.reshape(told[name]["pixels"], (16, 16, 4))[..., :3]
            error = np.abs(pixels - drawn[wanted]).max()
            # Of weights in float16.
            self.assertLessEqual(error, 6, name)
        # Which all of these differ by far more than.
        self.assertGreater(np.abs(drawn[2] - drawn[1]).max(), 30)
        self.assertEqual(told["start"]["values"], ["0", "0", "0"])
        self.assertEqual(told["moved"]["values"], ["+1.5", "0", "\u22122.0"])
        self.assertEqual(
            told["moved"]["sum"],
            "origin (seed 7) + 1.5 \u00d7 Direction 1 "
            "\u2212 2.0 \u00d7 Direction 3",
        )
        self.assertEqual(told["compared"]["values"], told["moved"]["values"])
        self.assertEqual(told["back"]["values"], ["0", "0", "0"])
        self.assertEqual(told["back"]["sum"], "origin (seed 7)")
        self.assertTrue(told["back"]["stuck"])
        self.assertFalse(told["moved"]["stuck"])

    def test_a_class(self):
        """Is told to the network in the page, and shown."""
        run_dir = small_run.make(self.folder(), label_size=2)
        packed = []
        real = browser.pack

        def pack(network, label):
            packed.append(label)
            return real(network, label)

        with mock.patch.object(browser, "pack", pack):
            self.call("explore", f"--network={run_dir}", "--class=1",
                      "--directions=1", "--attributes=0", "--seeds=3",
                      "--out=page.html")  # fmt: skip
        self.assertAllEqual(packed, [[0, 1]])
        steps = self.content(self.page())["network"]["steps"]
        (label,) = (each for each in steps if each["op"] == "label")
        self.assertEqual(label["values"], [0, 1])

    def test_networks_that_a_browser_is_too_slow_for(self):
        small = ("--directions=1", "--attributes=0", "--seeds=0")
        with mock.patch.object(explore, "MOST_MACS", 1e4):
            with mock.patch.object(explore, "MACS_PER_SECOND", 1e3):
                self.refuse(
                    r"would take some \d{2,} seconds for each .*--serve",
                    *self.draw, "--out=page.html", *small,
                )  # fmt: skip
            self.assertFalse((self.cwd / "page.html").exists())
            # Nor does what is served need to be packed.
            with mock.patch.object(explore.explore_server, "serve") as serve:
                output = self.call(*self.draw, "--serve", "--port=81", *small)
        self.assertEqual(
            output, "found 1 principal directions and 0 attributes\n"
        )
        page, network, label, port = serve.call_args.args
        self.assertIsNone(self.content(page)["network"])
        self.assertIn("connect-src 'self'", page)
        self.assertEqual((network.latent_size, label, port), (8, None, 81))

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
                           "--seeds=0")  # fmt: skip
        self.assertIn("0 attributes (the run's dataset is not here)", output)
        self.assertLen(self.content(self.page())["directions"], 2)
        output = self.call(*self.draw, "--out=a.html", "--directions=1",
                           "--seeds=0", "--attributes=0")  # fmt: skip
        self.assertIn("and 0 attributes to a.html", output)
        self.assertLen(self.sliders(self.page("a.html")), 1)

    def test_texts_cannot_leave_their_place(self):
        """Names of runs and labels are anybody's."""
        args = argparse.Namespace(
            network="runs/</title><b>", seeds=[3], reach=5.0, minibatch=None
        )
        named = [("Attributes", "</script><i>", "{{data}}", np.eye(8)[0])]
        page = explore.render(args, self.G, None, named, None)
        self.assertIn(
            "<title>What title&gt;&lt;b&gt; has learned</title>", page
        )
        self.assertEqual(page.count("</script>"), 2)
        self.assertIn("\\u003c/script>\\u003ci>", page)
        self.assertNotIn("<i>", page)
        self.assertIn("<small>{{data}}</small>", page)

    def test_mistakes(self):
        cases = {
            "--directions=9: the network's latents have 8": ("--directions=9",),
            "or else --serve": ("--serve",),
            "--port=65536: must be": ("--serve", "--port=65536"),
            "--out=run: name a .html file": ("--out=run",),
            "--out=page.png: name a .html file": ("--out=page.png",),
            "--out=folder.html: is a folder": ("--out=folder.html",),
        }
        (self.cwd / "folder.html").mkdir()
        for message, args in cases.items():
            self.refuse(message, *self.draw, "--out=x.html", *args)
