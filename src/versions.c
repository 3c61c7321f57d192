/* SPDX-License-Identifier: GPL-3.0-or-later */
/* versions.c - which libraries are at work. */
#include "versions.h"
#include "config.h"
#include "dnn.h"
#include <cblas.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <linear.h>
#include <stdio.h>
#include <vips/version.h>
#include <zlib.h>
#ifdef HAVE_LIBCURL
#include <curl/curl.h>
#endif

const char *mp_library(int i, char *version, size_t size)
{
    switch (i) {
    case 0: /* what we were built for: to ask it would take loading it */
        snprintf(version, size, "%s", VIPS_VERSION);
        return "libvips";
    case 1:
        snprintf(version, size, "%d.%02d", LIBLINEAR_VERSION / 100, LIBLINEAR_VERSION % 100);
        return "liblinear";
    case 2:
        snprintf(version, size, "%s", gsl_version);
        return "GSL";
    case 3: { /* its kernels depend on the processor it believes to see: worth knowing */
        char number[32] = "";
        sscanf(openblas_get_config(), "OpenBLAS %31s", number);
        snprintf(version, size, "%s (%s)", number, openblas_get_corename());
        return "OpenBLAS";
    }
    case 4:
        snprintf(version, size, "%s", zlibVersion());
        return "zlib";
    case 5:
        snprintf(version, size, "%s", jansson_version_str());
        return "jansson";
    case 6:
        mp_dnn_version(version, size);
        return "oneDNN";
#ifdef HAVE_LIBCURL
    case 7:
        snprintf(version, size, "%s", curl_version_info(CURLVERSION_NOW)->version);
        return "libcurl";
#endif
    default:
        return NULL;
    }
}
