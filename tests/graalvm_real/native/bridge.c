/* JDK 25's native methods of java.base by the libraries of JDK 17: renamed ones, and those that take or return something else. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jni.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* of JDK 17's libraries */
extern jint fdval(JNIEnv *env, jobject descriptor);
extern void JNU_ThrowIOExceptionWithLastError(JNIEnv *env, const char *message);
extern jint ipv6_available(void);

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_##name
#define SELF JNIEnv *env, jobject self
#define RENAMED0(type, now, was) \
    extern type Java_##was(SELF); \
    NATIVE(type, now)(SELF) { return Java_##was(env, self); }
#define RENAMED1(type, now, was, A) \
    extern type Java_##was(SELF, A); \
    NATIVE(type, now)(SELF, A a) { return Java_##was(env, self, a); }
#define RENAMED2(type, now, was, A, B) \
    extern type Java_##was(SELF, A, B); \
    NATIVE(type, now)(SELF, A a, B b) { return Java_##was(env, self, a, b); }
#define RENAMED3(type, now, was, A, B, C) \
    extern type Java_##was(SELF, A, B, C); \
    NATIVE(type, now)(SELF, A a, B b, C c) { return Java_##was(env, self, a, b, c); }
#define RENAMED4(type, now, was, A, B, C, D) \
    extern type Java_##was(SELF, A, B, C, D); \
    NATIVE(type, now)(SELF, A a, B b, C c, D d) { return Java_##was(env, self, a, b, c, d); }

/* channels of files: sun.nio.ch.FileDispatcherImpl was parted in two */
RENAMED3(jint, sun_nio_ch_UnixFileDispatcherImpl_read0, sun_nio_ch_FileDispatcherImpl_read0, jobject, jlong, jint)
RENAMED3(jint, sun_nio_ch_UnixFileDispatcherImpl_write0, sun_nio_ch_FileDispatcherImpl_write0, jobject, jlong, jint)
RENAMED3(jlong, sun_nio_ch_UnixFileDispatcherImpl_readv0, sun_nio_ch_FileDispatcherImpl_readv0, jobject, jlong, jint)
RENAMED3(jlong, sun_nio_ch_UnixFileDispatcherImpl_writev0, sun_nio_ch_FileDispatcherImpl_writev0, jobject, jlong, jint)
RENAMED4(jint, sun_nio_ch_UnixFileDispatcherImpl_pread0, sun_nio_ch_FileDispatcherImpl_pread0, jobject, jlong, jint, jlong)
RENAMED4(jint, sun_nio_ch_UnixFileDispatcherImpl_pwrite0, sun_nio_ch_FileDispatcherImpl_pwrite0, jobject, jlong, jint, jlong)
RENAMED2(jint, sun_nio_ch_UnixFileDispatcherImpl_force0, sun_nio_ch_FileDispatcherImpl_force0, jobject, jboolean)
RENAMED2(jlong, sun_nio_ch_UnixFileDispatcherImpl_seek0, sun_nio_ch_FileDispatcherImpl_seek0, jobject, jlong)
RENAMED2(jint, sun_nio_ch_UnixFileDispatcherImpl_truncate0, sun_nio_ch_FileDispatcherImpl_truncate0, jobject, jlong)
RENAMED1(jlong, sun_nio_ch_UnixFileDispatcherImpl_size0, sun_nio_ch_FileDispatcherImpl_size0, jobject)
RENAMED4(jint, sun_nio_ch_UnixFileDispatcherImpl_lock0, sun_nio_ch_FileDispatcherImpl_lock0, jobject, jboolean, jlong, jlong)
RENAMED3(void, sun_nio_ch_UnixFileDispatcherImpl_release0, sun_nio_ch_FileDispatcherImpl_release0, jobject, jlong, jlong)
RENAMED1(void, sun_nio_ch_UnixFileDispatcherImpl_closeIntFD, sun_nio_ch_FileDispatcherImpl_closeIntFD, jint)
RENAMED1(jint, sun_nio_ch_UnixFileDispatcherImpl_setDirect0, sun_nio_ch_FileDispatcherImpl_setDirect0, jobject)
RENAMED1(void, sun_nio_ch_UnixDispatcher_preClose0, sun_nio_ch_FileDispatcherImpl_preClose0, jobject)
RENAMED0(void, sun_nio_ch_UnixDispatcher_init, sun_nio_ch_FileDispatcherImpl_init)
NATIVE(void, sun_nio_ch_FileDispatcherImpl_init0)(SELF) { Java_sun_nio_ch_FileDispatcherImpl_init(env, self); }

static int failed(JNIEnv *env, int result, const char *call) {
    if (result < 0) JNU_ThrowIOExceptionWithLastError(env, call);
    return result < 0;
}

NATIVE(void, sun_nio_ch_UnixDispatcher_close0)(SELF, jobject descriptor) {
    int fd = fdval(env, descriptor);
    if (fd != -1) failed(env, close(fd), "close");
}

NATIVE(jint, sun_nio_ch_UnixFileDispatcherImpl_available0)(SELF, jobject descriptor) {
    int fd = fdval(env, descriptor);
    struct stat file;
    if (failed(env, fstat(fd, &file), "fstat")) return 0;
    off_t at = lseek(fd, 0, SEEK_CUR), left = file.st_size - at;
    return at < 0 || left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (jint)left;
}

NATIVE(jboolean, sun_nio_ch_UnixFileDispatcherImpl_isOther0)(SELF, jobject descriptor) {
    struct stat file;
    if (failed(env, fstat(fdval(env, descriptor), &file), "fstat")) return JNI_TRUE;
    return !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode) && !S_ISLNK(file.st_mode);
}

NATIVE(jlong, sun_nio_ch_UnixFileDispatcherImpl_allocationGranularity0)(SELF) { return sysconf(_SC_PAGESIZE); }

NATIVE(jlong, sun_nio_ch_UnixFileDispatcherImpl_map0)
(SELF, jobject descriptor, jint kind, jlong at, jlong size, jboolean synchronous) {
    enum { READ_ONLY = 0, PRIVATE = 2 };
    int pages = kind == READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE;
    void *mapped = mmap(NULL, size, pages, kind == PRIVATE ? MAP_PRIVATE : MAP_SHARED, fdval(env, descriptor), at);
    if (mapped == MAP_FAILED) JNU_ThrowIOExceptionWithLastError(env, "mmap");
    return (jlong)(intptr_t)mapped;
}

NATIVE(jint, sun_nio_ch_UnixFileDispatcherImpl_unmap0)(SELF, jlong at, jlong size) {
    return munmap((void *)(intptr_t)at, size);
}

/* UNSUPPORTED: Java copies by itself then */
NATIVE(jlong, sun_nio_ch_FileDispatcherImpl_transferTo0)
(SELF, jobject from, jlong at, jlong size, jobject to, jboolean append) { return -4; }
NATIVE(jlong, sun_nio_ch_FileDispatcherImpl_transferFrom0)
(SELF, jobject from, jobject to, jlong at, jlong size, jboolean append) { return -4; }
NATIVE(jint, sun_nio_fs_LinuxNativeDispatcher_directCopy0)(SELF, jint to, jint from, jlong cancel) { return -4; }

NATIVE(void, sun_nio_ch_FileKey_init)(SELF, jobject descriptor, jlongArray key) {
    struct stat file;
    if (failed(env, fstat(fdval(env, descriptor), &file), "fstat")) return;
    jlong found[] = {file.st_dev, file.st_ino};
    (*env)->SetLongArrayRegion(env, key, 0, 2, found);
}

/* threads and sockets */
NATIVE(jlong, sun_nio_ch_IOUtil_writevMax)(SELF) { return SSIZE_MAX; }
NATIVE(jlong, sun_nio_ch_NativeThread_current0)(SELF) { return (jlong)pthread_self(); }
NATIVE(void, sun_nio_ch_NativeThread_signal0)(SELF, jlong thread) { pthread_kill((pthread_t)thread, SIGRTMAX - 2); }
NATIVE(jboolean, sun_nio_ch_NativeThread_supportPendingSignals0)(SELF) { return JNI_TRUE; }
NATIVE(jboolean, java_net_InetAddress_isIPv4Available)(SELF) { return JNI_TRUE; }
NATIVE(jboolean, java_net_InetAddress_isIPv6Supported)(SELF) { return ipv6_available() ? JNI_TRUE : JNI_FALSE; }
NATIVE(jboolean, java_lang_ref_Finalizer_isFinalizationEnabled)(SELF) { return JNI_FALSE; }

/* java.io */
RENAMED1(jobjectArray, java_io_UnixFileSystem_list0, java_io_UnixFileSystem_list, jobject)
RENAMED2(jboolean, java_io_UnixFileSystem_checkAccess0, java_io_UnixFileSystem_checkAccess, jobject, jint)
RENAMED1(jboolean, java_io_UnixFileSystem_createDirectory0, java_io_UnixFileSystem_createDirectory, jobject)
RENAMED1(jboolean, java_io_UnixFileSystem_createFileExclusively0, java_io_UnixFileSystem_createFileExclusively, jstring)
RENAMED1(jlong, java_io_UnixFileSystem_getLastModifiedTime0, java_io_UnixFileSystem_getLastModifiedTime, jobject)
RENAMED1(jlong, java_io_UnixFileSystem_getLength0, java_io_UnixFileSystem_getLength, jobject)
RENAMED2(jlong, java_io_UnixFileSystem_getSpace0, java_io_UnixFileSystem_getSpace, jobject, jint)
RENAMED2(jboolean, java_io_UnixFileSystem_setLastModifiedTime0, java_io_UnixFileSystem_setLastModifiedTime, jobject, jlong)
RENAMED4(jboolean, java_io_UnixFileSystem_setPermission0, java_io_UnixFileSystem_setPermission, jobject, jint, jboolean, jboolean)
RENAMED1(jboolean, java_io_UnixFileSystem_setReadOnly0, java_io_UnixFileSystem_setReadOnly, jobject)
RENAMED0(void, java_io_FileDescriptor_sync0, java_io_FileDescriptor_sync)
RENAMED0(jlong, java_io_RandomAccessFile_length0, java_io_RandomAccessFile_length)
RENAMED3(jint, java_io_RandomAccessFile_readBytes0, java_io_RandomAccessFile_readBytes, jbyteArray, jint, jint)
RENAMED3(void, java_io_RandomAccessFile_writeBytes0, java_io_RandomAccessFile_writeBytes, jbyteArray, jint, jint)
RENAMED1(void, java_io_RandomAccessFile_setLength0, java_io_RandomAccessFile_setLength, jlong)

NATIVE(jboolean, java_io_FileInputStream_isRegularFile0)(SELF, jobject descriptor) {
    struct stat file;
    return fstat(fdval(env, descriptor), &file) == 0 && S_ISREG(file.st_mode);
}

/* java.nio.file: what threw an exception returns the error's number now */
#define PATH(address) ((const char *)(intptr_t)(address))
RENAMED2(void, sun_nio_fs_UnixNativeDispatcher_fstat0, sun_nio_fs_UnixNativeDispatcher_fstat, jint, jobject)
RENAMED1(jbyteArray, sun_nio_fs_UnixNativeDispatcher_readdir0, sun_nio_fs_UnixNativeDispatcher_readdir, jlong)
RENAMED3(jint, sun_nio_fs_UnixNativeDispatcher_read0, sun_nio_fs_UnixNativeDispatcher_read, jint, jlong, jint)
RENAMED3(jint, sun_nio_fs_UnixNativeDispatcher_write0, sun_nio_fs_UnixNativeDispatcher_write, jint, jlong, jint)
RENAMED2(void, sun_nio_fs_UnixNativeDispatcher_fchmod0, sun_nio_fs_UnixNativeDispatcher_fchmod, jint, jint)
RENAMED3(void, sun_nio_fs_UnixNativeDispatcher_fchown0, sun_nio_fs_UnixNativeDispatcher_fchown, jint, jint, jint)

extern void jdk17_stat0(SELF, jlong path, jobject attributes);

NATIVE(jint, sun_nio_fs_UnixNativeDispatcher_stat0)(SELF, jlong path, jobject attributes) {
    struct stat file;
    if (stat(PATH(path), &file)) return errno;
    jdk17_stat0(env, self, path, attributes);
    if (!(*env)->ExceptionCheck(env)) return 0;
    (*env)->ExceptionClear(env); /* it went away in between */
    return ENOENT;
}

NATIVE(jint, sun_nio_fs_UnixNativeDispatcher_access0)(SELF, jlong path, jint mode) {
    return access(PATH(path), mode) ? errno : 0;
}

NATIVE(jboolean, sun_nio_fs_UnixNativeDispatcher_fchmodatNoFollowSupported0)(SELF) { return JNI_FALSE; }
NATIVE(jint, sun_nio_fs_LinuxNativeDispatcher_posix_1fadvise)(SELF, jint fd, jlong at, jlong size, jint advice) {
    return posix_fadvise(fd, at, size, advice);
}

static void throw_unix_exception(JNIEnv *env, int number) {
    jclass type = (*env)->FindClass(env, "sun/nio/fs/UnixException");
    jmethodID made_of = type ? (*env)->GetMethodID(env, type, "<init>", "(I)V") : NULL;
    jobject exception = made_of ? (*env)->NewObject(env, type, made_of, number) : NULL;
    if (exception) (*env)->Throw(env, exception);
}

static struct timespec since_1970(jlong nanoseconds) {
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    if (time.tv_nsec < 0) time.tv_sec--, time.tv_nsec += 1000000000;
    return time;
}

NATIVE(void, sun_nio_fs_UnixNativeDispatcher_futimens0)(SELF, jint fd, jlong accessed, jlong modified) {
    struct timespec times[] = {since_1970(accessed), since_1970(modified)};
    if (futimens(fd, times)) throw_unix_exception(env, errno);
}

NATIVE(void, sun_nio_fs_UnixNativeDispatcher_utimensat0)
(SELF, jint folder, jlong path, jlong accessed, jlong modified, jint flags) {
    struct timespec times[] = {since_1970(accessed), since_1970(modified)};
    if (utimensat(folder, PATH(path), times, flags)) throw_unix_exception(env, errno);
}

NATIVE(void, sun_nio_fs_UnixFileSystem_bufferedCopy0)(SELF, jint to, jint from, jlong buffer, jint size, jlong cancel) {
    volatile jint *stop = (volatile jint *)(intptr_t)cancel;
    char *bytes = (char *)(intptr_t)buffer;
    for (;;) {
        ssize_t count = read(from, bytes, size);
        if (count == 0) return;
        if (count < 0 && errno == EINTR) continue;
        if (count > 0 && stop && *stop) count = -1, errno = ECANCELED;
        for (ssize_t done = 0, more; count > 0 && done < count; done += more > 0 ? more : 0) {
            more = write(to, bytes + done, count - done);
            if (more < 0 && errno != EINTR) count = -1;
        }
        if (count < 0) {
            throw_unix_exception(env, errno);
            return;
        }
    }
}
