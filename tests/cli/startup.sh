#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# startup.sh - libraries are loaded where they are used, and for nothing else; one that cannot
# be loaded is said before anything is read or learned.
. "${BASH_SOURCE%/*}/lib.bash"

if sanitized; then
    skip "which libraries are loaded" "the program has sanitizers"
    finish
fi

rows train 300 > train.csv
rows test 20 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; }
pipe 'deskew\nhog\nsvm C=0.05' > svm.txt
pipe 'deskew\npca components=8\nsvm C=0.05' > pca.txt
pipe 'rbf_svm solver=libsvm' > rbf.txt
pipe 'net epochs=1\n  dense units=8' > net.txt

soname() { sed -n "s/^#define MP_$1_SONAME \"\(.*\)\"\$/\1/p" "$BUILD/config.h"; }
libraries="VIPS SPNG TURBOJPEG DNNL LINEAR SVM GSL BLAS ARCHIVE" curl=
[ -z "$(soname CURL)" ] || libraries+=" CURL" curl="libcurl "

# What of these the dynamic loader opens while the program runs.
loads() { # NAME LIBRARIES ARGUMENT...
    local name=$1 expected=$2 found='' library
    shift 2
    LD_DEBUG=files "$program" "$@" 2>&1 > "$out" | sed -n 's/^ *[0-9]*:\tcalling init: //p' > files
    for library in $libraries; do
        case $library in CURL | ARCHIVE | SPNG | TURBOJPEG) # libvips may bring them
            grep -qF "/$(soname VIPS)" files && continue ;;
        esac
        grep -qF "/$(soname "$library")" files && found="$found $library"
    done
    grep -q '/libjansson\.' files && equal "${found# }" "$expected" "libraries" # the loader told
    ok "$name: ${expected:-none} loaded"
}
# liblinear brings a BLAS, which may be OpenBLAS, or another.
blas=
[ -z "$(ldconfig -p | sed -n "s|.*$(soname LINEAR).* => ||p" | head -1 | xargs -r ldd |
    grep -F "$(soname BLAS)")" ] || blas=' BLAS'

loads "--version" "" --version
equal "$(awk '/^  / { print $1 }' "$out" | sort | tr '\n' ' ')" \
    "GSL OpenBLAS jansson libarchive ${curl}libdeflate libjpeg-turbo liblinear libmicrohttpd libspng libsvm libvips oneDNN zlib " libraries &&
    ! grep -vE '^(mnistpipe|  [-A-Za-z]+ +)[ 0-9.]*$' "$out"
ok "--version: names them all, with their versions"
loads "help of a stage" "" help pca
loads "help of vips" "VIPS" help vips
loads "list" "" list
loads "run of svm" "VIPS DNNL LINEAR${blas}" run svm.txt -o run --quiet
sed -n '/"libraries"/,/}/p' run/report.json > told
! grep -q '"libvips"' told && grep -q 'libvips [0-9]' run/report.html &&
    grep -q '"oneDNN": ".*(.*)"' told && ! grep -q GSL told
ok "the report names those at work, the page also the one that drew it, and no others"
loads "predict of svm" "" predict run/bundle.mnp test.csv -o predictions.csv --quiet
same predictions.csv run/predictions.csv
ok "predict: the run's bytes"
loads "run of pca" "VIPS DNNL LINEAR GSL BLAS" run pca.txt -o pca --quiet
loads "predict of pca" "" predict pca/bundle.mnp test.csv -o predictions.csv --quiet
same predictions.csv pca/predictions.csv
ok "predict: the run's bytes"
pipe 'vips op=invert\nsvm C=0.05' > vips.txt
loads "check of vips" "VIPS DNNL LINEAR${blas}" check vips.txt --quiet
loads "run of rbf_svm" "VIPS DNNL SVM" run rbf.txt -o rbf --quiet
loads "predict of rbf_svm" "DNNL" predict rbf/bundle.mnp test.csv -o predictions.csv --quiet
loads "run of a net" "VIPS DNNL" run net.txt -o net --quiet
loads "predict of a net" "DNNL" predict net/bundle.mnp test.csv -o predictions.csv --quiet
loads "inspect of a PNG" "SPNG DNNL" inspect "$source/tests/pictures/grey.png"
loads "inspect of a JPEG" "TURBOJPEG DNNL" inspect "$source/tests/pictures/grey.jpg"
loads "inspect of a BMP" "DNNL" inspect "$source/tests/pictures/grey.bmp"
loads "inspect of a TIFF" "VIPS DNNL" inspect "$source/tests/pictures/grey.tif"
loads "show in letters" "" show svm.txt --as text --rows 2 --quiet
loads "gallery without gains" "VIPS" gallery --train train.csv --only blur --no-gains \
    -o gallery.html --quiet
