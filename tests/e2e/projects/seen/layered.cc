#include <stdio.h>

#include <map>

#include "seen/near.h"

int main() { return near() == 1 ? 0 : printf("%d\n", near()); }
