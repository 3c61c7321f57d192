#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# matio 1.5.23 (Debian 12) and 1.5.28 (Debian 13): Mat_VarReadData() reads a part of a matrix of a
# MATLAB file, given where it starts, its stride and its size in each dimension.
# Expected: the same columns whether or not the file has the matrix compressed.
# What happens: if it is not compressed (`save -v6`, and what SciPy's savemat() writes), whole
# columns always come from the first one on, wherever they were to start.  Digits, a column each,
# that are read in batches are the first batch again and again.  The function returns 0.  Parts of
# columns, other strides and compressed matrices are right.
. "$(dirname "$0")/unpack.bash"

cat >"$here/columns.c" <<'END'
#include <matio.h>
#include <stdio.h>

enum { ROWS = 3, COLUMNS = 6 };

/* Column j is 10 j, 10 j + 1, 10 j + 2. */
static void look(const char *file, enum matio_compression compression)
{
    unsigned char x[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++)
        x[i] = (unsigned char)(i / ROWS * 10 + i % ROWS);
    size_t shape[] = { ROWS, COLUMNS };
    mat_t *mat = Mat_CreateVer(file, NULL, MAT_FT_MAT5);
    matvar_t *variable = Mat_VarCreate("x", MAT_C_UINT8, MAT_T_UINT8, 2, shape, x, 0);
    Mat_VarWrite(mat, variable, compression);
    Mat_VarFree(variable);
    Mat_Close(mat);

    mat = Mat_Open(file, MAT_ACC_RDONLY);
    variable = Mat_VarReadInfo(mat, "x");
    for (int rows = ROWS - 1; rows <= ROWS; rows++)
        for (int at = 0; at < COLUMNS; at += 2) {
            int start[] = { 0, at }, stride[] = { 1, 1 }, size[] = { rows, 2 };
            const int result = Mat_VarReadData(mat, variable, x, start, stride, size);
            printf("%s, %d of %d rows, columns %d and %d: returns %d,",
                   compression == MAT_COMPRESSION_ZLIB ? "compressed" : "plain", rows, ROWS, at,
                   at + 1, result);
            for (int i = 0; i < rows * 2; i++)
                printf(" %d", x[i]);
            printf("\n");
        }
    Mat_VarFree(variable);
    Mat_Close(mat);
}

int main(int n, char **file)
{
    int version[3];
    Mat_GetLibraryVersion(version, version + 1, version + 2);
    printf("matio %d.%d.%d\n", version[0], version[1], version[2]);
    if (n > 1) {
        look(file[1], MAT_COMPRESSION_ZLIB);
        look(file[1], MAT_COMPRESSION_NONE);
    }
    return 0;
}
END
look() {
    gcc -idirafter "$root/usr/include" "$here/columns.c" -o "$here/columns" \
        -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libmatio.so
    inside "$here/columns" "$here/x.mat"
}

unpack bookworm libmatio-dev=1.5.23-2+deb12u1
look >"$here/seen"
unpack trixie libmatio-dev=1.5.28-2
look >>"$here/seen"
as_before_on 'matio 1.5.23' 'matio 1.5.28' <<'END'
compressed, 2 of 3 rows, columns 0 and 1: returns 0, 0 1 10 11
compressed, 2 of 3 rows, columns 2 and 3: returns 0, 20 21 30 31
compressed, 2 of 3 rows, columns 4 and 5: returns 0, 40 41 50 51
compressed, 3 of 3 rows, columns 0 and 1: returns 0, 0 1 2 10 11 12
compressed, 3 of 3 rows, columns 2 and 3: returns 0, 20 21 22 30 31 32
compressed, 3 of 3 rows, columns 4 and 5: returns 0, 40 41 42 50 51 52
plain, 2 of 3 rows, columns 0 and 1: returns 0, 0 1 10 11
plain, 2 of 3 rows, columns 2 and 3: returns 0, 20 21 30 31
plain, 2 of 3 rows, columns 4 and 5: returns 0, 40 41 50 51
plain, 3 of 3 rows, columns 0 and 1: returns 0, 0 1 2 10 11 12
plain, 3 of 3 rows, columns 2 and 3: returns 0, 0 1 2 10 11 12
plain, 3 of 3 rows, columns 4 and 5: returns 0, 0 1 2 10 11 12
END
