#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# NaN 3.7.0 (Debian 13; Debian 12 has the same), a package of Octave: train_sc(rows, classes,
# "QDA") learns quadratic discriminant analysis, test_sc() answers by it; "MD3" and "GDBC" are other
# names of a Gaussian of its own for each class.
# Expected: the class whose -(distance of Mahalanobis)^2 - log(det(covariance)) is the greatest,
# which is what "MD3" goes by (plus the share of rows, the same here); of two classes that share
# their centre the narrow one gets what lies near it and the wide one all else.
# What happens: the determinant is added, not taken off.  All of the narrow class is given to the
# wide one: 120 of 240 rows are wrong where "MD3" errs on 12 or 4, and even the line of "LDA" on 20.
# With covariances alike nothing shows.  No warning, and nothing in the manual tells the two apart.
. "$(dirname "$0")/unpack.bash"

cat >"$here/qda.m" <<'END'
printf("NaN %s\n", regexp(which("test_sc"), 'nan-([0-9.]+)', "tokens"){1}{1});
% Two classes of 12 directions and 10 distances each, around 0: up to 1 and up to 10.
[angle, distance] = meshgrid(2 * pi * (1:12) / 12, ((1:10)' - 0.5) / 10);
disc = [(distance .* cos(angle))(:), (distance .* sin(angle))(:)];
function compare(name, rows)
    class = [ones(120, 1); 2 * ones(120, 1)];
    mine = zeros(240, 2);
    for k = 1:2
        covariance = cov(rows(class == k, :), 1);
        from = rows - mean(rows(class == k, :), 1);
        mine(:, k) = -sum((from / covariance) .* from, 2) - log(det(covariance));
    end
    [~, by_hand] = max(mine, [], 2);
    printf("%s, 240 rows\n", name);
    printf("  %-8s %3d wrong\n", "by hand", sum(by_hand != class));
    for type = {"MD3", "GDBC", "QDA", "LDA"}
        answer = test_sc(train_sc(rows, class, type{1}), rows).classlabel(:);
        printf("  %-8s %3d wrong, %3d unlike by hand\n", type{1}, sum(answer != class),
               sum(answer != by_hand));
    end
end
compare("narrow and wide", [disc; 10 * disc]);
compare("narrow and wide, side by side", [disc; 5 * disc + [4, 0]]);
compare("alike, side by side", [disc; disc + [1.9, 0]]);
END

unpack trixie octave-nan=3.7.0-4+b1 octave=9.4.0-1
folders=$(find "$root" -path '*/octave/packages/nan-*' -type d -printf "'%p',")
OCTAVE_HOME=$root/usr inside "$root/usr/bin/octave-cli" --no-history --norc --quiet --eval \
    "warning off; addpath(${folders%,}); source $here/qda.m" >"$here/seen" \
    2>"$here/errors" ||
    cat "$here/errors"
as_before <<'END'
NaN 3.7.0
narrow and wide, 240 rows
  by hand   12 wrong
  MD3       12 wrong,   0 unlike by hand
  GDBC      12 wrong,   0 unlike by hand
  QDA      120 wrong, 132 unlike by hand
  LDA      120 wrong, 120 unlike by hand
narrow and wide, side by side, 240 rows
  by hand    4 wrong
  MD3        4 wrong,   0 unlike by hand
  GDBC       4 wrong,   0 unlike by hand
  QDA      120 wrong, 124 unlike by hand
  LDA       20 wrong,  16 unlike by hand
alike, side by side, 240 rows
  by hand    1 wrong
  MD3        1 wrong,   0 unlike by hand
  GDBC       1 wrong,   0 unlike by hand
  QDA        1 wrong,   0 unlike by hand
  LDA        1 wrong,   0 unlike by hand
END
