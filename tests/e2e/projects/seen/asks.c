#include <stdio.h>

int answers(void);

int main(void) {
    printf("%d\n", answers());
    return 0;
}
