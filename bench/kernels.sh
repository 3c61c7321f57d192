#!/usr/bin/env bash
# kernels.sh - microseconds an image of single stages on one core, beside OpenCV
#
#   bench/kernels.sh [-n RUNS] [-r ROWS] [DATA]
#
# RUNS alternating runs of each side (default 3), of 5 passes each over the first ROWS
# (default 10 000) of MNIST's test images.  DATA: the folder of the IDX files (default: where
# `mnistpipe fetch mnist` puts them).  Run it where ./configure was run, or set BUILD=FOLDER.
# Our side is bench/kernels.c, the peer bench/opencv_kernels.cpp.  Prints Markdown.
# Needs g++ and libopencv-dev.
set -euo pipefail

die() {
    echo "kernels.sh: $*" >&2
    exit 1
}
usage() {
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
number() { [[ $1 =~ ^[1-9][0-9]*$ ]] || usage; }

runs=3 rows=10000
while getopts n:r: option; do
    case $option in
    n) runs=$OPTARG ;;
    r) rows=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || usage
number "$runs"
number "$rows"

source=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${BUILD:-.}")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mnistpipe
images=${1:-${MNISTPIPE_CACHE:-$cache}/mnist}/t10k-images-idx3-ubyte
[ -e "$images" ] || images=$images.gz
[ -e "$images" ] || die "$images: not there; \`mnistpipe fetch mnist\` downloads it"
[ -e "$build/Makefile" ] || die "$build: no Makefile; run this where ./configure was run"
pkg-config --exists opencv4 || die "OpenCV is missing (apt-get install libopencv-dev)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make -s -C "$build" bench/kernels >&2
# shellcheck disable=SC2046 # flags are words
g++ -std=c++14 -O3 $(pkg-config --cflags opencv4) -o "$work/peer" "$source/opencv_kernels.cpp" \
    $(pkg-config --libs-only-L opencv4) -lopencv_objdetect -lopencv_imgproc -lopencv_core -lz

ours() { "$build/bench/kernels" "$@"; }
peer() { "$work/peer" "$@"; }
# Of the numbers in a file, one a line: median and least.
middle() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)], v[1] }'; }

row() { # STAGE KERNEL
    local i a b least_a least_b off
    : >"$work/ours"
    : >"$work/theirs"
    for ((i = 0; i < runs; i++)); do
        ours -r "$rows" "$images" "$1" >>"$work/ours"
        peer -r "$rows" "$images" "$2" >>"$work/theirs"
    done
    ours -n 1 -r 1000 -o "$work/out" "$images" "$1" >/dev/null
    off=$(peer -r 1000 -c "$work/out" "$images" "$2")
    read -r a least_a < <(middle "$work/ours")
    read -r b least_b < <(middle "$work/theirs")
    awk -v stage="$1" -v kernel="$2" -v a="$a" -v b="$b" -v least_a="$least_a" \
        -v least_b="$least_b" -v off="$off" 'BEGIN {
            printf "| %s | %s | %.2f (%.2f) | %.2f (%.2f) | %.1f | %s |\n",
                stage, kernel, a, least_a, b, least_b, b / a, off
        }'
}

sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed -n 1p
peer
echo
echo "| stage | kernel of OpenCV | mnistpipe, us (least) | OpenCV, us (least) | ratio |" \
    "mean difference |"
echo "|---|---|---:|---:|---:|---:|"
row "deskew" deskew
row "hog cell=4 block=2 bins=9 signed=no norm=l2hys cells=box" hog
row "hog cell=4 block=2 bins=9 signed=no norm=l2hys cells=soft window=4" hog
row "hog cell=4 block=2 bins=9 signed=no norm=l2hys cells=soft" hog
row "blur sigma=1 border=zero" blur
row "blur sigma=1 border=zero" blur-bytes
row "edge op=sobel border=mirror" edge
row "median radius=1 border=nearest" median-3
row "median radius=2 border=nearest" median-5
row "morphology op=close radius=1" close-square-1
row "morphology op=dilate shape=disc radius=3" dilate-disc-3
row "threshold method=otsu" otsu
row "resize width=56 height=56 kernel=linear" enlarge
echo
echo "Medians of alternating runs ($runs of each, 5 passes over $rows images), one thread."
