"""Downloads every locked archive into the store and verifies it: order, resumption and progress."""
