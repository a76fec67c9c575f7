"""Every kind of file that the tools take, damaged in many ways.

A mutant is read as what it still says, or refused in one line that names it:
without a traceback, within ten seconds and two gigabytes, and without an end
of the process. `python -m tests.fuzz.trials` does the same by hand.
"""

import pytest
from absl.testing import absltest, parameterized

from tests.fuzz import mutator, trials


class FuzzTest(parameterized.TestCase):
    count = 50

    @parameterized.parameters(*trials.TABLES)
    def test_mutants(self, table: str) -> None:
        names = list(trials.kinds_of(table))
        for name, report in trials.run(table, names, self.count).items():
            with self.subTest(name):
                self.assertEmpty(report.failures)
                self.assertEqual(report.outcomes.total(), self.count)


@pytest.mark.slow
class ManyFuzzTest(FuzzTest):
    count = 1000


class TrialsTest(absltest.TestCase):
    def test_mutants_differ_and_come_again(self) -> None:
        content = b'{"labels": [["a.png", 3], ["b.png", 4]]}\n' * 5
        mutants = [mutator.mutant(content, number) for number in range(300)]
        self.assertNotIn(content, mutants)
        self.assertGreater(len(set(mutants)), 270)
        self.assertEqual(mutants[7], mutator.mutant(content, 7))

    def test_what_goes_wrong_is_seen(self) -> None:
        """Tracebacks, dead and hanging processes, and words without names."""
        names = tuple(trials.kinds_of("faulty_kinds"))
        found = trials.run("faulty_kinds", names, 2)
        for name, words in (
            ("raises", "KeyError"),
            ("dies", "ended by -11"),
            ("swells", "GB"),
            ("nameless", "does not name the file"),
            ("two_lines", "not one line"),
        ):
            with self.subTest(name):
                self.assertLen(found[name].failures, 2)
                self.assertIn(words, found[name].failures[0])
        self.assertEmpty(found["right"].failures)


if __name__ == "__main__":
    absltest.main()
