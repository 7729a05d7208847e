#include <stdio.h>

int is_thrown_and_caught(void);

int main(void) {
    printf("caught: %d\n", is_thrown_and_caught());
    return 0;
}
