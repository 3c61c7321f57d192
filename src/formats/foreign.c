/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foreign.c - files that are not read, and how to make of them one that is.
 *
 * Reference: the formats' own documents, for the bytes that they begin with. */
#include "formats/foreign.h"
#include <stdio.h>
#include <string.h>

#define IN_PYTHON "; in Python: "
#define PANDAS(call) IN_PYTHON "import pandas as pd; pd." call ".to_csv(\"new.csv\", index=False)"
#define H5PY IN_PYTHON "import h5py, numpy as np; f = h5py.File(\"%\"); print(list(f)); "
/* In MATLAB the rows may come first or last. */
#define MATLAB(x, y) "x, y = " x ", " y ".ravel(); np.savez(\"new.npz\", "                \
                     "x=x if len(x) == len(y) else np.moveaxis(x, -1, 0), y=y)"
#define PICKLE                                                                       \
    IN_PYTHON "import pickle, numpy as np; x, y = pickle.load(open(\"%\", \"rb\")); " \
              "np.savez(\"new.npz\", x=x, y=y)"
#define IN_R "; in R: write.csv(x, \"new.csv\", row.names = FALSE)"
#define UNPACK "; unpack it and give what is in it"

/* In `way` % is the file's name. */
static const struct {
    size_t n;
    const char *magic, *what, *way;
} all[] = {
    { 2, "\x80\2", "a pickle of Python", PICKLE },
    { 2, "\x80\3", "a pickle of Python", PICKLE },
    { 3, "\x80\4\x95", "a pickle of Python", PICKLE },
    { 3, "\x80\5\x95", "a pickle of Python", PICKLE },
    { 5, "PAR1\x15", "a Parquet file", PANDAS("read_parquet(\"%\")") },
    { 8, "ARROW1\0\0", "an Arrow file", PANDAS("read_feather(\"%\")") },
    { 8, "\x89HDF\r\n\x1a\n", "an HDF5 file",
      H5PY "np.savez(\"new.npz\", x=f[\"x\"][:], y=f[\"y\"][:])" },
    { 10, "MATLAB 7.3", "a MATLAB file of version 7.3",
      H5PY MATLAB("f[\"X\"][:].T", "f[\"y\"][:]") },
    { 10, "MATLAB 5.0", "a MATLAB file",
      IN_PYTHON "import scipy.io, numpy as np; m = scipy.io.loadmat(\"%\"); print(m.keys()); "
      MATLAB("m[\"X\"]", "m[\"y\"]") },
    { 15, "SQLite format 3", "an SQLite database",
      IN_PYTHON "import pandas as pd, sqlite3; pd.read_sql(\"select * from NAME\", "
                "sqlite3.connect(\"%\")).to_csv(\"new.csv\", index=False)" },
    { 4, "\xd0\xcf\x11\xe0", "an Excel file", PANDAS("read_excel(\"%\")") },
    { 5, "RDX2\n", "a file of R's save()", IN_R },
    { 5, "RDX3\n", "a file of R's save()", IN_R },
    { 5, "X\n\0\0\0", "a file of R's saveRDS()", IN_R },
    { 6, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK },
    { 5, "Rar!\x1a", "a RAR archive", UNPACK },
    { 5, "%PDF-", "a PDF", "" },
};

bool mp_foreign(const uint8_t *p, size_t n, const char *name, char *text, size_t size)
{
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *way = all[i].way, *hole = strchr(way, '%');
        if (n < all[i].n || memcmp(p, all[i].magic, all[i].n) != 0)
            continue;
        if (hole == NULL)
            snprintf(text, size, "is %s, which is not read%s", all[i].what, way);
        else
            snprintf(text, size, "is %s, which is not read%.*s%s%s", all[i].what,
                     (int)(hole - way), way, name, hole + 1);
        return true;
    }
    return false;
}
