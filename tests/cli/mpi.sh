#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mpi.sh [PIPELINE...] - processes that share a run give the bytes of one that does all of it.
. "${BASH_SOURCE%/*}/lib.bash"

rows train 700 > train.csv
rows test 150 > test.csv
pipe() { printf 'data train=train.csv test=test.csv\n%b\n' "$1"; }
pipe 'deskew\nhog\nsvm C=0.05' > svm.txt

# What a launcher leaves in the environment is enough to know that there are several.
launched() { # VARIABLE=VALUE... -- ARGUMENT...
    local with=()
    while [ "$1" != -- ]; do with+=("$1"); shift; done
    shift
    env "${with[@]}" "$program" "$@" > "$out" 2> "$err"
}
launched OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 -- list
equal "$? $(cat "$err")" "2 mnistpipe: 2 processes were started, among which this command \
shares nothing: each would do all of it; start it without mpirun or srun" message
ok "a command that shares nothing is not done by each process"
if ! grep -q '^#define HAVE_MPI 1' "$BUILD/config.h"; then
    launched PMI_SIZE=3 PMI_RANK=0 -- run svm.txt -o none
    equal "$? $(cat "$err")" "1 mnistpipe: 3 processes were started, and this program was \
built without MPI: each would do all of the work; ./configure --with-mpi builds one that shares it" \
        message && [ ! -e none ]
    ok "several processes without MPI"
    skip "processes that share a run" "the program was built without MPI"
    finish
fi
if ! command -v mpirun > "$log"; then
    skip "processes that share a run" "there is no mpirun"
    finish
fi

# More processes than processors, and as root, as in a container.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
    OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
ranks() { # N ARGUMENT...
    local n=$1
    shift
    OMP_NUM_THREADS=1 timeout 600 mpirun -n "$n" "$program" "$@" > "$out" 2> "$err"
}

# A report without what depends on clocks and threads, and on how often rows were made.
cat > still.py << 'END'
import json, sys
def still(v):
    if isinstance(v, dict):
        own = ("threads", "peak_bytes") + (("rows",) if "seconds" in v else ())
        return {k: still(w) for k, w in v.items() if "second" not in k and k not in own}
    return [still(w) for w in v] if isinstance(v, list) else v
print(json.dumps(still(json.load(open(sys.argv[1]))), indent=1))
END
same_run() { # FOLDER FOLDER
    local f
    for f in bundle.mnp predictions.csv; do
        same "$1/$f" "$2/$f" || return 1
    done
    same <("$python" still.py "$1/report.json") <("$python" still.py "$2/report.json")
}
alike() { # NAME PIPELINE OPTION... : of one process with two threads, and of 1 to 4
    local name=$1 n bad=''
    shift
    mkdir alone && (cd alone && "$program" run "$@" -o run --threads 2 --quiet) > "$out" 2> "$err"
    for n in $counts; do
        mkdir shared
        (cd shared && ranks "$n" run "$@" -o run --quiet) && same_run alone/run shared/run ||
            bad+=" $n"
        rm -rf shared
    done
    rm -rf alone
    equal "$bad" "" "wrong with so many processes"
    ok "$name: the bytes of one process by${counts// /, }"
}

