"""Measures the box on this machine, beside the naive chain, in one run: `classroom bench`."""
