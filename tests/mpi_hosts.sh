#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mpi_hosts.sh - two machines share a run: network namespaces of their own, names of their own,
# a link between them, and TCP; on one of them a process is killed in the middle.
#
# By hand, as root, with a program built with Open MPI: no part of `make check`.
cd "$(dirname "$0")/.." || exit 1
export MNISTPIPE=${MNISTPIPE:-$PWD/mnistpipe} SOURCE=$PWD
. tests/cli/lib.bash

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
left=mpl$$ right=mpr$$ net=10.77.0
trap 'ip netns del $left; ip netns del $right; rm -rf "$dir"' EXIT
ip netns add $left && ip netns add $right &&
    ip link add $left netns $left type veth peer name $right netns $right &&
    ip -n $left addr add $net.1/24 dev $left && ip -n $right addr add $net.2/24 dev $right &&
    ip -n $left link set lo up && ip -n $right link set lo up &&
    ip -n $left link set $left up && ip -n $right link set $right up
ok "two machines, and a link between them"

# What ssh would do: HOST COMMAND...  Over there one folder has a disk of its own, which is small.
mkdir full
cat > agent << END
#!/bin/sh
shift
exec ip netns exec $right unshare --uts sh -c \
    "mount -t tmpfs -o size=8k full '$PWD/full' && hostname right; \$*"
END
chmod +x agent
hosts() { # ARGUMENT... : four processes, two on each
    ip netns exec $left unshare --uts sh -c 'hostname left; exec timeout 600 "$@"' sh \
        mpirun --mca plm_rsh_agent "$PWD/agent" --mca btl tcp,self \
        --mca btl_tcp_if_include $net.0/24 --mca oob_tcp_if_include $net.0/24 \
        --host $net.1:2,$net.2:2 -n 4 --bind-to none -x OMP_NUM_THREADS -x MNISTPIPE_DATA \
        "$program" "$@" > "$out" 2> "$err"
}

rows train 3000 > train.csv
rows test 300 > test.csv
printf 'data train=train.csv test=test.csv\nhog\npca components=40\nsvm C=0.05\n' > svm.txt
mp run svm.txt -o one && hosts run svm.txt -o two && same one/bundle.mnp two/bundle.mnp &&
    same one/predictions.csv two/predictions.csv
ok "the bytes of one process"
[ "$(grep -cE '^rank [01] on left:|^rank [23] on right:' "$err")" = 4 ]
ok "each process says on which machine it was"
sed -n 's/^rank/# rank/p' "$err"

printf 'data train=train.csv test=test.csv\npca components=20\nlogistic\n' > pca.txt
hosts compare svm.txt pca.txt -o both --no-cache && same one/bundle.mnp both/svm/bundle.mnp &&
    grep -q '^rank 2 on right: .* [1-9][0-9]* exchanges' "$err" && [ -s both/pca/bundle.mnp ]
ok "compare: runs of both machines"
for n in 1 2 3 4; do cp svm.txt svm$n.txt; done
! hosts compare svm?.txt -o full --no-cache && grep -q 'No space left' full/compare.json &&
    [ "$(grep -c '^warning: svm. has failed on right$' "$err")" = 2 ]
ok "compare: the other machine's disk is full, and its name is said"

printf 'data train=train.csv test=test.csv\nnet epochs=20 batch=128\n  conv filters=8 kernel=3\n  dense units=16\n' \
    > net.txt
mp run net.txt -o whole
hosts run net.txt -o killed &
until [ -e killed/checkpoint.mnp ] || ! kill -0 $! 2> /dev/null; do sleep 0.1; done
for pid in $(ip netns pids $right); do
    [ "$(cat /proc/"$pid"/comm)" != mnistpipe ] || victim=$pid
done
kill -KILL "$victim"
wait $!
equal "$?" 137 status && flat "$err" | grep -qE "rank [23] .* on node $net.2 exited on signal 9" &&
    equal "$(ls -A killed)" checkpoint.mnp
ok "one that is killed on the other machine ends the run, which leaves its checkpoint"
hosts run net.txt -o killed --resume && same whole/bundle.mnp killed/bundle.mnp
ok "--resume goes on, to the bytes of a run that nothing stopped"
finish
