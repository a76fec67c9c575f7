"""Every option has a test that sees it arrive, and the default it claims."""

import inspect
from types import ModuleType
from typing import Any

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import losses, objectives, optim
from tests import common
from tests.training import (
    arrival_case,
    arrival_files_test,
    arrival_losses_test,
    arrival_networks_test,
    arrival_schedule_test,
    arrival_tiny_test,
)

# What the paper and the reference have, and, where they have nothing, what the
# documents promise. 0 in growth: as the presets v2, which `schedule_test` has
# row by row; the rates are 0.001 there.
DEFAULTS: dict[str, Any] = {
    "run_dir": "",
    "seed": 1000,
    "devices": "",
    "deterministic": False,
    "init_from": "",
    "family": "progressive",
    "data_dir": "",
    "resolution": 0,
    "mirror_augment": False,
    "max_label_size": 0,
    # Table 2, and the reference's networks.
    "fmap_base": 8192,
    "fmap_decay": 1.0,
    "fmap_max": 512,
    "fmaps": "",
    "layout": "nvidia",
    "latent_size": 0,
    # Appendix D; the tiny networks.
    "d_divisor": 4,
    "batch_norm": False,
    "minibatch_stddev": True,
    "growing": True,
    "normalize_latents": True,
    "use_wscale": True,
    "use_pixelnorm": True,
    "use_leakyrelu": True,
    "fused_scale": True,
    "mbstd_group_size": 4,
    # Appendix A.1.
    "loss": "wgan-gp",
    "penalty": "auto",
    "wgan_lambda": 10.0,
    "wgan_epsilon": 0.001,
    "wgan_target": 1.0,
    "r1_gamma": 10.0,
    "cond_weight": 1.0,
    "label_loss": "auto",
    "noise_stddev": 0.0,
    "noise_kimg": 1000.0,
    "ortho_weight": 0.0,
    "adam_beta1": 0.0,
    "adam_beta2": 0.99,
    "adam_epsilon": 1e-8,
    "gs_beta": 0.999,
    "gs_half_life_kimg": 0.0,
    "precision": "float32",
    "loss_scale_log2": 64.0,
    "loss_scale_growth": 0.0005,
    "loss_scale_drop": 1.0,
    "xla": False,
    "reuse_fakes": False,
    "unroll_steps": 0,
    "total_kimg": 0.0,
    "lod_initial_resolution": 4,
    "lod_training_kimg": 600.0,
    "lod_transition_kimg": 600.0,
    "lod_training_kimg_dict": {},
    "lod_transition_kimg_dict": {},
    "minibatch_base": 0,
    "minibatch_dict": {},
    "max_minibatch_per_gpu_dict": {},
    "g_lrate_base": 0.0,
    "g_lrate_dict": {},
    "d_lrate_base": 0.0,
    "d_lrate_dict": {},
    "lrate_rampup_kimg": 0.0,
    "tick_kimg_base": 0.0,
    "tick_kimg_dict": {},
    "max_micro_batch_dict": {},
    "d_repeats": 1,
    "minibatch_repeats": 4,
    "reset_opt_for_new_lod": True,
    "image_snapshot_ticks": 1,
    "network_snapshot_ticks": 10,
    "checkpoint_minutes": 10.0,
    "weight_histograms": False,
    "grid": "",
    "guard_max_score": 1e4,
    "guard_min_variation": 0.001,
    "max_rollbacks": 3,
    "rollback_lrate_factor": 0.5,
    "eval_features": "inception",
    "eval_num_images": 0,
}
# Of what is called without a run's options, by notebooks and tests.
ARGUMENTS: list[tuple[Any, dict[str, Any]]] = [
    (
        optim.Adam.__init__,
        {"beta1": 0.0, "beta2": 0.99, "epsilon": 1e-8, "loss_scale": None},
    ),
    (
        optim.LossScale.__init__,
        {"log2": 64.0, "growth": 0.0005, "drop": 1.0},
    ),
    (losses.gradient_penalty, {"target": 1.0}),
    (losses.one_sided_penalty, {"target": 1.0}),
    (objectives.d_loss, {"noise": None, "scale": 1.0}),
    (
        Generator.__init__,
        {
            "resolution": 32,
            "num_channels": 1,
            "label_size": 0,
            "fmap_base": 8192,
            "fmap_decay": 1.0,
            "fmap_max": 512,
            "latent_size": None,
            "normalize_latents": True,
            "use_wscale": True,
            "use_pixelnorm": True,
            "pixelnorm_epsilon": 1e-8,
            "use_leakyrelu": True,
            "fused_scale": True,
            "layout": "nvidia",
            "fmaps": "",
            "lod": 0.0,
            "label_names": (),
            "name": "G",
            "dtype": None,
        },
    ),
    (
        Discriminator.__init__,
        {
            "resolution": 32,
            "num_channels": 1,
            "label_size": 0,
            "fmap_base": 8192,
            "fmap_decay": 1.0,
            "fmap_max": 512,
            "mbstd_group_size": 4,
            "use_wscale": True,
            "use_leakyrelu": True,
            "fused_scale": True,
            "layout": "nvidia",
            "fmaps": "",
            "lod": 0.0,
            "name": "D",
            "dtype": None,
        },
    ),
]


def leaves() -> dict[str, Any]:
    """Every option, and its default."""
    return {
        leaf.name: option_tree.default(leaf)
        for leaf in option_tree.leaves(RunOptions)
    }


def read_in(module: ModuleType) -> set[str]:
    """The options that tests of a module are marked with."""
    found: set[str] = set()
    for _, case in inspect.getmembers(module, inspect.isclass):
        for name, test in inspect.getmembers(case, inspect.isfunction):
            if name.startswith("test"):
                found.update(getattr(test, "reads", ()))
    return found


class EveryOptionTest(common.TestCase):
    def test_each_is_read_back_where_it_acts(self):
        """A new option goes into `arrival_case.VALUES` and gets a test.

        One of a family beside the paper's into a table of its own, as `TINY`.
        """
        found = (
            read_in(arrival_files_test)
            | read_in(arrival_networks_test)
            | read_in(arrival_losses_test)
            | read_in(arrival_schedule_test)
            | read_in(arrival_tiny_test)
        )
        self.assertEqual(found, set(leaves()))

    def test_each_is_unlike_its_default_there(self):
        values, tiny = arrival_case.VALUES, arrival_case.TINY
        given = {*values, *tiny, *arrival_case.APART}
        self.assertEqual(given, set(leaves()))
        for name, value in [*values.items(), *tiny.items()]:
            self.assertNotEqual(value, leaves()[name], name)

    def test_defaults(self):
        self.assertEqual(leaves(), DEFAULTS)

    def test_defaults_of_arguments(self):
        for function, expected in ARGUMENTS:
            found = {
                name: parameter.default
                for name, parameter in inspect.signature(
                    function
                ).parameters.items()
                if parameter.default is not parameter.empty
            }
            self.assertEqual(found, expected, function)
