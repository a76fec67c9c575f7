"""Every flag of generate.py: its default, and that none was forgotten.

That they arrive is tested with each verb; a new one must be added here, and
to these.
"""

from absl.testing import parameterized

from pgan_tf.commands.generate import verbs
from tests import common

# By verb: what must be given, what that becomes, and all defaults. `class` is
# called `label` behind the flag.
VERBS = {
    "images": (
        {"network": "n", "out": "o", "seeds": "3-5"},
        {"network": "n", "out": "o", "seeds": [3, 4, 5]},
        {
            "latents": None,
            "grid": None,
            "label": None,
            "truncation": None,
            "zoom": None,
            "shrink": 1,
            "minibatch": None,
        },
    ),
    "interpolate": (
        {"network": "n", "out": "o"},
        {"network": "n", "out": "o"},
        {
            "duration": 60.0,
            "fps": 30,
            "smoothing": 1.0,
            "grid": (1, 1),
            "seed": 1000,
            "between": None,
            "label": None,
            "truncation": None,
            "zoom": None,
            "shrink": 1,
            "minibatch": None,
        },
    ),
    "training_video": (
        {"run_dir": "r", "out": "o"},
        {"run_dir": "r", "out": "o"},
        {
            "duration": 20.0,
            "fps": 30,
            "grid": None,
            "zoom": None,
            "shrink": 1,
        },
    ),
    "project": (
        {"network": "n", "target": "t", "out": "o"},
        {"network": "n", "target": "t", "out": "o"},
        {
            "label": None,
            "steps": 500,
            "restarts": 4,
            "seed": 0,
            "features": None,
            "video": "mp4",
        },
    ),
    "explore": (
        {"network": "n"},
        {"network": "n"},
        {
            "out": None,
            "serve": False,
            "port": 0,
            "seeds": [0, 1, 2, 3, 4, 5],
            "label": None,
            "directions": 8,
            "attributes": 8,
            "reach": 5.0,
            "minibatch": None,
        },
    ),
    "import": (
        {"network": "n", "out": "o"},
        {"network": "n", "out": "o"},
        {},
    ),
    "export": (
        {"network": "n", "format": "onnx", "out": "o"},
        {"network": "n", "format": "onnx", "out": "o"},
        {"uint8": False, "lod": None},
    ),
}


class FlagsTest(common.TestCase, parameterized.TestCase):
    def parse(self, verb, given):
        words = [f"--{name}={value}" for name, value in given.items()]
        found = vars(verbs.SCRIPT.parse([verb, *words]))
        self.assertEqual(found.pop("given"), frozenset(given))
        self.assertEqual(found.pop("verb"), verb)
        return found

    def test_every_verb_is_here(self):
        self.assertEqual(set(VERBS), set(verbs.SCRIPT.verbs))

    @parameterized.parameters(*VERBS)
    def test_defaults(self, verb):
        given, read, defaults = VERBS[verb]
        self.assertEqual(self.parse(verb, given), {**read, **defaults})
