/* What the JDK's libraries ask of a JVM, which an image has none of. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <jni.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static jlong now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (jlong)time.tv_sec * 1000000000 + time.tv_nsec;
}

JNIEXPORT jint JNICALL JVM_ActiveProcessorCount(void) {
    cpu_set_t ours;
    return sched_getaffinity(0, sizeof ours, &ours) ? (jint)sysconf(_SC_NPROCESSORS_ONLN) : CPU_COUNT(&ours);
}

JNIEXPORT void *JNICALL JVM_FindLibraryEntry(void *library, const char *name) { return dlsym(library, name); }
JNIEXPORT void JNICALL JVM_Halt(jint code) { exit(code); }
JNIEXPORT jlong JNICALL JVM_CurrentTimeMillis(JNIEnv *env, jclass self) { return now(CLOCK_REALTIME) / 1000000; }
JNIEXPORT jlong JNICALL JVM_NanoTime(JNIEnv *env, jclass self) { return now(CLOCK_MONOTONIC); }
JNIEXPORT jlong JNICALL JVM_GetNanoTimeAdjustment(JNIEnv *env, jclass self, jlong since) {
    jlong passed = now(CLOCK_REALTIME) / 1000000000 - since;
    return passed < -0x7fffffffLL || passed > 0x7fffffffLL ? -1 : now(CLOCK_REALTIME) - since * 1000000000;
}
JNIEXPORT jint JNICALL JVM_GetLastErrorString(char *text, int size) {
    snprintf(text, size, "%s", errno ? strerror(errno) : "");
    return (jint)strlen(text);
}
JNIEXPORT jint JNICALL JVM_GetHostName(char *name, int size) { return gethostname(name, size); }

/* as snprintf, but -1 when the text was cut */
int jio_vsnprintf(char *text, size_t size, const char *format, va_list arguments) {
    int length = vsnprintf(text, size, format, arguments);
    return length < 0 || (size_t)length >= size ? -1 : length;
}

int jio_snprintf(char *text, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = jio_vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return length;
}

int jio_fprintf(FILE *stream, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vfprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}
