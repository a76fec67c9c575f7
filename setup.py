"""The packages; all else stands in pyproject.toml, which cannot say this."""

import setuptools

setuptools.setup(
    packages=[
        *setuptools.find_packages(include=["pgan_tf", "pgan_tf.*"]),
        # The flagfiles at the top of the repository lie in the package once
        # it is installed, so that they are found by their names.
        "pgan_tf.configs",
    ],
    package_dir={"pgan_tf.configs": "configs"},
)
