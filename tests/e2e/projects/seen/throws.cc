#include "throws.h"

#include <stdexcept>

void throws(bool really) {
    if (really) throw std::runtime_error("thrown in the library");
}

extern "C" int is_thrown_and_caught(void) {
    try {
        throws(true);
    } catch (const std::exception &) {
        return 1;
    }
    return 0;
}
