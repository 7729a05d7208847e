const char *pack_version(void);
long pack_size(const char *data, long size);
