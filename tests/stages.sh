#!/bin/bash
# What every stage means: tests/stages/*.test and the frozen numbers in tests/oracle.
exec "$BUILD/tests/stagetest" "$SOURCE/tests/stages"