host=$(hostname)
rows=(--train "$PWD/train.csv" --test "$PWD/test.csv")
counts=" 1 2 3 4"
if [ $# -gt 0 ]; then
    for pipeline; do
        name=$(basename "$pipeline" .txt) file=$source/pipelines/$name.txt
        epochs=()
        ! grep -q '^net ' "$file" || epochs=(--set net.epochs=2)
        ! grep -q ' every=' "$file" || epochs+=(--set 'pca#1.every=1' --set 'pca#2.every=1')
        alike "$name" "$file" "${rows[@]}" "${epochs[@]}"
    done
    finish
fi
counts=" 2 3"
alike hog_svm "$source/pipelines/hog_svm.txt" "${rows[@]}"
alike hog_fourier "$source/pipelines/hog_fourier.txt" "${rows[@]}" --set fourier.components=300 \
    --set pca.every=2 --set pca.components=100
pipe 'pca components=60\nridge penalties=0.001,0.01,0.1 choose=loo weights=balanced' > loo.txt
alike "least squares by parts of the rows, each row left out" "$PWD/loo.txt" "${rows[@]}"
alike "folds" "$PWD/svm.txt" "${rows[@]}" --set data.folds=5
alike "a net with folds" "$source/pipelines/cnn_fast.txt" "${rows[@]}" --set net.epochs=1 \
    --set data.folds=2
alike "a net that clips, averages and judges" "$source/pipelines/lstm.txt" "${rows[@]}" \
    --set net.epochs=1 --set net.average=0.9 --set net.validation=0.2

ranks 3 run svm.txt -o three && [ "$(grep -cE \
    '^rank [0-2] on .*: .* s, .* waiting; .* s of processors; .* MB sent in [0-9]+ exchanges$' \
    "$err")" = 3 ]
ok "each process says how long it has worked and waited, and what it has sent"
ranks 2 predict three/bundle.mnp test.csv -o two.csv && same two.csv three/predictions.csv
ok "predict: the run's bytes"

# One process that cannot go on ends all, with its own words.
fails() { # STATUS TEXT : of mpirun, and what was said but for mpirun's own words
    local status=$?
    equal "$status" "$1" status && equal "$(grep '^mnistpipe: ' "$err")" "mnistpipe: $2" message
}
ranks 2 run nothere.txt
fails 1 "nothere.txt: cannot read: No such file or directory"
ok "what all fail of is said once"
ranks 2 run svm.txt --cache cache -o cached
fails 2 "--cache: is for one process, and there are 2"
ok "--cache is for one"
head -600 train.csv > fewer.csv
cat > each.sh << 'END'
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
echo $$ > pid.$rank
[ "$rank" != 1 ] || [ -z "$OTHER" ] || set -- "$@" --train "$OTHER"
exec "$0" "$@"
END
each() { # N ARGUMENT... : the same, and a process may have other rows
    local n=$1
    shift
    OMP_NUM_THREADS=1 timeout 600 mpirun -n "$n" sh -c "$(cat each.sh)" "$program" "$@" \
        > "$out" 2> "$err"
}
OTHER=fewer.csv each 2 run svm.txt -o other
fails 1 "the rows are not the same for rank 1 on $host as for rank 0 on $host" &&
    [ ! -e other ]
ok "processes that read other rows"
OTHER=gone.csv each 2 run svm.txt -o other
fails 1 "rank 1 on $host: svm.txt: data: gone.csv: cannot read: No such file or directory" &&
    [ ! -e other ]
ok "one that fails says which it is, and where"

OTHER=fewer.csv each 2 run svm.txt --train train.csv -o other # rank 1 has --train twice
equal "$?" 2 status && equal "$(grep -c '^mnistpipe: rank 1: .*--train' "$err")" 1 "its message"
ok "one that does not come to the others"

# Files of plain rows stay where they are, of which each process looks at parts; other rows of the
# same size under the same labels are noticed.
pipe 'invert\ninvert' > images.txt
mp export images.txt --format idx --bytes -o ex && rm images.txt &&
    cp ex/train-images-idx3-ubyte ex/other-images-idx3-ubyte &&
    cp ex/train-labels-idx1-ubyte ex/other-labels-idx1-ubyte &&
    printf '\377' | dd of=ex/other-images-idx3-ubyte bs=1 seek=999 conv=notrunc 2> "$log"
cat test.csv <(sed -n 2,40p train.csv) <(sed -n 2,9p train.csv | sed 's/^./7/') > shared.csv
counts=" 2 4"
alike "rows in a file, which the test has, too" "$PWD/svm.txt" \
    --train "$PWD/ex/train-images-idx3-ubyte" --test "$PWD/shared.csv"
sed 's/train=[^ ]*/train=ex\/train-images-idx3-ubyte/' svm.txt > idx.txt
OTHER=ex/other-images-idx3-ubyte each 2 run idx.txt -o other
fails 1 "the rows are not the same for rank 1 on $host as for rank 0 on $host" &&
    [ ! -e other ]
ok "processes that read other rows of one size"

# Whole jobs: what one process writes, several write; one of the pipelines cannot be run.
pipe 'pca components=9\nlogistic' > pca.txt
pipe 'hog cell=999\nsvm' > bad.txt
pipe 'net epochs=2\n  dense units=16' > small.txt
jobs() { # NAME STATUS N FILE -- ARGUMENT... : FILE.json and the runs' files, of one and of N
    local name=$1 status=$2 n=$3 file=$4 f bad=''
    shift 5
    rm -rf alone shared
    mkdir alone shared && cp ./*.txt ./*.csv alone && cp ./*.txt ./*.csv shared
    (cd alone && "$program" "$@" -o out --cache cache --quiet) > "$out" 2> "$err"
    equal "$?" "$status" status
    (cd shared && ranks "$n" "$@" -o out --cache cache --quiet)
    equal "$?" "$status" status &&
        same <("$python" still.py "alone/out/$file") <("$python" still.py "shared/out/$file") &&
        same <(cd alone/out && ls -R) <(cd shared/out && ls -R) || bad+=" $file"
    for f in alone/out/*/bundle.mnp alone/out/*/predictions.csv; do
        same "$f" "shared/${f#*/}" || bad+=" $f"
    done
    equal "$bad" "" "other bytes"
    ok "$name"
}
jobs "compare: the bytes of one process by 3" 1 3 compare.json -- \
    compare svm.txt pca.txt bad.txt small.txt
