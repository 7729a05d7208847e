// Says what it was given, and by which libc: `glibc GREETING=hello words=3 argv: said app/greeting.txt`
// With `--to FILE` before all else, it says so into a file, for rules that start it without a shell.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/words.h"

int main(int argc, char **argv)
{
    const char *greeting = getenv("GREETING");
    int first = 1;

    if (argc > 2 && !strcmp(argv[1], "--to")) {
        if (!freopen(argv[2], "w", stdout)) return 1;
        first = 3;
    }

#ifdef __GLIBC__
    printf("glibc");
#else
    printf("musl");
#endif
    printf(" GREETING=%s words=%d argv:", greeting ? greeting : "(unset)", count_words("one two  three"));
    for (int i = first; i < argc; i++) printf(" %s", argv[i]);
    printf("\n");
    return 0;
}
