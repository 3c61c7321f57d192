#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cfitsio 4.2.0 (Debian 12) and 4.6.2 (Debian 13): grey levels that a program holds as floats are
# written into a compressed FITS image of 32-bit integers after fits_set_quantize_level(f, 0), which
# asks for lossless compression of floats and should be all the same to integers.
# Expected: the integers 0, 1, 5, 255, as without that call; or error 413, as from RICE_1.
# What happens: with GZIP_1 and GZIP_2 the bits of the floats are stored as if they were integers:
# 1 comes back as 1065353216 and 255 as 1132396544.  Only 0, the paper, is right.  All calls report
# success.
. "$(dirname "$0")/unpack.bash"

cat >"$here/lossless.c" <<'END'
#include <fitsio.h>
#include <stdio.h>

static void look(const char *name, int bits, const char *compressor, int type, int lossless)
{
    float x[] = { 0, 1, 5, 255 };
    long shape[] = { 4, 1 };
    int status = 0, any;
    fitsfile *f;
    remove(name);
    fits_create_file(&f, name, &status);
    fits_set_compression_type(f, type, &status);
    if (lossless)
        fits_set_quantize_level(f, 0, &status);
    fits_create_img(f, bits, 2, shape, &status);
    fits_write_img(f, TFLOAT, 1, 4, x, &status);
    fits_close_file(f, &status);
    printf("%d bits, %s, quantize level %s: status %d", bits, compressor,
           lossless ? "0" : "not set", status);
    if (!status) {
        long y[4];
        fits_open_image(&f, name, READONLY, &status);
        fits_read_img(f, TLONG, 1, 4, NULL, y, &any, &status);
        fits_close_file(f, &status);
        printf(", read %d: %ld %ld %ld %ld", status, y[0], y[1], y[2], y[3]);
    }
    printf("\n");
}

int main(int n, char **name)
{
    float version;
    printf("cfitsio %.2f\n", fits_get_version(&version));
    for (int lossless = 0; n > 1 && lossless < 2; lossless++) {
        look(name[1], LONG_IMG, "GZIP_1", GZIP_1, lossless);
        look(name[1], LONG_IMG, "GZIP_2", GZIP_2, lossless);
        look(name[1], LONG_IMG, "RICE_1", RICE_1, lossless);
        look(name[1], SHORT_IMG, "GZIP_1", GZIP_1, lossless);
    }
    return 0;
}
END
look() {
    gcc -idirafter "$root/usr/include" "$here/lossless.c" -o "$here/lossless" \
        -Wl,--unresolved-symbols=ignore-all "$root"/usr/lib/*/libcfitsio.so
    inside "$here/lossless" "$here/x.fits"
}

unpack bookworm libcfitsio-dev=4.2.0-3
look >"$here/seen"
unpack trixie libcfitsio-dev=4.6.2-2
look >>"$here/seen"
as_before_on 'cfitsio 4.02' 'cfitsio 4.06' <<'END'
32 bits, GZIP_1, quantize level not set: status 0, read 0: 0 1 5 255
32 bits, GZIP_2, quantize level not set: status 0, read 0: 0 1 5 255
32 bits, RICE_1, quantize level not set: status 0, read 0: 0 1 5 255
16 bits, GZIP_1, quantize level not set: status 413
32 bits, GZIP_1, quantize level 0: status 0, read 0: 0 1065353216 1084227584 1132396544
32 bits, GZIP_2, quantize level 0: status 0, read 0: 0 1065353216 1084227584 1132396544
32 bits, RICE_1, quantize level 0: status 413
16 bits, GZIP_1, quantize level 0: status 413
END
