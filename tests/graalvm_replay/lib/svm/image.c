/* What the replay links in place of a Java program: prints the variables of the environment whose name holds the first argument.
 *
 * It needs every library that native-image names on its command line (zlib, threads, dl, rt, m), and it fails unless the class that
 * was to be compiled is in it, whole.
 */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

extern char **environ;
extern const unsigned char main_class[];
extern const unsigned long main_class_size, main_class_crc;

static void *check(void *arg) {
    struct timespec now;
    double *root = arg;
    *root = sqrt(*root);
    return clock_gettime(CLOCK_MONOTONIC, &now) ? NULL : arg;
}

__attribute__((used, visibility("default"))) void not_called(void) { puts("removed by --gc-sections"); }

int main(int argc, char **argv) {
    const char *wanted = argc > 1 ? argv[1] : "";
    pthread_t thread;
    void *result = NULL;
    double square = argc + 8.0;
    if (crc32(0L, main_class, (unsigned)main_class_size) != main_class_crc) return 2;
    if (pthread_create(&thread, NULL, check, &square) || pthread_join(thread, &result) || result != &square) return 3;
    if (!dlsym(RTLD_DEFAULT, "nothing of this name") && !dlerror()) return 4;
    for (char **variable = environ; *variable; variable++) {
        char *end = strchr(*variable, '=');
        char *at = strstr(*variable, wanted);
        if (end && at && at + strlen(wanted) <= end) puts(*variable);
    }
    return 0;
}
