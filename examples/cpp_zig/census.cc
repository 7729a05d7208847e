// Counts words in several threads, and shows that what a thread of a library throws is caught in main. Exits 0 when both work.
//
//     census [FILE]

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tally.h"

namespace {

constexpr std::size_t kThreads = 4;

std::string built_in() {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "one two two three three three\n";
    return text;
}

std::string contents(const char *path) {
    std::ifstream file(path, std::ios::binary);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file.peek();
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool refuses_bad_text() {
    try {
        tally("three good words and \x01 bad one", kThreads);
    } catch (const BadText &error) {
        std::cout << "caught from a thread: " << error.what() << '\n';
        return true;
    }
    return false;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        const auto counts = tally(argc > 1 ? contents(argv[1]) : built_in(), kThreads);
        std::size_t words = 0;
        for (const auto &[word, number] : counts) words += number;
        std::cout << words << " words, " << counts.size() << " different\n";
        return refuses_bad_text() ? 0 : 1;
    } catch (const std::exception &error) {
        std::cerr << "census: " << error.what() << '\n';
        return 1;
    }
}
