#include "tally.h"

#include <algorithm>
#include <future>
#include <sstream>
#include <vector>

namespace {

using Counts = std::map<std::string, std::size_t>;

bool is_gap(char c) { return c == ' ' || c == '\n'; }

Counts count(const std::string &share) {
    Counts counts;
    std::istringstream words(share);
    for (std::string word; words >> word;) {
        for (char c : word) {
            if (static_cast<unsigned char>(c) < ' ') {
                throw BadText("control character " + std::to_string(static_cast<int>(c)) + " in a word");
            }
        }
        ++counts[word];
    }
    return counts;
}

}  // namespace

Counts tally(const std::string &text, std::size_t threads) {
    std::vector<std::future<Counts>> shares;
    const std::size_t step = text.size() / threads + 1;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(begin + step, text.size());
        while (end < text.size() && !is_gap(text[end])) ++end;  // a word is never parted
        shares.push_back(std::async(std::launch::async, count, text.substr(begin, end - begin)));
        begin = end;
    }
    Counts total;
    for (auto &share : shares) {
        for (const auto &[word, number] : share.get()) total[word] += number;
    }
    return total;
}
