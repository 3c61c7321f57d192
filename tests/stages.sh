#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What every stage means: tests/stages/*.test and the frozen numbers in tests/oracle.
exec "$BUILD/tests/stagetest" "$SOURCE/tests/stages"
