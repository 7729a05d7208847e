#include <stdio.h>

#include "red_or_not.h"

int main(void) { return printf("red=%d\n", red()) < 0; }
