#!/usr/bin/env bash
# Builds the native side: build.sh <target directory> <home of the JDK that runs Maven>
# Result: <target>/native/libmillrace_llama.so and, for platforms with prebuilt libraries, <target>/native/llama/.
# Does nothing when sources, tools and result are as they were. $CXX and $JAVA_HOME are heeded.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$(mkdir -p "$1" && cd "$1" && pwd)
maven_jdk=$2
kernel=$(uname -s) machine=$(uname -m)
native=$target/native headers=$target/llama-headers work=$target/llama-npm

fail() {
    printf '\nmillrace native build: %s\n\n' "$1" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$1 is missing. $2"
}

find_compiler() {
    compiler=${CXX:-g++}
    need "$compiler" "Install a C++17 compiler (Debian: apt-get install g++; macOS: xcode-select --install) or set CXX."
}

find_jni() {
    local javac home
    javac=$(command -v javac || true)
    [[ -n $javac ]] && javac=$(dirname "$(dirname "$(readlink -f "$javac")")")
    for home in "${JAVA_HOME:-}" "$maven_jdk" "$javac"; do
        if [[ -n $home && -f $home/include/jni.h ]]; then
            jni=$home/include
            return
        fi
    done
    fail "no JDK with include/jni.h in JAVA_HOME, in Maven's own Java or beside javac. Install a JDK 17 \
(Debian: apt-get install openjdk-17-jdk-headless) or set JAVA_HOME to one."
}

# One line that changes whenever the result could.
inputs() {
    {
        cd "$here"
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 cksum
        printf '%s\n' "$kernel $machine $compiler $jni"
        "$compiler" --version
    } | cksum
}

# llama.cpp of one release: the platform's prebuilt libraries, and the headers out of the source bundle.
fetch_llama() {
    need npm "Install Node.js 20 or newer with npm (Debian: apt-get install npm)."
    need git "Install git: llama.cpp's source comes as a git bundle."
    rm -rf "$work" "$headers" "$native/llama"
    mkdir -p "$work" "$headers" "$native"
    cp "$here"/npm/package.json "$here"/npm/package-lock.json "$here"/npm/.npmrc "$work"
    (cd "$work" && npm ci --ignore-scripts --loglevel=error >/dev/null) ||
        fail "npm could not fetch llama.cpp (see above). It needs the npm registry, or a mirror set in npm's own configuration."

    local source=$work/node_modules/node-llama-cpp/llama
    git clone --quiet --bare "$source/gitRelease.bundle" "$work/source"
    git --git-dir="$work/source" archive HEAD include ggml/include | tar -x -C "$headers"
    sed -n 's/.*"tag": *"v\([0-9.]*\)".*/\1/p' "$source/llama.cpp.info.json" >"$headers/version"
    [[ -s $headers/version ]] || fail "the source bundle does not say its release."

    copy_prebuilt
    cksum <"$here/npm/package-lock.json" >"$headers/.fetched"
    rm -rf "$work"
}

copy_prebuilt() {
    local package folder library
    read -r package folder < <(awk -v k="$kernel" -v m="$machine" '$1 == k && $2 == m { print $3, $4 }' "$here/platforms") || true
    if [[ -z ${package:-} ]]; then
        echo "no prebuilt llama.cpp for $kernel $machine: set LLAMA_HOME at run time"
        return
    fi
    mkdir -p "$native/llama"
    for library in "$work/node_modules/$package/$folder"/lib*; do
        case $library in
            */libllama-common*) ;; # a C++ interface that nothing here uses
            *) cp "$library" "$native/llama" ;;
        esac
    done
    cp "$work/node_modules/$package/LICENSE" "$native/llama"
}

# Not linked against llama.cpp, whose file names differ between builds: symbols are bound at the first call, after
# LlamaLibrary.load has opened the library. No fused multiply-add: sampling is to be the same on every machine.
compile() {
    local suffix=so jni_os=linux
    local flags=(-std=c++17 -O3 -ffp-contract=off -fPIC -fvisibility=hidden -Wall -Wextra -Werror)
    local link=(-shared -Wl,-z,lazy -Wl,-z,noexecstack)
    if [[ $kernel == Darwin ]]; then
        suffix=dylib jni_os=darwin
        link=(-dynamiclib -undefined dynamic_lookup)
    fi
    "$compiler" "${flags[@]}" -I"$jni" -I"$jni/$jni_os" -isystem "$headers/include" -isystem "$headers/ggml/include" \
        -DLLAMA_WANTED_VERSION="\"$(<"$headers/version")\"" \
        "${link[@]}" -o "$native/libmillrace_llama.$suffix" "$here"/*.cpp || fail "the C++ did not compile (see above)."
}

find_compiler
find_jni
stamp=$(inputs)
if [[ -f $native/.stamp && $(<"$native/.stamp") == "$stamp" ]]; then
    exit 0
fi
rm -f "$native/.stamp"
if [[ ! -f $headers/.fetched || $(<"$headers/.fetched") != $(cksum <"$here/npm/package-lock.json") ]]; then
    fetch_llama
fi
compile
printf '%s\n' "$stamp" >"$native/.stamp"
