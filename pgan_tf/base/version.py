"""The version of the package; its name and number stand in what it writes."""

VERSION = "0.1.0"
