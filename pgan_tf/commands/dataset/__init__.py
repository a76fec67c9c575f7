"""dataset_tool.py: its verbs."""
