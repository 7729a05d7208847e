#include <stdio.h>

#include "words.h"

int main(void) {
    printf("%d\n", words("one two three four"));
    return 0;
}
