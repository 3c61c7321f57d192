/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vips.h - libvips, which writes our pictures, reads those of others and has filters of its
 * own (operation.h), loaded when it is wanted. */
#ifndef MP_VIPS_H
#define MP_VIPS_H
#include "core/library.h"
#include <vips/vips.h>

/* GLib's, too, by way of libvips, which is linked with it. */
#define VIPS_FUNCTIONS(F)                                                                      \
    F(vips_, init) F(vips_, cache_set_max) F(vips_, concurrency_set)                           \
    F(vips_, block_untrusted_set) F(vips_, error) F(vips_, error_buffer_copy)                  \
    F(vips_, error_clear)                                                                      \
    F(vips_, image_new_from_memory) F(vips_, pngsave_buffer)                                   \
    F(vips_, image_new_from_buffer) F(vips_, image_write_to_memory)                            \
    F(vips_, image_get_width) F(vips_, image_get_height) F(vips_, image_get_bands)             \
    F(vips_, image_get_format) F(vips_, image_get_interpretation)                              \
    F(vips_, image_get_orientation) F(vips_, image_get_n_pages) F(vips_, enum_nick)            \
    F(vips_, band_format_get_type) F(vips_, interpretation_get_type)                           \
    F(vips_, version_string) F(vips_, version) F(vips_, type_find) F(vips_, type_map_all)      \
    F(vips_, operation_new) F(vips_, argument_map) F(vips_, object_build)                      \
    F(vips_, object_unref_outputs) F(vips_, interpolate_new) F(vips_, array_double_new)        \
    F(vips_, array_int_new) F(vips_, area_unref) F(vips_, region_new) F(vips_, region_prepare) \
    F(g_, type_from_name) F(g_, type_name) F(g_, type_fundamental) F(g_, type_is_a)            \
    F(g_, type_test_flags) F(g_, type_class_ref) F(g_, param_spec_get_blurb)                   \
    F(g_, enum_get_value_by_nick) F(g_, object_class_find_property)                            \
    F(g_, object_set) F(g_, object_get) F(g_, object_unref) F(g_, free)

struct mp_vips {
    VIPS_FUNCTIONS(MP_LIBRARY_MEMBER)
};

/* Loads the library unless it is there, starts it with no cache, one thread of its own and
 * plain loops, and fills *v.  It stays until the process ends; there is nothing to close, and to
 * ask again takes half a microsecond.  On any thread.  Negative after an mp_fail(). */
int mp_vips_open(struct mp_ctx *c, struct mp_vips *v);

/* The version that runs; false before it is loaded: then that of the build. */
bool mp_vips_version(char *text, size_t size);

/* What GObject warns of, such as a value that libvips gives one of its own operations and that is
 * out of range, is no failure to libvips, but what it computes then is anything.  So it stands
 * among the library's errors; whether there is any since they were last cleared, which they are. */
bool mp_vips_warned(const struct mp_vips *v);

/* Negative: mp_fail(c, "WHAT: TEXT") with the library's own words, in one line. */
int mp_vips_fail(struct mp_ctx *c, const struct mp_vips *v, const char *what);

#endif
