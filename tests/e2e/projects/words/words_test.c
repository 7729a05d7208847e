#include "words.h"

int main(void) { return words("") == 0 && words("one two") == 2 ? 0 : 1; }
