// Whether llama.cpp's library is open: until then no symbol of it may be called.
#pragma once

#include <string>

// Throws Failure LIBRARY_UNAVAILABLE if LlamaLibrary.open has not succeeded.
void require_library();

// The folder that llama.cpp's libraries came from.
const std::string & library_folder();
