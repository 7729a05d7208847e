#include "throws.h"

#include <exception>

extern "C" int passes_on(void) {
    try {
        throws(true);
    } catch (const std::exception &) {
        return 1;
    }
    return 0;
}
