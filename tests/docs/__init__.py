"""Documentation that runs: examples, the generated reference, tables and links."""
