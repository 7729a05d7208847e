// Says what it was given, and by which libc: `glibc GREETING=hello words=3 argv: said app/greeting.txt`
#include <stdio.h>
#include <stdlib.h>

#include "app/words.h"

int main(int argc, char **argv)
{
    const char *greeting = getenv("GREETING");

#ifdef __GLIBC__
    printf("glibc");
#else
    printf("musl");
#endif
    printf(" GREETING=%s words=%d argv:", greeting ? greeting : "(unset)", count_words("one two  three"));
    for (int i = 1; i < argc; i++) printf(" %s", argv[i]);
    printf("\n");
    return 0;
}
