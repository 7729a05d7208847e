int count_words(const char *text);

int count_twice(const char *text)
{
    return 2 * count_words(text);
}
