/* SPDX-License-Identifier: GPL-3.0-or-later */
/* versions.c - which libraries are at work. */
#include "cache/versions.h"
#include "config.h"
#include "core/microhttpd.h"
#include "files/archive.h"
#include "image/vips.h"
#include "linear/blas.h"
#include "linear/dnn.h"
#include "linear/eigen.h"
#include "linear/kernel_machine.h"
#include "linear/linear_model.h"
#include "pictures/pictures.h"
#include "sources/fetch.h"
#include <jansson.h>
#include <libdeflate.h>
#include <zlib.h>

static bool version_of_zlib(char *text, size_t size)
{
    snprintf(text, size, "%s", zlibVersion());
    return true;
}

static bool version_of_libdeflate(char *text, size_t size)
{
    snprintf(text, size, "%s", LIBDEFLATE_VERSION_STRING); /* of the build: it tells no other */
    return true;
}

static bool version_of_jansson(char *text, size_t size)
{
    snprintf(text, size, "%s", jansson_version_str());
    return true;
}

const char *mp_library_name(int i, char *version, size_t size, bool *loaded)
{
    static const struct {
        const char *name;
        bool (*version)(char *text, size_t size); /* whether it is loaded */
    } all[] = {
        { "libvips", mp_vips_version },   { "liblinear", mp_linear_version },
        { "libsvm", mp_kernel_version },
        { "GSL", mp_eigen_version },      { "OpenBLAS", mp_blas_version },
        { "zlib", version_of_zlib },         { "libdeflate", version_of_libdeflate },
        { "jansson", version_of_jansson },
        { "libmicrohttpd", mp_microhttpd_version },
        { "libspng", mp_png_version },       { "libjpeg-turbo", mp_jpeg_version },
        { "oneDNN", mp_dnn_version },        { "libarchive", mp_archive_version },
#ifdef HAVE_LIBCURL
        { "libcurl", mp_fetch_version },
#endif
    };
    if (i >= (int)(sizeof all / sizeof *all))
        return NULL;
    *loaded = all[i].version(version, size);
    return all[i].name;
}

const char *mp_library_used(int n, char *version, size_t size)
{
    const char *name;
    bool loaded = false;
    for (int i = 0; (name = mp_library_name(i, version, size, &loaded)) != NULL; i++)
        if (loaded && n-- == 0)
            break;
    return name;
}
