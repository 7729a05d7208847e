// The number of words in a text, parted by single spaces.
int words(const char *text);
