#!/bin/bash
# isa.sh - nets on older processors: oneDNN held to AVX2 and to SSE4.1 must pass the same
# tests of layers and training, gradients and PyTorch's numbers among them.
. "${BASH_SOURCE%/*}/lib.bash"

for isa in AVX2 SSE41; do
    for test in layers training; do
        ONEDNN_MAX_CPU_ISA=$isa "$BUILD/tests/unit/$test" > "$log" 2>&1
        status=$?
        grep -a '^not ok' "$log" > "$err"
        [ $status = 0 ] && grep -q '^1\.\.' "$log"
        ok "$test with $isa"
    done
done
ONEDNN_MAX_CPU_ISA=SSE41 "$program" --version | grep -q 'oneDNN .*SSE'
ok "the version tells which instructions are in use"
finish