loads "show to a file" "VIPS" show svm.txt -o there.png --quiet

# A library of that name that is none: the loader takes it first, and gives up.
broken() { # LIBRARY COMMAND...
    rm -rf broken
    mkdir broken
    : > "broken/$(soname "$1")"
    shift
    LD_LIBRARY_PATH=$PWD/broken mp "$@" --quiet
}
refuses() { # NAME LIBRARY TEXT COMMAND...
    local name=$1 library=$2 text=$3
    shift 3
    broken "$library" "$@"
    equal $? 1 status && [ ! -e none ] && [ ! -e none.png ] &&
        equal "$(cat "$err")" "mnistpipe: $text, which cannot be loaded: \
$PWD/broken/$(soname "$library"): file too short" text
    ok "$name: a line says so, and nothing is left behind"
}
sed '50s/,.*/,x/' train.csv > bad.csv # fails when it is read
refuses "show without libvips" VIPS "pictures need libvips" show svm.txt -o none.png
LD_LIBRARY_PATH=$PWD/broken mp run svm.txt -o plain
equal $? 0 status && same plain/predictions.csv run/predictions.csv &&
    same plain/bundle.mnp run/bundle.mnp && grep -q '"page": "without pictures"' plain/report.json &&
    equal "$(cat "$err")" "warning: pictures are left out of a page: pictures need libvips, which \
cannot be loaded: $PWD/broken/$(soname VIPS): file too short" text &&
    grep -q '^warning  *pictures are left out of a page: ' plain/report.txt &&
    ! grep -q '<img' plain/report.html && grep -q '\[Mistake: a . taken for .\]' plain/report.html
ok "run without libvips: whole, but for its pictures, and it says so"
refuses "run of vips without libvips" VIPS "vips.txt:2: vips: pictures need libvips" \
    run vips.txt --train bad.csv -o none
refuses "inspect of a PNG without libspng" SPNG "PNG pictures need libspng" \
    inspect "$source/tests/pictures/grey.png"
refuses "inspect of a JPEG without libjpeg-turbo" TURBOJPEG "JPEG pictures need libjpeg-turbo" \
    inspect "$source/tests/pictures/grey.jpg"
refuses "run without liblinear" LINEAR "svm.txt:4: svm: linear models need liblinear" \
    run svm.txt --train bad.csv -o none
refuses "run without libsvm" SVM "rbf.txt:2: rbf_svm: kernel machines need libsvm" \
    run rbf.txt --train bad.csv -o none
refuses "run without GSL" GSL "pca.txt:3: pca: eigenvectors need GSL" \
    run pca.txt --train bad.csv -o none
refuses "run without OpenBLAS" BLAS "pca.txt:3: pca: eigenvectors need OpenBLAS" \
    run pca.txt --train bad.csv -o none
refuses "run without oneDNN" DNNL \
    "net.txt:2: net: nets and products of matrices need oneDNN" run net.txt --train bad.csv -o none
refuses "predict without oneDNN" DNNL \
    "net/bundle.mnp: its pipeline:1: net: nets and products of matrices need oneDNN" \
    predict net/bundle.mnp test.csv -o none
if [ -n "$curl" ]; then
    MNISTPIPE_CACHE=$PWD/cache refuses "fetch without libcurl" CURL "downloads need libcurl" \
        fetch mnist
fi
for library in $libraries; do
    broken "$library" predict run/bundle.mnp test.csv -o again.csv &&
        same again.csv run/predictions.csv || break
done
ok "predict does without any"

finish
