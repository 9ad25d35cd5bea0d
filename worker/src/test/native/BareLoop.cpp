// The limit of what an engine can do with llama.cpp: llama_decode and an argmax, and nothing else. The context and the
// batches are those of Context.cpp, with its slices and its pad row, and the layout of the weights is that of LlamaModel.
//
// BareLoop FOLDER-OF-LIBRARIES MODEL KV-CELLS SEQUENCES THREADS DEVICE CELLS
//
// The device is cpu or a GPU's number. The cells are one pool for all sequences (unified), or each sequence has its own
// (separate).
//
// Reads a load a line and answers each with a line: see Load.java and Measurement.java.
#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr int CPU_SLICE_ROWS = 62;
constexpr int GPU_SLICE_ROWS = 512;
constexpr int CELLS_OF_STREAM = 256; // each has a multiple of these
constexpr int MOST_SEQUENCES_WITH_REPACKED_WEIGHTS = 8;

struct Row {
    llama_token token;
    llama_pos position;
    llama_seq_id sequence;
    bool output;
};

int64_t now_nanos() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

llama_token best(const float * scores, int count) {
    float highest = scores[0];
    for (int i = 1; i < count; i++) {
        highest = std::max(highest, scores[i]);
    }
    return static_cast<llama_token>(std::find(scores, scores + count, highest) - scores);
}

// Null for the CPU.
ggml_backend_dev_t find_gpu(const std::string & name) {
    int number = name == "cpu" ? -1 : std::stoi(name);
    for (size_t i = 0; number >= 0 && i < ggml_backend_dev_count(); i++) {
        const ggml_backend_dev_t device = ggml_backend_dev_get(i);
        const auto type = ggml_backend_dev_type(device);
        if ((type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU) && number-- == 0) {
            return device;
        }
    }
    if (name != "cpu") {
        throw std::runtime_error("no GPU " + name);
    }
    return nullptr;
}

class Loop {
public:
    Loop(const char * file, int kv_cells, int sequences, int threads, ggml_backend_dev_t gpu, bool unified)
        : pad(sequences), exact(gpu == nullptr), slice_rows(exact ? CPU_SLICE_ROWS : GPU_SLICE_ROWS) {
        ggml_backend_dev_t devices[] = {gpu, nullptr};
        llama_model_params layout = llama_model_default_params();
        layout.use_extra_bufts = sequences <= MOST_SEQUENCES_WITH_REPACKED_WEIGHTS;
        layout.devices = devices;
        layout.n_gpu_layers = gpu == nullptr ? 0 : -1;
        layout.split_mode = LLAMA_SPLIT_MODE_NONE;
        layout.main_gpu = gpu == nullptr ? -1 : 0;
        llama_model * const model = llama_model_load_from_file(file, layout);
        if (model == nullptr) {
            throw std::runtime_error("cannot load the model");
        }
        llama_context_params params = llama_context_default_params();
        const int of_stream = (kv_cells / sequences + CELLS_OF_STREAM) / CELLS_OF_STREAM * CELLS_OF_STREAM;
        params.n_ctx =
            static_cast<uint32_t>(unified ? kv_cells + 1 + (exact ? kv_cells / 8 : 0) : (sequences + 2) * of_stream);
        params.n_batch = params.n_ubatch = static_cast<uint32_t>(slice_rows) + 1;
        params.n_seq_max = params.n_outputs_max = static_cast<uint32_t>(sequences) + 2;
        params.n_outputs_max_per_seq = 1;
        params.n_threads = params.n_threads_batch = threads;
        params.kv_unified = unified;
        params.op_offload = !exact;
        params.no_perf = true;
        context = llama_init_from_model(model, params);
        if (context == nullptr) {
            throw std::runtime_error("cannot open a context");
        }
        vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    }

    // The next token of each row with an output, in the order of the rows.
    std::vector<llama_token> step(const std::vector<Row> & rows) {
        std::vector<llama_token> next;
        const size_t slices = (rows.size() + slice_rows - 1) / slice_rows;
        for (size_t slice = 0; slice < slices; slice++) {
            const size_t begin = rows.size() * slice / slices;
            const size_t end = rows.size() * (slice + 1) / slices;
            decode(&rows[begin], static_cast<int>(end - begin), next);
        }
        return next;
    }

    void forget() { llama_memory_clear(llama_get_memory(context), false); }

private:
    void decode(const Row * rows, int count, std::vector<llama_token> & next) {
        batch.n_tokens = 0;
        int outputs = 0;
        for (int i = 0; i < count; i++) {
            add(rows[i]);
            outputs += rows[i].output;
        }
        const bool padded = exact && (count == 1 || outputs == 1);
        if (padded) {
            add({0, 0, pad, outputs > 0});
        }
        if (llama_decode(context, batch) != 0) {
            throw std::runtime_error("llama_decode failed");
        }
        if (padded) {
            llama_memory_seq_rm(llama_get_memory(context), pad, -1, -1);
        }
        for (int i = 0; i < count; i++) {
            if (rows[i].output) {
                next.push_back(best(llama_get_logits_ith(context, i), vocabulary));
            }
        }
    }

    void add(const Row & row) {
        const int i = batch.n_tokens++;
        batch.token[i] = row.token;
        batch.pos[i] = row.position;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = row.sequence;
        batch.logits[i] = row.output;
    }

    const llama_seq_id pad;
    const bool exact;
    const size_t slice_rows;
    llama_context * context;
    int vocabulary;
    llama_batch batch = llama_batch_init(GPU_SLICE_ROWS + 1, 0, 1);
};

std::string generate(Loop & loop, std::istream & load) {
    std::string sampling;
    int tokens = 0;
    int sequences = 0;
    int prompt_tokens = 0;
    load >> sampling >> tokens >> sequences >> prompt_tokens;
    std::vector<Row> rows;
    for (int i = 0; i < sequences * prompt_tokens; i++) {
        llama_token token = 0;
        load >> token;
        const int position = i % prompt_tokens;
        rows.push_back({token, position, i / prompt_tokens, position == prompt_tokens - 1});
    }
    loop.forget();
    const int64_t begin = now_nanos();
    std::vector<std::vector<llama_token>> generated = {loop.step(rows)};
    const int64_t prefilled = now_nanos();
    for (int index = 1; index < tokens; index++) {
        rows.clear();
        for (int sequence = 0; sequence < sequences; sequence++) {
            rows.push_back({generated.back()[sequence], prompt_tokens + index - 1, sequence, true});
        }
        generated.push_back(loop.step(rows));
    }
    const int64_t end = now_nanos();
    std::ostringstream answer;
    answer << end - prefilled << ' ' << end - begin;
    for (int sequence = 0; sequence < sequences; sequence++) {
        for (const auto & step : generated) {
            answer << ' ' << step[sequence];
        }
    }
    return answer.str();
}

} // namespace

int main(int count, char ** arguments) {
    if (count != 8) {
        std::cerr << "usage: BareLoop FOLDER-OF-LIBRARIES MODEL KV-CELLS SEQUENCES THREADS DEVICE CELLS\n";
        return 2;
    }
    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    ggml_backend_load_all_from_path(arguments[1]);
    Loop loop(
        arguments[2], std::stoi(arguments[3]), std::stoi(arguments[4]), std::stoi(arguments[5]), find_gpu(arguments[6]),
        arguments[7] == std::string("unified"));
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream load(line);
        std::cout << generate(loop, load) << std::endl;
    }
    return 0;
}