(cd shared && ranks 2 compare svm.txt pca.txt small.txt -o out --cache cache --quiet --format csv) &&
    equal "$(grep -c ',yes,$' "$out")" 3 "runs from the cache"
ok "compare: what others have done is in the cache"
jobs "ablate: the bytes of one process by 2" 0 2 ablate.json -- ablate svm.txt
pipe 'pca components={5,10,4000}\nlogistic C={0.1,1}' > grid.txt
for n in 2 4; do
    jobs "search: the bytes of one process by $n" 1 "$n" search.json -- search grid.txt
done
jobs "search: by parts of the rows" 0 3 search.json -- \
    search svm.txt --set 'svm.C={0.001,0.01,0.1,1}' --halving rows
OTHER=fewer.csv each 2 search grid.txt -o other
fails 1 "the rows are not the same for rank 1 on $host as for rank 0 on $host" &&
    [ ! -e other ]
ok "search: processes that read other rows"

# One that is killed while a net learns; --resume goes on.
killed() { cat "$out" "$err" | tr '\n' ' ' | grep -qE 'rank 1 .*on signal 9|EXIT CODE: 9'; } # MPICH
pipe 'net epochs=60 batch=64\n  conv filters=8 kernel=3\n  dense units=16' > net.txt
mp run net.txt -o whole --quiet
OTHER='' each 3 run net.txt -o killed --quiet &
until [ -e killed/checkpoint.mnp ] || ! kill -0 $! 2> /dev/null; do sleep 0.05; done
kill -KILL "$(cat pid.1)"
! wait $! && killed && [ ! -e killed/report.json ]
ok "one that dies ends the run"
ranks 2 run net.txt -o killed --resume --quiet && same killed/bundle.mnp whole/bundle.mnp &&
    grep -q 'resumed at epoch' killed/report.json
ok "--resume goes on"

# The first does the small one, the second a net that would take long.
pipe 'net epochs=1000\n  dense units=16' > net.txt
OTHER='' each 2 compare small.txt net.txt -o some --cache kept --quiet &
until [ "$("$program" cache --cache kept --json | grep -c '"run"')" = 1 ] ||
    ! kill -0 $! 2> /dev/null; do sleep 0.05; done
kill -KILL "$(cat pid.1)"
! wait $! && killed && [ ! -e some/compare.json ]
ok "compare: one that dies ends it"
ranks 2 compare small.txt svm.txt -o some --cache kept --format csv --quiet &&
    equal "$(grep -c ',yes,$' "$out")" 1 "runs from the cache"
ok "compare: what had been done is not done again"

# Open MPI's mpirun, which began the processes, gives them a second.
if mpirun --version | grep -q 'Open MPI'; then
    OTHER='' each 3 run net.txt -o asked --quiet &
    until [ -e asked/checkpoint.mnp ] || ! kill -0 $! 2> /dev/null; do sleep 0.05; done
    kill -TERM "$(sed -n 's/^PPid:[[:blank:]]*//p' "/proc/$(cat pid.0)/status")"
    ! wait $! && equal "$(grep '^mnistpipe: ' "$err")" "mnistpipe: net.txt:2: net: interrupted" \
        message && equal "$(ls -A asked)" checkpoint.mnp
    ok "mpirun that is asked to end: a line says so, and the checkpoint is left"
fi
finish
