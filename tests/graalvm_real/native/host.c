/* What an image asks of libchelper beside CPU features: calls without variable arguments, signals, the locale. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "include/svm_locale.h"

/* the image calls it before anything else; nothing has to be prepared */
void initialize(void) {}

extern char **environ;
extern char *findJavaTZ_md(const char *java_home);

int fprintfSD(FILE *stream, const char *format, char *text, int number) { return fprintf(stream, format, text, number); }
int openSII(const char *path, int flags, int mode) { return open(path, flags, mode); }
int openatISII(int folder, const char *path, int flags, int mode) { return openat(folder, path, flags, mode); }
void *mremapP(void *old, size_t size, size_t wanted, int flags, void *at) { return mremap(old, size, wanted, flags, at); }
int getThreadId(void) { return (int)syscall(SYS_gettid); }
long getThreadUserTimeSlow(int thread) { return -1; }
char **getEnviron(void) { return environ; }
char *SVM_FindJavaTZmd(const char *mappings, int length) { return findJavaTZ_md(""); }
void codeSynchronization_clearCache(unsigned long from, unsigned long to) {
    __builtin___clear_cache((char *)from, (char *)to);
}

/* LANG=de_AT.UTF-8 is German of Austria, C and POSIX are English */
static svm_locale_props_t locale;

int svm_initialize_locale(void) {
    const char *names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *said = NULL;
    for (int at = 0; at < 3 && !(said && *said); at++) said = getenv(names[at]);
    if (!said || !*said || strcmp(said, "POSIX") == 0 || (*said == 'C' && (!said[1] || said[1] == '.'))) said = "en";
    char *language = strdup(said);
    if (!language) return SVM_LOCALE_INITIALIZATION_OUT_OF_MEMORY;
    language[strcspn(language, ".@")] = 0;
    char *country = strchr(language, '_');
    if (country) *country++ = 0;
    locale.display_language = locale.format_language = language;
    locale.display_country = locale.format_country = country;
    return SVM_LOCALE_INITIALIZATION_SUCCEEDED;
}

const svm_locale_props_t *svm_get_locale(void) { return &locale; }

/* a handler counts what arrived and wakes the thread that runs Java's handlers */
enum { SIGNALS = 65 };
static sem_t arrived;
static int is_open;
static volatile int waiting[SIGNALS];

static void count(int number) {
    int saved = errno;
    if (number > 0 && number < SIGNALS) {
        __sync_fetch_and_add(&waiting[number], 1);
        sem_post(&arrived);
    }
    errno = saved;
}

int cSunMiscSignal_open(void) {
    if (!__sync_bool_compare_and_swap(&is_open, 0, 1)) {
        errno = EBUSY;
        return -1;
    }
    memset((void *)waiting, 0, sizeof waiting);
    return sem_init(&arrived, 0, 0);
}

int cSunMiscSignal_close(void) {
    int result = sem_destroy(&arrived);
    is_open = 0;
    return result;
}

int cSunMiscSignal_awaitSemaphore(void) {
    int result;
    do result = sem_wait(&arrived);
    while (result && errno == EINTR);
    return result;
}

int cSunMiscSignal_checkPendingSignal(void) {
    for (int number = 1; number < SIGNALS; number++)
        for (int left = waiting[number]; left > 0; left = waiting[number])
            if (__sync_bool_compare_and_swap(&waiting[number], left, left - 1)) return number;
    return -1;
}

int cSunMiscSignal_signalSemaphore(void) { return sem_post(&arrived); }
int cSunMiscSignal_signalRangeCheck(int number) { return number > 0 && number < SIGNALS; }
void *cSunMiscSignal_signalHandlerFunctionPointer(void) { return (void *)count; }
