#ifndef FNV_H
#define FNV_H

#include <stddef.h>
#include <stdint.h>

// FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/)
uint32_t fnv1a(const unsigned char *bytes, size_t count);

#endif
