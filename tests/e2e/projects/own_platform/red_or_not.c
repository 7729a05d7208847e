int red(void) { return RED; }
