#include "Weights.h"

#include <algorithm>
#include <cfloat>

namespace {

// So few that they are sorted rather than parted once more.
constexpr int32_t FEW = 256;

// Far more than the sum of a row's weights is off by.
constexpr double ROUNDING = 1e-5;

} // namespace

void Weights::weigh(const Scores & of, float at_temperature) {
    scores = &of;
    temperature = at_temperature;
    slope = std::min(1 / temperature, FLT_MAX);
    const auto blocks = static_cast<size_t>(of.blocks());
    weights.resize(blocks * BLOCK);
    kept.resize(blocks);
    weighed.assign(blocks, 0);
}

const float * Weights::weights_of(int32_t block) {
    float * const of_block = &weights[static_cast<size_t>(block) * BLOCK];
    if (!weighed[block]) {
        weigh_block(scores->block(block), scores->best(), slope, of_block);
        weighed[block] = 1;
    }
    return of_block;
}

Weights::Mass Weights::down_to(Border border, bool missing_too) {
    Mass mass = {0, 0};
    for (int32_t i = 0; i < scores->blocks(); i++) {
        kept[i] = 0;
        if (scores->block_best(i) >= border.score && (missing_too || scores->has(i))) {
            kept[i] = sum_kept(scores->block(i), weights_of(i), border.score, border.token - i * BLOCK, mass.tokens);
            mass.weight += kept[i];
        }
    }
    return mass;
}

// Looks ever deeper until the share is reached, which mostly few of the best blocks have; then halves what lies between
// the two last depths until few tokens are left to sort.
Border Weights::nucleus(Border floor, double share) {
    floor.score = std::max(floor.score, scores->best() + LOWEST_EXPONENT * temperature);
    if (scores->missing() && scores->missing_best() >= floor.score) {
        return nucleus_above_missing(floor, share);
    }
    Mass low_mass = down_to(floor);
    const double wanted = share * low_mass.weight;
    Border low = floor;
    float high = HUGE_VALF;
    Mass high_mass = {0, 0};
    for (float nats = 1; nats < -LOWEST_EXPONENT; nats *= 2) {
        const Border depth = {scores->best() - nats * temperature, Border::LAST};
        if (depth.score <= floor.score) {
            break;
        }
        const Mass mass = down_to(depth);
        if (mass.weight >= wanted) {
            low = depth;
            low_mass = mass;
            break;
        }
        high = depth.score;
        high_mass = mass;
    }
    return between(low, low_mass, high, high_mass, wanted);
}

// The same where the floor lies among missing scores, of which only bounds are known: the border, if it is the same with
// the least and with the most that they can weigh.
Border Weights::nucleus_above_missing(Border floor, double share) {
    const Border low = {std::nextafter(scores->missing_best(), HUGE_VALF), Border::LAST};
    const Mass above = down_to(low);
    const double known = down_to(floor, false).weight;
    const double least = share * known * (1 - ROUNDING);
    const double most = share * (known + scores->missing_weight(temperature)) * (1 + ROUNDING);
    if (most > above.weight) {
        throw Incomplete();
    }
    const Border border = between(low, above, HUGE_VALF, {0, 0}, least);
    const Border other = between(low, above, HUGE_VALF, {0, 0}, most);
    if (border.score != other.score || border.token != other.token) {
        throw Incomplete();
    }
    return border;
}

// Halves what lies between two depths until few tokens are left to sort.
Border Weights::between(Border low, Mass low_mass, float high, Mass high_mass, double wanted) {
    while (low_mass.tokens - high_mass.tokens > FEW) {
        const float middle = low.score + (std::min(high, scores->best()) - low.score) / 2;
        if (!(middle > low.score && middle < high)) {
            break;
        }
        const Mass mass = down_to({middle, Border::LAST});
        if (mass.weight >= wanted) {
            low.score = middle;
            low_mass = mass;
        } else {
            high = middle;
            high_mass = mass;
        }
    }
    return sort_out(low, high, wanted - high_mass.weight);
}

// The border among the tokens from low up to high, exclusive, when this much weight is missing above them.
Border Weights::sort_out(Border low, float high, double missing) {
    candidates.clear();
    scores->at_least(low.score, [&](int32_t token, float score) {
        if (score < high) {
            candidates.push_back({token, score, weights_of(token / BLOCK)[token % BLOCK]});
        }
    });
    const auto better = [](const Candidate & a, const Candidate & b) {
        return a.score != b.score ? a.score > b.score : a.token < b.token;
    };
    if (!std::is_sorted(candidates.begin(), candidates.end(), better)) {
        std::sort(candidates.begin(), candidates.end(), better);
    }
    for (const Candidate & candidate : candidates) {
        missing -= candidate.weight;
        if (missing <= 0) {
            return {candidate.score, candidate.token};
        }
    }
    return low;
}

int32_t Weights::draw(Border border, double place) {
    double left = place * down_to(border).weight;
    int32_t chosen = 0;
    for (int32_t i = 0; i < scores->blocks(); i++) {
        if (kept[i] > 0) {
            chosen = i;
            if (left < kept[i]) {
                break;
            }
            left -= kept[i];
        }
    }
    const float * const block = scores->block(chosen);
    const float * const of_block = weights_of(chosen);
    int32_t token = -1;
    for (int32_t i = 0; i < BLOCK && left >= 0; i++) {
        const int32_t id = chosen * BLOCK + i;
        if (of_block[i] > 0 && (block[i] > border.score || (block[i] == border.score && id <= border.token))) {
            token = id;
            left -= of_block[i];
        }
    }
    return token;
}
