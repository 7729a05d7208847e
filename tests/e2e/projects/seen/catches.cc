#include "throws.h"

#include <cstdio>
#include <exception>

int main() {
    try {
        throws(true);
    } catch (const std::exception &e) {
        std::printf("caught: %s\n", e.what());
        return 0;
    }
    return 1;
}
