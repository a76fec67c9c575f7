"""generate.py itself: its help and its parser."""

import contextlib
import io
import re

from pgan_tf.base import errors
from pgan_tf.commands.generate import verbs
from tests.commands.generate import generate_case


class HelpTest(generate_case.GenerateCase):
    def test_help_has_an_example(self):
        for args in (["--help"], ["interpolate", "--help"]):
            output = self.succeed(*args)
            self.assertIn("python generate.py interpolate", output)

    def test_examples_parse(self):
        for verb in verbs.SCRIPT.verbs:
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                with self.assertRaises(SystemExit):
                    verbs.SCRIPT.parse([verb, "--help"])
            text = stream.getvalue().replace("\\\n", "")
            found = re.findall(r"^ *python generate.py (.*)", text, re.M)
            self.assertNotEmpty(found, verb)
            names = [verbs.SCRIPT.parse(each.split()).verb for each in found]
            self.assertEqual(names[0], verb)

    def test_mistakes_get_one_line(self):
        cases = {
            (): "VERB",
            ("destroy",): "unknown verb 'destroy'",
            ("images", "--out=x"): "--network",
            ("images", "--network=x", "--out=x", "--colour=red"): "--colour",
        }
        for args, message in cases.items():
            with self.assertRaisesRegex(errors.UserError, message):
                verbs.SCRIPT.parse(args)
        done = self.run_script("images", "--network=absent.keras", "--out=x",
                               "--seeds=1")  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertLen(done.stderr.splitlines(), 1, done.stderr)
        self.assertIn("generate.py: error: absent.keras", done.stderr)
