#include "TokenTrie.h"

#include <algorithm>

TokenTrie::TokenTrie(std::vector<std::string> of, std::vector<int32_t> ending)
    : pieces(std::move(of)), ends(std::move(ending)) {
    for (int32_t token = 0; token < size(); token++) {
        if (!piece(token).empty()) {
            sorted.push_back(token);
        }
    }
    std::sort(sorted.begin(), sorted.end(), [&](int32_t a, int32_t b) {
        const int order = piece(a).compare(piece(b));
        return order != 0 ? order < 0 : a < b;
    });
    std::vector<int32_t> path; // the nodes of the piece before
    const auto close = [&](size_t depth) {
        for (; path.size() > depth; path.pop_back()) {
            nodes[path.back()].behind = static_cast<int32_t>(nodes.size());
        }
    };
    for (size_t i = 0; i < sorted.size(); i++) {
        const std::string & text = piece(sorted[i]);
        size_t common = 0;
        while (common < path.size() && common < text.size() && nodes[path[common]].byte == static_cast<uint8_t>(text[common])) {
            common++;
        }
        close(common);
        for (size_t depth = common; depth < text.size(); depth++) {
            path.push_back(static_cast<int32_t>(nodes.size()));
            nodes.push_back({0, static_cast<int32_t>(i), 0, static_cast<int32_t>(depth), static_cast<uint8_t>(text[depth])});
        }
        nodes[path.back()].count++;
        longest = std::max(longest, text.size());
    }
    close(0);
}
