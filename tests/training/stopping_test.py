"""Which signals ask a training to stop."""

import os
import signal

from absl.testing import parameterized

from pgan_tf.training import stopping
from tests import common


class StopRequestTest(common.TestCase, parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        for each in stopping.SIGNALS:
            before = signal.getsignal(each)
            self.addCleanup(signal.signal, each, before)
            signal.signal(each, signal.SIG_DFL)

    @parameterized.parameters(
        (signal.SIGINT, "Ctrl-C"),
        (signal.SIGTERM, "SIGTERM"),
        (signal.SIGHUP, "SIGHUP, as when a terminal is closed"),
    )
    def test_a_signal_is_a_request(self, signum, by):
        request = stopping.StopRequest()
        request.listen()
        self.assertFalse(request.requested())
        os.kill(os.getpid(), signum)
        self.assertTrue(request.requested())
        self.assertEqual(request.by, by)
        # A second one ends the process.
        self.assertEqual(signal.getsignal(signum), signal.SIG_DFL)

    def test_nohup_keeps_the_closing_of_a_terminal_away(self):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        request = stopping.StopRequest()
        request.listen()
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertFalse(request.requested())

    def test_at_once(self):
        request = stopping.StopRequest()
        request.listen()
        with self.assertRaises(stopping.Stopped), request.at_once():
            os.kill(os.getpid(), signal.SIGTERM)
