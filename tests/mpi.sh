#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mpi.sh - every pipeline that ships, by 1, 2, 3 and 4 processes and by one without MPI.
#
# By hand, with a program built by ./configure --with-mpi: no part of `make check`, which has
# tests/cli/mpi.sh try some of them, as it takes half an hour.  Nets learn for two epochs.
cd "$(dirname "$0")/.." || exit 1
export MNISTPIPE=${MNISTPIPE:-$PWD/mnistpipe} BUILD=${BUILD:-$PWD}
[ $# -gt 0 ] || set -- pipelines/*.txt
exec bash tests/cli/mpi.sh "$@"
