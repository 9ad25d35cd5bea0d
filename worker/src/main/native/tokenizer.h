// Plain text to tokens, none of which steers the model.
#pragma once

#include <string>
#include <vector>

#include "model.h"

// Whether the token steers the model: a control token, or text of a user-defined token in brackets.
bool is_control(const Model & model, llama_token token);

// Fills in model.marks.
void collect_marks(Model & model);

std::vector<llama_token> tokenize(const Model & model, const std::string & text);
