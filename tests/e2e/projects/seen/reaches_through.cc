#include "seen/deep.h"

int main() { return static_cast<int>(deep().size()) - 1; }
