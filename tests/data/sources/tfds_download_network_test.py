"""Tests of looking for a network, without one."""

import urllib.error
import urllib.request
from email import message
from unittest import mock

from pgan_tf.data.sources import tfds_download
from tests import common


class NetworkTest(common.TestCase):
    def reach(self, answers: dict[str, Exception | None], *urls: str):
        """Which hosts are tried, when they answer or fail like that."""
        tried = []

        def answer(host: str, timeout: float) -> mock.MagicMock:
            self.assertLessEqual(timeout, 20)
            tried.append(host)
            if error := answers[host]:
                raise error
            return mock.MagicMock()

        with mock.patch.object(urllib.request, "urlopen", answer):
            try:
                tfds_download.reach(urls)
            except OSError as error:
                return tried, str(error)
        return tried, None

    def test_one_that_answers_will_do(self) -> None:
        absent = OSError("no route to one")
        found = self.reach(
            {"http://one/": absent, "https://two:8/": None},
            "http://one/a.zip", "http://one/b.zip", "https://two:8/c", "http://d/",
        )  # fmt: skip
        self.assertEqual(found, (["http://one/", "https://two:8/"], None))

    def test_a_refusal_is_an_answer(self) -> None:
        head = message.Message()
        refusal = urllib.error.HTTPError("http://a/", 403, "no", head, None)
        found = self.reach({"http://a/": refusal}, "http://a/x", "http://b/")
        self.assertEqual(found, (["http://a/"], None))

    def test_none_answers(self) -> None:
        names = [f"http://{name}/" for name in "abcd"]
        answers = {
            f"http://{name}/": urllib.error.URLError(f"not {name}")
            for name in "abcd"
        }
        tried, error = self.reach(answers, *names)
        self.assertEqual(tried, names[:3])
        self.assertEqual(error, "no answer from http://a/: not a")

    def test_nothing_to_try(self) -> None:
        self.assertEqual(self.reach({}), ([], None))
        self.assertEqual(self.reach({}, "gs://bucket/file"), ([], None))
