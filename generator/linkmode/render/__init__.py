"""From a lock to the tree of the rule library: pure, given the texts of the templates."""
