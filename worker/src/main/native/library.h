// Whether llama.cpp's library is open: until then no symbol of it may be called.
#pragma once

// Throws Failure LIBRARY_UNAVAILABLE if LlamaLibrary.open has not succeeded.
void require_library();
