#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# NaN 3.7.0 (Debian 13; Debian 12 has the same), a package of Octave: train_sc(rows, classes,
# "SVM:LIN") and other names learn support vector machines by LIBLINEAR and LIBSVM from rows that
# zscore() has brought to mean 0 and deviation 1; test_sc() brings new rows there, or has the
# weights changed to that end.
# Expected: 0 errors on the rows of learning where the classes are far apart, as a plain "LDA"
# makes, and the same answers if 5 is added to each value.
# What happens: zscore() returns rows, means and deviations, and train_sc() takes the means for the
# inverse of the deviations and the deviations for the means.  So new rows are multiplied by the
# means, and the rows of learning themselves are answered as if by chance, all in one class, except
# near those means for which the mistake does little.  The same goes for the kernel ("RBF") and
# for one against one ("SVM11").  No warning.
. "$(dirname "$0")/unpack.bash"

cat >"$here/svm.m" <<'END'
printf("NaN %s\n", regexp(which("test_sc"), 'nan-([0-9.]+)', "tokens"){1}{1});
% Two discs of radius 1 whose centres are 2.5 apart, 120 rows each.
[angle, distance] = meshgrid(2 * pi * (1:12) / 12, ((1:10)' - 0.5) / 10);
disc = [(distance .* cos(angle))(:), (distance .* sin(angle))(:)];
class = [ones(120, 1); 2 * ones(120, 1)];
for shift = {[0, 0], [-2, 3], [5, 5], [-10, 10], [10, -10]}
    rows = [disc; disc + [2.5, 0]] + shift{1};
    printf("rows + (%3d, %3d), wrong of 240:", shift{1});
    for type = {"LDA", "SVM:LIN", "SVM11", "RBF"}
        answer = test_sc(train_sc(rows, class, type{1}), rows).classlabel(:);
        printf("  %s %d", type{1}, sum(answer != class));
    end
    printf("\n");
end
[~, second, third] = zscore([0, 10; 2, 30], 1);
printf("zscore of (0, 10) and (2, 30): second output %g %g, third %g %g\n", second, third);
END

unpack trixie octave-nan=3.7.0-4+b1 octave=9.4.0-1
folders=$(find "$root" -path '*/octave/packages/nan-*' -type d -printf "'%p',")
OCTAVE_HOME=$root/usr inside "$root/usr/bin/octave-cli" --no-history --norc --quiet --eval \
    "warning off; addpath(${folders%,}); source $here/svm.m" >"$here/seen" \
    2>"$here/errors" ||
    cat "$here/errors"
as_before <<'END'
NaN 3.7.0
rows + (  0,   0), wrong of 240:  LDA 0  SVM:LIN 0  SVM11 0  RBF 0
rows + ( -2,   3), wrong of 240:  LDA 0  SVM:LIN 124  SVM11 124  RBF 124
rows + (  5,   5), wrong of 240:  LDA 0  SVM:LIN 120  SVM11 120  RBF 120
rows + (-10,  10), wrong of 240:  LDA 0  SVM:LIN 120  SVM11 120  RBF 120
rows + ( 10, -10), wrong of 240:  LDA 0  SVM:LIN 120  SVM11 120  RBF 120
zscore of (0, 10) and (2, 30): second output 1 20, third 1 10
END
