#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# house.sh - the folders of the sources are layers, and what guards them sees what breaks them.
. "$(dirname "$0")/lib.bash"
if [ -z "$python" ]; then
    skip "layers" "no python3"
    finish
fi
house() { "$python" -B "$source/build-aux/house" "$@"; } # COMMAND TREE

house check "$source" > "$log" 2>&1
ok "every folder includes only those below it"
copy() { # what is looked at, to change it
    rm -rf tree && mkdir -p tree/docs &&
        (cd "$source" && tar -cf - src/LAYERS src/*/README.md src/*/*.[ch] filters features models) |
        tar -C tree -xf - && chmod -R u+w tree
}
copy && house plan tree && same tree/docs/house.svg "$source/docs/house.svg"
ok "the picture of the house is that of its includes"

refused() { # NAME LINE...: what check says of the changed tree, and nothing else
    house check tree > found 2>> "$log"
    local status=$?
    printf '%s\n' "${@:2}" > expected
    [ $status -eq 1 ] && equal "$(cat found)" "$(cat expected)"
    ok "$1"
}
planted_line() { # FILE LINE: behind the file's includes; $at is its number
    copy
    at=$(grep -n '^#include "' "tree/$1" | tail -n 1 | cut -d: -f1)
    sed -i "${at}a $2" "tree/$1"
    at=$((at + 1))
}
planted() { planted_line "$1" "#include \"$2\""; } # FILE HEADER
planted src/linear/moments.c pipeline/grid.h
refused "a folder that includes upwards" \
    "src/linear/moments.c:$at: linear/ may not include pipeline/; src/LAYERS allows text core"
planted_line src/linear/moments.c '#include"pipeline/grid.h"'
refused "the same without a blank" \
    "src/linear/moments.c:$at: linear/ may not include pipeline/; src/LAYERS allows text core"
for way in '"linear/../pipeline/grid.h"' '"../pipeline/grid.h"' '<pipeline/grid.h>' GRID_H \
    '"linear/moments.c"'; do
    planted_line src/linear/matmul.c "#include $way"
    header=${way#\"}
    refused "an include that hides its folder: $way" "src/linear/matmul.c:$at: \
\"${header%\"}\": no header of src/ by FOLDER/NAME.h"
done
planted src/engine/fit.c formats/csv_rows.h
sed -i 's/^engine: text core files image data/& formats/' tree/src/LAYERS
refused "a private header used outside its folder" \
    "src/engine/fit.c:$at: formats/csv_rows.h is private to formats/"
planted filters/median.c linear/moments.h
sed -i 's/^filters: core image/& linear/' tree/src/LAYERS
refused "a stage that needs two folders of helpers" \
    "filters/median.c:1: a stage includes core/ and one folder of helpers, this one image linear"
planted features/hog.c data/data.h
refused "a stage that includes more than its contract and helpers" \
    "features/hog.c:$at: features/ may not include data/; src/LAYERS allows core image linear"
planted src/data/fold.c data/near.h
sed -i '/^#include/i #include "data/fold.h"' tree/src/data/near.h
refused "two files that include each other" \
    "src/data/fold.h:1: includes in a circle: data/fold data/near"
copy
rm tree/src/net/README.md
refused "a folder that does not say what it is" "src/net/README.md:1: is missing"
planted_line models/ridge.c "/* $(printf '%095d' 0) */"
refused "a line that is too long" "models/ridge.c:$at: 101 columns, at most 100"
copy
sed -i 's/^image: core/& text/' tree/src/LAYERS
refused "a permission that nothing needs" "src/LAYERS:1: image needs no text"
finish
