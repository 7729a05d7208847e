#include <cstdio>
#include <stdexcept>

#include "whole/guard.h"

int main() {
    try {
        guard(-1);
    } catch (const std::runtime_error &error) {
        puts(error.what());
    }
}
