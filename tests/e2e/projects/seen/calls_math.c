#include <math.h>
#include <pthread.h>
#include <stdio.h>

static void *work(void *unused) {
    (void)unused;
    return 0;
}

int main(int argc, char **argv) {
    pthread_t thread;

    (void)argv;
    if (pthread_create(&thread, 0, work, 0) != 0 || pthread_join(thread, 0) != 0)
        return 1;
    printf("%.1f\n", sqrt(4.0 * argc));
    return 0;
}
