int warns(void) {
    int nobody_reads_this;

    return 0;
}
