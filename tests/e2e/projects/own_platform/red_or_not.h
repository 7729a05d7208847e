int red(void);
