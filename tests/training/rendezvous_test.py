"""Processes that wait for each other, and say so."""

import contextlib
import json
import queue
import socket
import threading
import time
from unittest import mock

from pgan_tf.base import errors
from pgan_tf.training import cluster, rendezvous
from tests import common


def free_ports(count: int) -> list[int]:
    """Where nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(contextlib.closing(socket.socket()))
            for _ in range(count)
        ]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class RendezvousTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.workers = tuple(f"127.0.0.1:{p}" for p in free_ports(3))
        self.said = queue.Queue()
        self.gave_up = threading.Event()

    def meet(self, index: int, workers: tuple[str, ...] = ()) -> object:
        """What comes of it: whether all are there, or an error."""
        here = cluster.Cluster(workers or self.workers, index)
        try:
            return rendezvous.meet(here, self.said.put, self.gave_up.is_set)
        except errors.UserError as error:
            return error

    def start(self, index: int, found: dict, *more) -> threading.Thread:
        def run():
            found[index] = self.meet(index, *more)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 60)
        self.addCleanup(self.gave_up.set)
        return thread

    def test_all_meet_in_whatever_order(self):
        for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
            found = {}
            for thread in [self.start(index, found) for index in order]:
                thread.join(60)
            self.assertEqual(found, {0: True, 1: True, 2: True})

    def test_strangers_do_not_count(self):
        found = {}
        chief = self.start(0, found)
        for said in (b"", b"GET / HTTP/1.1\r\n", b'{"pgan_tf": 9}', b"[]"):
            with self.called() as call:
                call.sendall(said)
        threads = [self.start(index, found) for index in (1, 2)]
        for thread in [chief, *threads]:
            thread.join(60)
        self.assertEqual(found, {0: True, 1: True, 2: True})

    def called(self) -> socket.socket:
        """A connection to the chief, as soon as it listens."""
        host, port = self.workers[0].split(":")
        while True:
            with contextlib.suppress(OSError):
                return socket.create_connection((host, int(port)), 10)

    def test_a_worker_that_gave_up_is_waited_for_again(self):
        found = {}
        chief = self.start(0, found)
        with self.called() as call:
            digest = rendezvous.digest_of(cluster.Cluster(self.workers))
            call.sendall(json.dumps({"pgan_tf": 1, "cluster": digest}).encode())
        worker = self.start(2, found)
        chief.join(1.5)
        self.assertTrue(chief.is_alive())
        for thread in (self.start(1, found), worker, chief):
            thread.join(60)
        self.assertEqual(found, {0: True, 1: True, 2: True})

    def test_who_is_waited_for_is_said_and_has_an_end(self):
        for index, whom in (
            (0, "worker 1 at {1}, worker 2 at {2}"),
            (1, "the chief at {0} (Connection refused)"),
        ):
            now = [0.0]

            def passing(now=now):
                now[0] += 3
                return now[0]

            whom = whom.format(*self.workers)
            with (
                mock.patch.object(time, "monotonic", passing),
                mock.patch.object(rendezvous, "LOOK_SECONDS", 0.0),
            ):
                found = self.meet(index)
            self.assertIsInstance(found, errors.UserError)
            self.assertIn(f"waited 10 minutes in vain for {whom}", str(found))
            lines = [self.said.get_nowait() for _ in range(self.said.qsize())]
            self.assertBetween(len(lines), 5, 8)
            for line in lines:
                self.assertStartsWith(line, f"waiting for {whom}, since ")

    def test_a_port_in_use(self):
        port = int(self.workers[1].split(":")[1])
        with contextlib.closing(socket.socket()) as other:
            other.bind(("", port))
            other.listen()
            self.assertRegex(
                str(self.meet(1)),
                f"{self.workers[1]} of worker 1.*another process uses",
            )

    def test_no_address(self):
        for bad in ("host", "host:", ":22", "host:port", "host:99999"):
            found = self.meet(0, (bad, "127.0.0.1:1"))
            self.assertIn(f"{bad} is no address", str(found))

    def test_other_clusters_are_refused_by_both(self):
        found = {}
        other = (self.workers[0], self.workers[1], "127.0.0.1:9")
        threads = [self.start(0, found), self.start(1, found, other)]
        for thread in threads:
            thread.join(60)
        self.assertIn("worker 1 was started with another", str(found[0]))
        self.assertIn("give every host the same", str(found[1]))

    def test_a_request_to_stop_ends_it(self):
        self.gave_up.set()
        for index in (0, 1):
            self.assertFalse(self.meet(index))
