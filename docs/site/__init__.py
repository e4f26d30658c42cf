"""What the site needs beyond Sphinx: formulas without a network, a reference by public faces, links to the source."""
