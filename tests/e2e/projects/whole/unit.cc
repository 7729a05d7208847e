// Passes when an exception crosses its libraries, and its arguments, environment and data are there.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "whole/guard.h"

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value ? value : "(unset)";
}

int main(int argc, char **argv) {
    bool caught = false;
    try {
        guard(-1);
    } catch (const std::runtime_error &error) {
        caught = !strcmp(error.what(), "negative");
    }
    if (FILE *status = fopen(variable("TEST_SHARD_STATUS_FILE"), "w")) fclose(status);
    FILE *input = argc == 3 ? fopen(argv[2], "r") : nullptr;
    printf("caught=%d argc=%d input=%d GREETING=%s shards=%s\n", caught, argc, input != nullptr, variable("GREETING"),
           variable("TEST_TOTAL_SHARDS"));
    return caught && input && !strcmp(variable("GREETING"), "hello") ? 0 : 1;
}
