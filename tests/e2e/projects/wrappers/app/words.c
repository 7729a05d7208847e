#include "app/words.h"

int count_words(const char *text)
{
    int count = 0;

    for (int inside = 0; *text; text++) {
        count += *text != ' ' && !inside;
        inside = *text != ' ';
    }
    return count;
}
