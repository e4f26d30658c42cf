"""``python -m autograd_core.viz.demo``: four programs and the pages that step through them."""
