#include "whole/guard.h"

#include <stdexcept>

extern "C" int add(int, int);

void guard(int value) {
    if (add(value, 1) <= 0) throw std::runtime_error("negative");
}
