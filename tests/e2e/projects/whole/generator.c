#include <stdio.h>

int main(void) {
    printf("#define MODE_OF_GENERATOR %d\n", MODE);
    return 0;
}
