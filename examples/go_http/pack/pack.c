#include "pack.h"

#include <zlib.h>

const char *pack_version(void) { return zlibVersion(); }

long pack_size(const char *data, long size) {
    unsigned char packed[4096];
    uLongf length = sizeof packed;
    int status = compress(packed, &length, (const Bytef *)data, (uLong)size);
    return status == Z_OK ? (long)length : status < 0 ? status : -1;
}
