"""The files of a dataset: names, records, levels. Only here images are CHW."""
