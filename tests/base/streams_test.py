"""Tests of the standard streams."""

import array
import fcntl
import os
import signal
import termios
import threading

import tensorflow as tf

from pgan_tf.base import streams
from tests import common, processes


def waiting_bytes(descriptor: int) -> int:
    """How much of a pipe is to be read."""
    count = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, count)
    return count[0]


class StreamsTest(common.TestCase):
    def pipe(self) -> tuple[int, int]:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        return reader, writer

    def test_ctrl_c_within_a_write_repeats_nothing(self):
        processes.keep_signals(self)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        reader, writer = self.pipe()
        capacity = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)
        # Room for half of what comes: that leaves, and the other half waits.
        os.write(writer, bytes(capacity - 4096))
        stream = streams.tolerant(writer, owned=True)
        content = "".join(f"{i:7}\n" for i in range(1000))
        main = threading.get_ident()

        def interrupt() -> None:
            while waiting_bytes(reader) < capacity:
                pass
            signal.pthread_kill(main, signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            stream.write(content)
            stream.flush()
        thread.join()
        os.read(reader, capacity - 4096)
        received = os.read(reader, capacity)
        stream.close()
        while more := os.read(reader, capacity):
            received += more
        self.assertEqual(received.decode(), content)

    def test_a_pipe_that_does_not_block_receives_all(self):
        reader, writer = self.pipe()
        os.set_blocking(writer, False)
        capacity = fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)
        content = "".join(f"{i:7}\n" for i in range(capacity // 2))
        received = []

        def read() -> None:
            while more := os.read(reader, 1000):
                received.append(more.decode())

        thread = threading.Thread(target=read)
        thread.start()
        with streams.tolerant(writer, owned=True) as stream:
            stream.write(content)
        thread.join()
        self.assertEqual("".join(received), content)

    def test_without_a_reader_all_goes_nowhere(self):
        reader, writer = os.pipe()
        with streams.tolerant(writer, owned=True) as stream:
            os.close(reader)
            stream.write("x" * 100_000)
            stream.flush()
            stream.write("y\n")

    def test_width_is_the_windows(self):
        """80 where there is no window; 40 where it is none to read in."""
        code = "from pgan_tf.base import streams; print(streams.width())"
        for columns, expected in (("132", 132), ("12", 40), ("", 80)):
            done = processes.run("-c", code, env={"COLUMNS": columns})
            self.assertEqual(done.stdout, f"{expected}\n")


if __name__ == "__main__":
    tf.test.main()
