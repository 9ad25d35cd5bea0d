// What a row's scores weigh at a temperature, and draws from them. A block is weighed when it is first needed. One
// thread at a time.
#pragma once

#include <climits>
#include <cmath>
#include <cstdint>
#include <vector>

#include "Scores.h"

// The last token that is kept. Tokens are ordered by score, highest first, and on a tie by id, lowest first.
struct Border {
    static constexpr int32_t LAST = INT32_MAX;

    float score = -HUGE_VALF;
    int32_t token = LAST; // LAST: every token with that score is kept
};

class Weights {
public:
    // The scores must stay as they are while weights are asked for. The temperature is above 0.
    void weigh(const Scores & scores, float temperature);

    // The border of the fewest best tokens that have this share of the weight of all tokens down to a border.
    Border nucleus(Border floor, double share);

    // The token at this place, from 0 to 1, in the weight of all tokens down to the border, by the order of their ids.
    int32_t draw(Border border, double place);

private:
    struct Mass {
        double weight;
        int32_t tokens;
    };

    struct Candidate {
        int32_t token;
        float score;
        float weight;
    };

    const float * weights_of(int32_t block);
    Mass down_to(Border border, bool missing_too = true);
    Border between(Border low, Mass low_mass, float high, Mass high_mass, double wanted);
    Border nucleus_above_missing(Border floor, double share);
    Border sort_out(Border low, float high, double missing);

    const Scores * scores = nullptr;
    float temperature = 1;
    float slope = 1;
    std::vector<float> weights;   // the best token's is 1
    std::vector<uint8_t> weighed; // by block
    std::vector<float> kept;      // by block: what down_to last found
    std::vector<Candidate> candidates;
};
