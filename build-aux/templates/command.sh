#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mine.sh - `mnistpipe mine` prints its arguments. FILL IN: what is promised, in a line.
. "$(dirname "$0")/lib.bash"

mp mine one "two words" && equal "$(cat "$out")" $'one\ntwo words' && [ ! -s "$err" ]
ok "arguments, one a line"
mp mine --twice one && equal "$(cat "$out")" $'one\none'
ok "--twice: each twice"

# FILL IN: each refusal, with its words.
mp mine
equal $? 2 status && equal "$(head -1 "$err")" "mnistpipe: mine: expected words, found none"
ok "no arguments: an error"
finish
