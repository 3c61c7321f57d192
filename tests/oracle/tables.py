# SPDX-License-Identifier: GPL-3.0-or-later
# tables.py FOLDER - writes one table of 12 images of 5 x 5 in every way that pandas, NumPy,
# scikit-learn and Python's csv write tables: tests/tables, which tests/unit/tables.c reads.
# truth.txt has a line for each row: the label, then the pixels.
#
# What R, Weka and LibreOffice write is imitated after their manuals (write.table, "ARFF
# (stable version)", "Text export"), as these programs are larger than the files are worth.
#
# Made with Python 3.11, NumPy 1.24, pandas 1.5, scikit-learn 1.2.
import csv
import os
import sys

import numpy as np
import pandas as pd
from sklearn.datasets import dump_svmlight_file
from sklearn.externals import _arff

folder = sys.argv[1]
rng = np.random.default_rng(1)
n, d = 12, 25
x = rng.integers(1, 256, (n, d)) * (rng.random((n, d)) < 0.3)
x[0, 0], x[1, 0], x[2, d - 1] = 255, 9, 7
y = np.arange(n) % 10
names = ["pixel%d" % i for i in range(d)]


def path(name):
    return os.path.join(folder, name)


with open(path("truth.txt"), "w") as f:
    for label, row in zip(y, x):
        print(label, *row, file=f)

# ------------------------------------------------------------------ pandas
first = pd.DataFrame(np.column_stack([y, x]), columns=["label"] + names)
last = pd.DataFrame(np.column_stack([x, y]), columns=names + ["target"])
shares = pd.DataFrame(x / 255, columns=names).assign(label=y)
signed = pd.DataFrame(x / 127.5 - 1, columns=names)
signed.insert(0, "label", y)
ids = pd.DataFrame(x, columns=names)
ids.insert(0, "id", ["image %d" % i for i in range(n)])
first.to_csv(path("pandas.csv"), index=False)
first.to_csv(path("pandas_index.csv"))
first.to_csv(path("pandas_semicolons.csv"), index=False, sep=";")
first.to_csv(path("pandas_tabs.tsv"), index=False, sep="\t")
first.to_csv(path("pandas_quotes.csv"), index=False, quoting=csv.QUOTE_ALL)
first.to_csv(path("pandas_utf16.csv"), index=False, encoding="utf-16")
first.to_csv(path("pandas_mark.csv"), index=False, encoding="utf-8-sig")
first.to_csv(path("pandas.csv.bz2"), index=False)
first.astype(float).to_csv(path("pandas_reals.csv"), index=False)
first.sort_index(axis=1).to_csv(path("pandas_sorted.csv"), index=False)
pd.read_csv(path("pandas_index.csv")).to_csv(path("pandas_unnamed.csv"), index=False)
pd.DataFrame(first.to_numpy()).to_csv(path("pandas_numbers.csv"), index=False)
last.to_csv(path("pandas_last.csv"), index=False)
last.astype(float).to_csv(path("pandas_comma.csv"), index=False, sep=";", decimal=",")
shares.to_csv(path("pandas_shares.csv"), index=False)
shares.to_csv(path("pandas_shares6.csv"), index=False, float_format="%.6f")
shares.to_csv(path("pandas_shares_comma.csv"), index=False, sep=";", decimal=",")
shares.astype("float32").to_csv(path("pandas_shares32.csv"), index=False)
signed.to_csv(path("pandas_signed.csv"), index=False)
ids.to_csv(path("blind_id.csv"), index=False)
ids.drop(columns="id").to_csv(path("blind.csv"), index=False)
pd.get_dummies(first.label.astype(str), prefix="digit").join(last[names]).to_csv(
    path("pandas_dummies.csv"), index=False)

# ------------------------------------------------------------------- NumPy
both = first.to_numpy()
np.savetxt(path("savetxt.txt"), both)
np.savetxt(path("savetxt_d.csv"), both, fmt="%d", delimiter=",")
np.savetxt(path("savetxt_header.csv"), both, fmt="%d", delimiter=",", header=",".join(first))
np.savetxt(path("savetxt_g.tsv"), np.column_stack([y, x / 255]), fmt="%.9g", delimiter="\t")
np.savetxt(path("savetxt_wide.txt"), both, fmt="%4d")
np.savetxt(path("savetxt_comma.csv"), both, fmt="%.2f", delimiter=", ", header="of 12 images",
           comments="# ")

# ------------------------------------------------------------ scikit-learn
dump_svmlight_file(x, y, path("svmlight_0.txt"))
dump_svmlight_file(x, y, path("svmlight_1.txt"), zero_based=False)
dump_svmlight_file(x / 255, y, path("svmlight_shares.txt"), comment="shares\nof 255")
arff = {"relation": "glyphs 'by hand'", "description": "12 images",
        "attributes": [(name, "INTEGER") for name in names] + [("digit", list("0123456789"))]}
with open(path("liac.arff"), "w") as f:
    _arff.dump({**arff, "data": [[*map(int, r), str(c)] for r, c in zip(x, y)]}, f)
with open(path("liac_sparse.arff"), "w") as f:
    _arff.dump({**arff, "data": [{**{i: int(v) for i, v in enumerate(r) if v}, d: str(c)}
                                 for r, c in zip(x, y)]}, f)

# ------------------------------------------------------------ Python's csv
for dialect in "excel", "excel-tab", "unix":
    with open(path("python_%s.csv" % dialect), "w", newline="") as f:
        csv.writer(f, dialect).writerows([list(first)] + both.tolist())


# -------------------------------------------------- after other programs' manuals
def by_hand(name, lines, end="\n", encoding="utf-8"):
    with open(path(name), "w", newline="", encoding=encoding) as f:
        f.write("".join(line + end for line in lines))


def quoted(words):
    return ['"%s"' % w for w in words]


rows = both.tolist()
by_hand("r_csv.csv", [",".join(['""'] + quoted(first))] +
        [",".join(['"%d"' % (i + 1)] + list(map(str, r))) for i, r in enumerate(rows)])
by_hand("r_table.txt", [" ".join(quoted(first))] +
        [" ".join(['"%d"' % (i + 1)] + list(map(str, r))) for i, r in enumerate(rows)])
by_hand("r_csv2.csv", [";".join(quoted(["V%d" % (i + 1) for i in range(d + 1)]))] +
        [";".join(map(str, r)) for r in rows])
by_hand("weka.arff", ["@relation 'glyphs-weka.filters.unsupervised.attribute.Remove-R1'", ""] +
        ["@attribute %s numeric" % name for name in names] +
        ["@attribute class {0,1,2,3,4,5,6,7,8,9}", "", "@data"] +
        [",".join(map(str, r[1:] + r[:1])) for r in rows])
by_hand("weka_sparse.arff", ["@relation glyphs", ""] +
        ["@attribute %s numeric" % name for name in names] +
        ["@attribute class {0,1,2,3,4,5,6,7,8,9}", "", "@data"] +
        ["{" + ",".join("%d %d" % (i, v) for i, v in enumerate(r[1:] + r[:1]) if v) + "}"
         for r in rows])
by_hand("libreoffice.csv", [";".join(quoted(first))] + [";".join(map(str, r)) for r in rows])
by_hand("excel_sep.csv", ["sep=;", ";".join(first)] + [";".join(map(str, r)) for r in rows],
        "\r\n")
by_hand("excel_unicode.txt", ["\t".join(first)] + ["\t".join(map(str, r)) for r in rows], "\r\n",
        "utf-16")
