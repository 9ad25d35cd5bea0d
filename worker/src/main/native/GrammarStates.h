// The states that a grammar can be in, worked out as far as they are asked for: an automaton whose states are sets of
// stacks. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "GrammarRules.h"

class GrammarStates {
public:
    static constexpr int32_t DEAD = -1; // nothing can follow, and nothing has ended

    explicit GrammarStates(std::shared_ptr<const GrammarRules> rules) : rules(std::move(rules)) {}

    // Forgets all states and returns the first one; DEAD where working it out takes too much.
    int32_t restart();

    // The state behind a byte; DEAD also when the allowance does not suffice.
    int32_t next(int32_t state, uint8_t byte);

    // Whether the text may end here.
    bool complete(int32_t state) const { return states[state].complete; }

    // Bounds what the calls until the next time may take, in time and in memory. What was worked out before counts as
    // if it were not, so that it does not matter who asks, and what was asked before.
    void allow_work();
    bool exhausted() const { return work_left < 0; }

    // Whether so much is remembered that it pays to keep only this state. Its number changes then.
    bool large() const { return states.size() > MANY_STATES || frames.size() > MANY_FRAMES; }
    int32_t keep_only(int32_t state);

private:
    static constexpr int32_t MOST_WORK = 500'000; // places of the grammar that are visited
    static constexpr int32_t WORK_OF_A_STATE = 128;
    static constexpr size_t MANY_STATES = 1024;
    static constexpr size_t MANY_FRAMES = 1 << 16;
    static constexpr int32_t BOTTOM = -1;
    static constexpr int32_t UNKNOWN = -2;

    // What comes next, and what comes when that alternative has ended.
    struct Frame {
        int32_t element;
        int32_t below;
    };

    struct Step {
        int32_t next = UNKNOWN;
        int32_t work = 0;
        uint32_t charged = 0; // the round in which it last was
    };

    struct State {
        std::vector<int32_t> frames; // in order, each at a range of bytes
        bool complete = false;
        uint32_t charged = 0;
        std::vector<Step> steps; // by class of bytes
    };

    using Key = std::pair<bool, std::vector<int32_t>>;

    void clear();
    Step work_out(int32_t state, uint8_t byte);
    void visit(int32_t element, int32_t below);
    void visit_all();
    int32_t frame(int32_t element, int32_t below);
    int32_t state_of_reached();

    const std::shared_ptr<const GrammarRules> rules;
    std::vector<Frame> frames;
    std::unordered_map<int64_t, int32_t> frame_ids;
    std::vector<State> states;
    std::map<Key, int32_t> state_ids;
    uint32_t round = 0;
    int32_t work_left = 0;

    // Scratch of one step.
    std::vector<int32_t> to_visit;
    std::vector<int32_t> seen_in; // by frame: the step that saw it last
    int32_t step = 0;
    int32_t work = 0;
    Key reached;
};
