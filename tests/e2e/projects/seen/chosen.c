// Says the libc by which select() chose, and the one that it was compiled for.
#include <stdio.h>

int main(void)
{
#ifdef __GLIBC__
    printf("%s glibc\n", CHOSEN);
#else
    printf("%s musl\n", CHOSEN);
#endif
    return 0;
}
