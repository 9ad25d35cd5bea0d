# Millrace. `make help` lists what there is to do.

SHELL := /bin/sh
SCRIPTS := compose/src/main/scripts
# Written last by the build: older than whatever has changed since. Directories are listed too, for deleted files.
BUILT := compose/target/lib/classes.jsa
TEST_CLASS_PATH := compose/target/test.classpath
BENCHES := $(notdir $(wildcard compose/src/test/scripts/bench-*))
SOURCES := $(shell find .mvn pom.xml */pom.xml */src/main -name node_modules -prune -o -print)

# Every character of the prompt counts, $ and # and line ends included: nothing in it is make's to expand.
MAKEOVERRIDES =
# Standard output is for the answer, also where another make calls this one.
MAKEFLAGS += --no-print-directory
ifdef PROMPT
override export PROMPT := $(value PROMPT)
endif

.PHONY: help run ask test test-faults $(BENCHES) soak-engine llama-cuda clean

help:
	@echo "make run               broker, worker and chat page in one process, until Ctrl-C"
	@echo "                         HTTP_PORT=8080  KAFKA_PORT=9092  DATA_DIR=data  MODEL=path to a GGUF file"
	@echo "make ask PROMPT='...'  asks it over Kafka and prints the answer as it streams"
	@echo "                         KAFKA_PORT  MAX_NEW_TOKENS  TEMPERATURE  SEED"
	@echo "make test              builds everything and runs every test"
	@echo "make test-faults       kills and cuts off what runs, and counts what readers saw of it"
	@echo "                         ROUNDS=3 of each row  STREAMS=40 at once  SEED  ROWS=all  REPORT=file to write"
	@echo "make bench-cancel      from a cancellation to the end of its answer, settled and right after a rebalance"
	@echo "make bench-chunks      what the tokens of 1, 8 and 64 streams cost as events"
	@echo "make bench-claims      what claims and reading back cost"
	@echo "make bench-end-to-end  the same chat completions through Millrace and straight into llama-server; writes docs/bench"
	@echo "                         LLAMA_SERVER=program  ROUNDS=5  TOKENS=64  CLIENTS=1,8,32  MODELS=demo,generated  THREADS"
	@echo "make bench-engine      tokens a second against a bare loop of llama_decode and llama-server; writes docs/bench"
	@echo "                         ROUNDS=3  TOKENS=32  SEQUENCES=1,4,16,64  MODELS=demo,generated (or GGUF files)"
	@echo "                         THREADS=cores less one  SAMPLINGS=greedy,sampled,masked  LLAMA_SERVER=program  LLAMA_HOME"
	@echo "                         REPORTS=folder to write to"
	@echo "make bench-first-token  time to the first text, over WebSocket against the engine alone"
	@echo "make bench-gateway     tokens a second that a gateway relays, their delay, memory of idle sockets; writes docs/bench"
	@echo "                         DURATION=10 (seconds a load)  ROUNDS=3  IDLE_SOCKETS=5000  REPORTS=folder to write to"
	@echo "make bench-gpu         the same on a GPU, prompts of up to 256K tokens, the share of its bandwidth; writes docs/bench"
	@echo "                         DEVICE=0  ROUNDS=5  TOKENS=128  SEQUENCES=1,8,32,64  PREFILL=512,8192,65536,262144"
	@echo "                         MODELS=generated-4b (or GGUF files)  COMPLETIONS=64 to compare  LLAMA_SERVER  LLAMA_HOME"
	@echo "                         DEVICE=cpu: a try-out of a minute or two, into worker/target/bench/gpu"
	@echo "make bench-prefill     a long prompt among running streams, with several shares of a step's time for it"
	@echo "                         SHARES=75,45,40 (percent)"
	@echo "make bench-sampler     milliseconds to choose a token, against llama.cpp's sampler chain; a change of the adapter"
	@echo "make bench-turns       time to the first token on turn 10 of a conversation, over that of its new tokens alone"
	@echo "make soak-engine       random prompts, cancels and preemptions; fails when memory or cells leak"
	@echo "                         DURATION=3600 (seconds)"
	@echo "make llama-cuda        lays llama.cpp's CUDA library for this machine's GPU where the worker looks"
	@echo "                         CUDA_ARCHITECTURE=90, for example  JOBS=all cores"
	@echo "make clean             removes what the build made; the data directory stays"

run: $(BUILT)
	@exec $(SCRIPTS)/java dev.millrace.compose.Embedded

ask:
	@exec $(SCRIPTS)/ask

test:
	@$(SCRIPTS)/tools test
	mvn -B verify

test-faults: $(BUILT) $(TEST_CLASS_PATH)
	@cd compose && exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
		-cp "target/test-classes:target/classes:$$(cat target/test.classpath)" dev.millrace.compose.faults.FaultMatrix

$(BENCHES): $(BUILT) $(TEST_CLASS_PATH)
	@compose/src/test/scripts/$@

soak-engine: $(BUILT) $(TEST_CLASS_PATH)
	@compose/src/test/scripts/soak-engine

llama-cuda: $(BUILT)
	@exec $(SCRIPTS)/llama-cuda

clean:
	rm -rf target */target

$(BUILT): $(SOURCES)
$(TEST_CLASS_PATH): $(SOURCES) $(shell find compose/src/test worker/src/test -name node_modules -prune -o -print)
$(BUILT) $(TEST_CLASS_PATH):
	@$(SCRIPTS)/tools
	@echo "millrace: building what has changed" >&2
	@mvn -q -B -DskipTests -Dspotless.check.skip=true package >&2
