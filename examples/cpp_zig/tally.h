#ifndef CPP_ZIG_TALLY_H_
#define CPP_ZIG_TALLY_H_

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>

// Thrown for text that holds a control character other than a newline.
class BadText : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Counts the words of `text`, which spaces and newlines part, with one thread for each of `threads` shares of it.
// What a thread throws arrives in the caller. Throws BadText.
std::map<std::string, std::size_t> tally(const std::string &text, std::size_t threads);

#endif  // CPP_ZIG_TALLY_H_
