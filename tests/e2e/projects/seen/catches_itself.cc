#include "throws.h"

#include <cstdio>
#include <stdexcept>

int main() {
    try {
        if (is_thrown_and_caught()) throw std::runtime_error("thrown at home");
    } catch (const std::exception &e) {
        std::printf("caught: %s\n", e.what());
        return 0;
    }
    return 1;
}
