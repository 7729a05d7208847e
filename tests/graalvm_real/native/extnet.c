/* The native methods of jdk.net.LinuxSocketOptions, each a socket option: tcp(7), ip(7), socket(7), unix(7). */
#define _GNU_SOURCE
#include <errno.h>
#include <jni.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define METHOD(type, name) JNIEXPORT type JNICALL Java_jdk_net_LinuxSocketOptions_##name
#define SELF JNIEnv *env, jclass self
#define SET(name, level, option) \
    METHOD(void, name)(SELF, jint socket, jint value) { set(env, socket, level, option, value); }
#define GET(name, level, option) \
    METHOD(jint, name)(SELF, jint socket) { return get(env, socket, level, option); }

#ifndef SO_INCOMING_NAPI_ID
#define SO_INCOMING_NAPI_ID 56
#endif

static void fail(JNIEnv *env) {
    int cause = errno; /* FindClass may change it */
    jclass class = (*env)->FindClass(env, cause == ENOPROTOOPT ? "java/lang/UnsupportedOperationException" : "java/net/SocketException");
    if (class) (*env)->ThrowNew(env, class, strerror(cause));
}

static void set(JNIEnv *env, int socket, int level, int option, int value) {
    if (setsockopt(socket, level, option, &value, sizeof value)) fail(env);
}

static int get(JNIEnv *env, int socket, int level, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(socket, level, option, &value, &size)) fail(env);
    return value;
}

static jboolean is_known(int level, int option) {
    int value, found = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof value;
    int known = getsockopt(found, level, option, &value, &size) == 0 || errno != ENOPROTOOPT;
    close(found);
    return known ? JNI_TRUE : JNI_FALSE;
}

JNIEXPORT jint JNICALL JNI_OnLoad_extnet(JavaVM *vm, void *reserved) { return JNI_VERSION_1_8; }

METHOD(jboolean, keepAliveOptionsSupported0)(SELF) { return JNI_TRUE; }
METHOD(jboolean, quickAckSupported0)(SELF) { return JNI_TRUE; }
METHOD(jboolean, incomingNapiIdSupported0)(SELF) { return is_known(SOL_SOCKET, SO_INCOMING_NAPI_ID); }
SET(setQuickAck0, IPPROTO_TCP, TCP_QUICKACK)
SET(setTcpKeepAliveProbes0, IPPROTO_TCP, TCP_KEEPCNT)
SET(setTcpKeepAliveTime0, IPPROTO_TCP, TCP_KEEPIDLE)
SET(setTcpKeepAliveIntvl0, IPPROTO_TCP, TCP_KEEPINTVL)
GET(getTcpKeepAliveProbes0, IPPROTO_TCP, TCP_KEEPCNT)
GET(getTcpKeepAliveTime0, IPPROTO_TCP, TCP_KEEPIDLE)
GET(getTcpKeepAliveIntvl0, IPPROTO_TCP, TCP_KEEPINTVL)
GET(getIncomingNapiId0, SOL_SOCKET, SO_INCOMING_NAPI_ID)

METHOD(jboolean, getQuickAck0)(SELF, jint socket) { return get(env, socket, IPPROTO_TCP, TCP_QUICKACK) ? JNI_TRUE : JNI_FALSE; }

/* the two numbers in one, the user above */
METHOD(jlong, getSoPeerCred0)(SELF, jint socket) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
        fail(env);
        return -1;
    }
    return (jlong)peer.uid << 32 | (jlong)(peer.gid & 0xffffffffu);
}

METHOD(void, setIpDontFragment0)(SELF, jint socket, jboolean is_on, jboolean is_ipv4) {
    set(env, socket, IPPROTO_IP, IP_MTU_DISCOVER, is_on ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
    if (!is_ipv4 && !(*env)->ExceptionCheck(env))
        set(env, socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, is_on ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT);
}

METHOD(jboolean, getIpDontFragment0)(SELF, jint socket, jboolean is_ipv4) {
    int found = is_ipv4 ? get(env, socket, IPPROTO_IP, IP_MTU_DISCOVER) : get(env, socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER);
    return found == IP_PMTUDISC_DO ? JNI_TRUE : JNI_FALSE;
}
