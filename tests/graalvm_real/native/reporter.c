/* What the builder itself asks of C: its largest use of memory, in bytes, and the width of its terminal. */
#include <jni.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

JNIEXPORT jlong JNICALL Java_com_oracle_svm_hosted_ProgressReporterCHelper_getPeakRSS0(JNIEnv *env, jclass self) {
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) ? -1 : (jlong)used.ru_maxrss * 1024;
}

JNIEXPORT jint JNICALL Java_com_oracle_svm_hosted_ProgressReporterCHelper_getTerminalWindowColumns0(JNIEnv *env, jclass self) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? -1 : size.ws_col;
}
