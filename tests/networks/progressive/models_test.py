"""Every option of the progressive networks arrives in them."""

import dataclasses

from pgan_tf.networks.family import ImageShape
from pgan_tf.networks.progressive import models
from pgan_tf.networks.progressive.options import ProgressiveOptions
from tests import common

# Each other than its default.
OTHER = ProgressiveOptions(
    fmap_base=100,
    fmap_decay=1.5,
    fmap_max=24,
    latent_size=7,
    normalize_latents=False,
    use_wscale=False,
    use_pixelnorm=False,
    use_leakyrelu=False,
    fused_scale=False,
    mbstd_group_size=2,
    layout="akanimax_2",
    fmaps="6,5,4,3",
)
# Each option is of G, of D, or of both.
OF_G_ALONE = {"latent_size", "normalize_latents", "use_pixelnorm"}
OF_D_ALONE = {"mbstd_group_size"}
SHAPE = ImageShape(resolution=16, num_channels=1, label_size=3)


class ModelsTest(common.TestCase):
    def test_every_option_arrives(self):
        G = models.make_generator(OTHER, SHAPE, 0.5, "Gs", "float64")
        D = models.make_discriminator(OTHER, SHAPE, "float64")
        of_g, of_d = G.get_config(), D.get_config()
        for field in dataclasses.fields(ProgressiveOptions):
            value = getattr(OTHER, field.name)
            self.assertNotEqual(value, field.default, field.name)
            if field.name not in OF_D_ALONE:
                self.assertEqual(of_g[field.name], value)
            if field.name not in OF_G_ALONE:
                self.assertEqual(of_d[field.name], value)
        for config in (of_g, of_d):
            self.assertEqual(config["resolution"], 16)
            self.assertEqual(config["num_channels"], 1)
            self.assertEqual(config["label_size"], 3)
        self.assertEqual((G.name, G.lod, D.name), ("Gs", 0.5, "D"))
        for network in (G, D):
            self.assertEqual(network.variable_dtype, "float64")

    def test_the_latent_size_that_is_left_open(self):
        options = ProgressiveOptions(fmap_base=64, fmap_max=48)
        G = models.make_generator(options, SHAPE, 0.0, "G", "float32")
        self.assertEqual(G.latent_size, 48)
