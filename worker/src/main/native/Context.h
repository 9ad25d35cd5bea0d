// What a context does with the rows of a step. One thread at a time, which in_use is for.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "Candidates.h"
#include "Guesses.h"
#include "KvCache.h"
#include "Row.h"
#include "Sampler.h"
#include "Slices.h"
#include "model.h"

// As in ContextSettings.java.
struct Limits {
    int kv_cells;
    int sequences;
    int batch_tokens;
    int threads;
    bool exact;
    bool candidates; // whether rows of scores stay on the device where its best blocks suffice
    bool own_cells;  // whether each sequence has its part of the cells, instead of one pool for all

    int cells_each() const { return own_cells ? kv_cells / sequences : kv_cells; }
};

// Cells for which a context takes memory.
int cells_in_memory(const Model & model, const Limits & limits);

struct Sequence {
    bool admitted = false;
    Sampling sampling;
    std::unique_ptr<GrammarMatcher> grammar; // null: none
    History history; // of the tokens in the KV cache
};

// The rows as llama.cpp wants them, kept from step to step.
struct Rows {
    explicit Rows(size_t most) : token(most), position(most), sequence(most), sequences(most), count(most, 1), output(most) {
        for (size_t i = 0; i < most; i++) {
            sequences[i] = &sequence[i];
        }
    }

    void set(size_t i, const Row & row, bool with_output) {
        token[i] = row.token;
        position[i] = row.position;
        sequence[i] = row.sequence;
        output[i] = with_output;
    }

    llama_batch batch(int32_t rows) {
        return {rows, token.data(), nullptr, position.data(), count.data(), sequences.data(), output.data()};
    }

    std::vector<llama_token> token;
    std::vector<llama_pos> position;
    std::vector<llama_seq_id> sequence;
    std::vector<llama_seq_id *> sequences;
    std::vector<int32_t> count;
    std::vector<int8_t> output;
};

struct FreeContext {
    void operator()(llama_context * context) const { llama_free(context); }
};

class Context {
public:
    // The numbers have been checked. Throws Failure OUT_OF_MEMORY or INVALID_ARGUMENT.
    static std::shared_ptr<Context> open(std::shared_ptr<Model> model, const Limits & limits);

    Context(
        std::shared_ptr<Model> model, std::unique_ptr<Candidates> candidates, llama_context * context,
        const Limits & limits);

    void admit(int sequence, Sampling sampling);
    void release(int sequence, int length);
    void share(int from, int to, int length);
    int cells_of(const std::vector<int32_t> & sequences);
    size_t saved_bytes(int sequence);
    int64_t save(int sequence);
    void restore(int64_t saved, int sequence);
    void forget(int64_t saved);
    // With the adapter of this number; 0: none.
    void step(const Row * rows, int count, Sampled * results, int adapter);
    // The same; in a lone row's company goes a guess of what will be drawn after it. Where that is drawn, the sequence
    // has it, what comes after it is the second result, and the answer is true.
    bool step_guessing(const Row * rows, int count, Sampled * results, int adapter);

    int batch_tokens() const { return limits.batch_tokens; }

    std::mutex in_use;

private:
    // What one sequence held, in host memory.
    struct Saved {
        KvCache::Saved cells;
        History history;
    };

    Sequence & at(int sequence);
    void check_not_broken() const;
    void check_room(int cells) const;
    const Saved & saved_at(int64_t saved) const;
    void use(int adapter);
    void check_rows(const Row * rows, int count);
    void begin_step(const Row * rows, int count, int adapter);
    void step_slice(const Row * rows, const Slice & slice, Sampled * results);
    int32_t guess_after(const Row & row) const;
    bool step_with(int32_t guess, const Row & row, Sampled * results);
    void take(const Row & row);
    void decode(const Slice & slice);
    Sampled sample(int row, int output, const Row & from);

    const std::shared_ptr<Model> model;
    const std::unique_ptr<Candidates> candidates; // null: whole rows
    const std::unique_ptr<Guesses> guesses;       // null: a lone row has no company that could be of use
    const std::unique_ptr<llama_context, FreeContext> context;
    const Limits limits;
    bool broken = false; // a change of the KV cache has begun and did not come to its end
    KvCache cache;
    Slices slices;
    int64_t last_saved = 0;
    std::unordered_map<int64_t, Saved> saved;
    std::vector<Sequence> sequences;
    std::vector<int32_t> lengths; // scratch: those after the rows that were checked
    std::vector<bool> sampled;    // scratch: the sequences with an output in the step
    std::vector<int> places;      // scratch: of each row of the step, where its result goes
    Rows rows;
    Sampler sampler;
};
