// The pieces of a vocabulary, those with the same first bytes next to each other: what a grammar walks along. Immutable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

class TokenTrie {
public:
    // One byte of one or more pieces. The nodes stand in the order in which a walk from the root meets them.
    struct Node {
        int32_t behind; // the node that follows this one and all below it
        int32_t first;  // of the tokens that end here, in sorted
        int32_t count;
        int32_t depth; // bytes before this one
        uint8_t byte;
    };

    // Tokens without a piece stand for no text. The ends are those that end a completion.
    TokenTrie(std::vector<std::string> pieces, std::vector<int32_t> ends);

    int32_t size() const { return static_cast<int32_t>(pieces.size()); }
    const std::string & piece(int32_t token) const { return pieces[static_cast<size_t>(token)]; }

    const std::vector<std::string> pieces;
    const std::vector<int32_t> ends;
    std::vector<int32_t> sorted; // tokens by their pieces
    std::vector<Node> nodes;
    size_t longest = 0; // bytes of a piece
};
