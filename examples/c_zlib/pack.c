// Compresses a file with zlib, decompresses the result, and compares. Exits 0 when both are the same.
//
//     pack [FILE]
//
// Without FILE it reads data/modes.txt, which `bazel run` and `bazel test` place below the folder they start in.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK = 4096 };

struct bytes {
    unsigned char *at;
    size_t size;
};

static void die(const char *what, const char *why) {
    fprintf(stderr, "pack: %s: %s\n", what, why);
    exit(1);
}

static void append(struct bytes *to, const unsigned char *from, size_t size) {
    unsigned char *grown = realloc(to->at, to->size + size + 1);
    if (!grown) die("memory", "none left");
    memcpy(grown + to->size, from, size);
    to->at = grown;
    to->size += size;
}

static struct bytes contents(const char *path) {
    struct bytes all = {0};
    unsigned char chunk[CHUNK];
    FILE *file = fopen(path, "rb");
    if (!file) die(path, "cannot be opened");
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) append(&all, chunk, n);
    if (ferror(file)) die(path, "cannot be read");
    fclose(file);
    return all;
}

// Runs `step`, which is deflate or inflate, over all of `input`.
static struct bytes through(z_stream *stream, int (*step)(z_stream *, int), struct bytes input) {
    struct bytes output = {0};
    unsigned char chunk[CHUNK];
    int status;
    stream->next_in = input.at;
    stream->avail_in = (uInt)input.size;
    do {
        stream->next_out = chunk;
        stream->avail_out = sizeof chunk;
        status = step(stream, Z_FINISH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) die("zlib", zError(status));
        append(&output, chunk, sizeof chunk - stream->avail_out);
    } while (status != Z_STREAM_END);
    return output;
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "data/modes.txt";
    struct bytes plain = contents(path);

    z_stream pack = {0};
    if (deflateInit(&pack, Z_BEST_COMPRESSION) != Z_OK) die("zlib", "cannot begin to compress");
    struct bytes packed = through(&pack, deflate, plain);
    deflateEnd(&pack);

    z_stream unpack = {0};
    if (inflateInit(&unpack) != Z_OK) die("zlib", "cannot begin to decompress");
    struct bytes back = through(&unpack, inflate, packed);
    inflateEnd(&unpack);

    if (back.size != plain.size || (plain.size && memcmp(back.at, plain.at, plain.size) != 0)) die(path, "came back changed");
    printf("%zu bytes, %zu packed, crc32 %08lx, zlib %s: the same after unpacking\n", plain.size, packed.size,
           crc32(crc32(0, Z_NULL, 0), plain.at, (uInt)plain.size), zlibVersion());
    free(plain.at);
    free(packed.at);
    free(back.at);
    return 0;
}
