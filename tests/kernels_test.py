"""The tests that compare numbers, by the kernels of other CPUs.

A bound that holds by one CPU's order of sums may fail by another's. Minutes, so
only by `make test-slow`.
"""

import pytest
from absl.testing import parameterized

from tests import common, processes

NUMERIC = (
    "tests/networks/operations_test.py",
    "tests/networks/progressive/nvidia/snapshots_test.py",
    "tests/networks/progressive/nvidia/variables_test.py",
    "tests/networks/progressive/layers_test.py",
    "tests/training/losses_test.py",
    "tests/evaluation/metrics",
    "tests/evaluation/features",
    "tests/networks/progressive/networks_test.py",
    "tests/training/equivalence_test.py",
    "tests/training/optim_test.py",
    "tests/training/replicas_test.py",
    "tests/training/reuse_fakes_test.py",
    "tests/training/steps_test.py",
    "tests/training/objectives_golden_test.py",
    "tests/training/objectives_test.py",
)


@pytest.mark.slow
class KernelsTest(common.TestCase, parameterized.TestCase):
    # A CPU uses what it has of these.
    @parameterized.named_parameters(
        ("avx2", "ONEDNN_MAX_CPU_ISA", "AVX2"),
        ("avx512", "ONEDNN_MAX_CPU_ISA", "AVX512_CORE"),
        ("avx512_bf16", "ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16"),
        ("without_onednn", "TF_ENABLE_ONEDNN_OPTS", "0"),
    )
    def test_numbers(self, variable, value):
        done = processes.run(
            *("-m", "pytest", "-q", "-n", "2", *NUMERIC),
            env={variable: value},
            timeout=3600,
        )
        tail = "\n".join(done.stdout.splitlines()[-60:])
        print(f"{variable}={value}: {tail.splitlines()[-1]}")
        self.assertEqual(done.returncode, 0, f"{variable}={value}\n{tail}")
