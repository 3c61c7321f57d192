/* SPDX-License-Identifier: GPL-3.0-or-later */
/* datasets.c - data sets known by name, and where they lie in the user's cache.
 *
 * Where the checksums come from
 *   file     SHA-256 and size of the .gz files as their authors publish them.
 *            TensorFlow Datasets lists both (tensorflow_datasets/url_checksums/
 *            mnist.txt, fashion_mnist.txt, kmnist.txt); torchvision's prototype
 *            datasets (_builtin/mnist.py) list the same SHA-256 values, and its
 *            datasets/mnist.py gives MD5 sums of the same files.
 *   content  SHA-256 of the inflated IDX files, known here for MNIST only:
 *            computed from a recompressed copy, and equal to the values that
 *            several independent projects publish for the inflated files.
 *            Size: 16 bytes of head and 784 an image, 8 and one a label.
 *
 * A set gets into this table only with checksums that can be cited:
 *   emnist_*        SHA-256 and size: TensorFlow Datasets (url_checksums/emnist.txt).  One
 *                   archive of IDX files serves all six.
 *   qmnist, usps    SHA-256: torchvision's prototype datasets (_builtin/mnist.py, usps.py).
 *   *mnist (med.)   MD5: the authors' own list (medmnist/info.py, version 2.1.0).  ChestMNIST is
 *                   left out: its rows have fourteen labels each.
 * For Kuzushiji-49 and notMNIST neither their authors nor one of these has published any: their
 * files are read all the same.  LeCun's own site is not among the mirrors: it has refused
 * MNIST's files since 2024 (HTTP 403).
 *
 * Sets of the user's own are described by a manifest, a text of the same facts.
 */
#include "sources/datasets.h"
#include "core/ctx.h"
#include "core/param.h"
#include "core/text.h"
#include "files/output.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRAIN "train-images-idx3-ubyte.gz"
#define TRAIN_LABELS "train-labels-idx1-ubyte.gz"
#define TEST "t10k-images-idx3-ubyte.gz"
#define TEST_LABELS "t10k-labels-idx1-ubyte.gz"

#define EMNIST(split, what, n)                                                                 \
    { .name = "emnist_" split,                                                                 \
      .brief = "EMNIST " split ": " what "; lies on its side (`orient transpose=yes`)",        \
      .licence = "not stated",                                                                 \
      .cite = "G. Cohen and others: EMNIST: an extension of MNIST to handwritten letters, "    \
              "arXiv:1702.05373, 2017",                                                        \
      .images = n,                                                                             \
      .folder = "emnist",                                                                      \
      .parts = "train test",                                                                   \
      .member = "gzip/emnist-" split "-%-images-idx3-ubyte.gz",                                \
      .n_mirrors = 2,                                                                          \
      .mirror = { "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST",                         \
                  "https://biometrics.nist.gov/cs_links/EMNIST" },                             \
      .n_files = 1,                                                                            \
      .file = { { "all", "gzip.zip",                                                           \
                  { 561753746,                                                                 \
                    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e" },      \
                  { 0, "" } } } }

#define MEDMNIST(set, what, n, terms, md5)                                                     \
    { .name = set "mnist",                                                                     \
      .brief = "MedMNIST: " what,                                                              \
      .licence = terms,                                                                        \
      .cite = "J. Yang and others: MedMNIST v2, Scientific Data 10:41, 2023",                  \
      .images = n,                                                                             \
      .parts = "train test val",                                                               \
      .member = "%",                                                                           \
      .n_mirrors = 1,                                                                          \
      .mirror = { "https://zenodo.org/record/6496656/files" },                                 \
      .n_files = 1,                                                                            \
      .file = { { "all", set "mnist.npz", { 0, md5 }, { 0, "" } } } }

static const struct mp_dataset known[] = {
    { .name = "mnist",
      .brief = "Handwritten digits",
      .licence = "CC BY-SA 3.0",
      .cite = "Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits, "
              "1998",
      .images = 70000,
      .n_mirrors = 3,
      .mirror = { "https://storage.googleapis.com/cvdf-datasets/mnist",
                  "https://ossci-datasets.s3.amazonaws.com/mnist",
                  "https://raw.githubusercontent.com/fgnt/mnist/master" },
      .n_files = 4,
      .file = {
          { "train", TRAIN,
            { 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609" },
            { 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" } },
          { "train_labels", TRAIN_LABELS,
            { 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c" },
            { 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" } },
          { "test", TEST,
            { 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6" },
            { 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" } },
          { "test_labels", TEST_LABELS,
            { 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6" },
            { 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" } } } },
    { .name = "fashion",
      .brief = "Fashion-MNIST: clothes and shoes in place of digits",
      .licence = "MIT",
      .cite = "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
      .images = 70000,
      .n_mirrors = 3,
      .mirror = { "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                  "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
                  "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/"
                  "fashion" },
      .n_files = 4,
      .file = {
          { "train", TRAIN,
            { 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84" },
            { 0, "" } },
          { "train_labels", TRAIN_LABELS,
            { 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845" },
            { 0, "" } },
          { "test", TEST,
            { 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073" },
            { 0, "" } },
          { "test_labels", TEST_LABELS,
            { 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5" },
            { 0, "" } } } },
    { .name = "kmnist",
      .brief = "Kuzushiji-MNIST: ten cursive Japanese characters",
      .licence = "CC BY-SA 4.0",
      .cite = "T. Clanuwat and others: Deep learning for classical Japanese literature, "
              "arXiv:1812.01718, 2018",
      .images = 70000,
      .n_mirrors = 2,
      .mirror = { "https://codh.rois.ac.jp/kmnist/dataset/kmnist",
                  "http://codh.rois.ac.jp/kmnist/dataset/kmnist" },
      .n_files = 4,
      .file = {
          { "train", TRAIN,
            { 18165135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4" },
            { 0, "" } },
          { "train_labels", TRAIN_LABELS,
            { 29497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17" },
            { 0, "" } },
          { "test", TEST,
            { 3041136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5" },
            { 0, "" } },
          { "test_labels", TEST_LABELS,
            { 5120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c" },
            { 0, "" } } } },
    EMNIST("balanced", "47 classes, the same number of each", 131600),
    EMNIST("byclass", "62 classes: digits, capital and small letters", 814255),
    EMNIST("bymerge", "47 classes, small letters that look like capitals merged", 814255),
    EMNIST("digits", "the digits", 280000),
    EMNIST("letters", "letters 1..26, capital or small", 145600),
    EMNIST("mnist", "digits, made as MNIST was", 70000),
    { .name = "qmnist",
      .brief = "MNIST once more, with all its 60 000 test digits",
      .licence = "BSD",
      .cite = "C. Yadav, L. Bottou: Cold case: the lost MNIST digits, arXiv:1905.10498, 2019",
      .images = 120000,
      .n_mirrors = 1,
      .mirror = { "https://raw.githubusercontent.com/facebookresearch/qmnist/master" },
      .n_files = 4,
      .file = {
          { "train", "qmnist-train-images-idx3-ubyte.gz",
            { 0, "9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d" }, { 0, "" } },
          { "train_labels", "qmnist-train-labels-idx2-int.gz",
            { 0, "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f" }, { 0, "" } },
          { "test", "qmnist-test-images-idx3-ubyte.gz",
            { 0, "43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375" }, { 0, "" } },
          { "test_labels", "qmnist-test-labels-idx2-int.gz",
            { 0, "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06" },
            { 0, "" } } } },
    { .name = "usps",
      .brief = "Digits from envelopes, 16 x 16, -1..1; 0 is labelled 1, 9 is labelled 10",
      .licence = "not stated",
      .cite = "J. J. Hull: A database for handwritten text recognition research, IEEE TPAMI "
              "16(5), 1994",
      .images = 9298,
      .n_mirrors = 1,
      .mirror = { "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass" },
      .n_files = 2,
      .file = {
          { "train", "usps.bz2",
            { 0, "3771e9dd6ba685185f89867b6e249233dd74652389f263963b3b741e994b034f" }, { 0, "" } },
          { "test", "usps.t.bz2",
            { 0, "a9c0164e797d60142a50604917f0baa604f326e9a689698763793fa5d12ffc4e" },
            { 0, "" } } } },
    MEDMNIST("blood", "blood cells, 8 classes, colour", 17092, "CC BY 4.0",
             "7053d0359d879ad8a5505303e11de1dc"),
    MEDMNIST("breast", "breast ultrasound, 2 classes", 780, "CC BY 4.0",
             "750601b1f35ba3300ea97c75c52ff8f6"),
    MEDMNIST("derma", "skin, 7 classes, colour", 10015, "CC BY-NC 4.0",
             "0744692d530f8e62ec473284d019b0c7"),
    MEDMNIST("oct", "retinal tomography, 4 classes", 109309, "CC BY 4.0",
             "c68d92d5b585d8d81f7112f81e2d0842"),
    MEDMNIST("organa", "organs from above, 11 classes", 58850, "CC BY 4.0",
             "866b832ed4eeba67bfb9edee1d5544e6"),
    MEDMNIST("organc", "organs from in front, 11 classes", 23660, "CC BY 4.0",
             "0afa5834fb105f7705a7d93372119a21"),
    MEDMNIST("organs", "organs from the side, 11 classes", 25221, "CC BY 4.0",
             "e5c39f1af030238290b9557d9503af9d"),
    MEDMNIST("path", "tissue of the colon, 9 classes, colour", 107180, "CC BY 4.0",
             "a8b06965200029087d5bd730944a56c1"),
    MEDMNIST("pneumonia", "chest X-rays, 2 classes", 5856, "CC BY 4.0",
             "28209eda62fecd6e6a2d98b1501bb15f"),
    MEDMNIST("retina", "retinas, 5 grades, colour", 1600, "CC BY 4.0",
             "bd4c0672f1bba3e3a89f0e4e876791e4"),
    MEDMNIST("tissue", "kidney cells, 8 classes", 236386, "CC BY 4.0",
             "ebe78ee8b05294063de985d821c1c34b"),
};

static const char manifest[] = "manifest.txt";

const struct mp_dataset *mp_dataset_known(int i)
{
    return i >= 0 && (size_t)i < sizeof known / sizeof *known ? &known[i] : NULL;
}

static const char *known_name(const void *unused, int i)
{
    (void)unused;
    return mp_dataset_known(i) != NULL ? mp_dataset_known(i)->name : NULL;
}

static bool is_known(const char *name)
{
    for (int i = 0; known_name(NULL, i) != NULL; i++)
        if (strcmp(known_name(NULL, i), name) == 0)
            return true;
    return false;
}

int mp_dataset_join(struct mp_ctx *c, char *path, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(path, size, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= size)
        return mp_fail(c, "%.60s...: this path is longer than %zu characters", path, size - 1);
    return MP_OK;
}

/* ------------------------------------------------------------------ names */

/* Letters, digits, '_', '-' and, in files, '.': a name that can lead nowhere
 * but into the set's own folder. */
static bool good_name(const char *name, size_t size, const char *marks)
{
    if (!isalnum((unsigned char)name[0]) || strlen(name) >= size)
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr(marks, *at) == NULL)
            return false;
    return true;
}

static bool good_set(const char *name)
{
    return good_name(name, sizeof known->name, "_-");
}

static bool good_file(const char *name)
{
    const size_t n = strlen(name);
    return good_name(name, sizeof known->file->name, "._-") && strcmp(name, manifest) != 0 &&
           (n < 5 || strcmp(name + n - 5, ".part") != 0);
}

/* ---------------------------------------------------------------- mirrors */

static int add_mirror(struct mp_ctx *c, struct mp_dataset *d, const char *url, size_t n)
{
    while (n > 0 && url[n - 1] == '/')
        n--;
    if (d->n_mirrors == MP_SET_MIRRORS)
        return mp_fail(c, "more than %d mirrors", MP_SET_MIRRORS);
    const size_t head = strncmp(url, "https://", 8) == 0 ? 8
                        : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    bool good = head > 0 && n > head && n < MP_URL_SIZE;
    for (size_t i = 0; good && i < n; i++)
        good = isgraph((unsigned char)url[i]) != 0;
    if (!good)
        return mp_fail(c, "mirror \"%.*s\": expected http://... or https://..., up to %d letters",
                       (int)(n < 80 ? n : 80), url, MP_URL_SIZE - 1);
    memcpy(d->mirror[d->n_mirrors], url, n);
    d->mirror[d->n_mirrors++][n] = '\0';
    return MP_OK;
}

int mp_dataset_mirrors(struct mp_ctx *c, struct mp_dataset *d, const char *urls)
{
    d->n_mirrors = 0;
    for (const char *at = urls;; at++) {
        const size_t n = strcspn(at, ",");
        if (add_mirror(c, d, at, n) < 0)
            return -1;
        at += n;
        if (*at == '\0')
            return MP_OK;
    }
}

/* --------------------------------------------------------------- manifest */

static bool is_role(const char *word)
{
    return strcmp(word, "train") == 0 || strcmp(word, "test") == 0 ||
           strcmp(word, "train_labels") == 0 || strcmp(word, "test_labels") == 0;
}

/* "train digits-images-idx3-ubyte.gz 1234 ab12..." */
static int add_file(struct mp_ctx *c, struct mp_dataset *d, const char *value)
{
    char role[32], name[128], size[32], sum[80], rest[2];
    if (sscanf(value, "%31s %127s %31s %79s %1s", role, name, size, sum, rest) != 4)
        return mp_fail(c, "expected: file ROLE NAME BYTES SHA256");
    if (!is_role(role))
        return mp_fail(c, "file role \"%s\": must be one of train|test|train_labels|test_labels",
                       role);
    if (!good_file(name))
        return mp_fail(c, "file name \"%s\": expected up to %zu letters, digits, '.', '_', '-'",
                       name, sizeof known->file->name - 1);
    const bool digits = strspn(size, "0123456789") == strlen(size) && strlen(size) <= 10;
    const uint64_t bytes = digits ? strtoull(size, NULL, 10) : 0;
    if (bytes == 0 || bytes > UINT32_MAX)
        return mp_fail(c, "size \"%s\": expected a whole number of bytes, 1..%u", size, UINT32_MAX);
    const size_t digits_of_sum = strlen(sum);
    if ((digits_of_sum != 64 && digits_of_sum != 32) ||
        strspn(sum, "0123456789abcdefABCDEF") != digits_of_sum)
        return mp_fail(c, "checksum \"%s\": expected 64 hexadecimal digits (SHA-256), or 32 (MD5)",
                       sum);
    for (int i = 0; i < d->n_files; i++)
        if (strcmp(d->file[i].role, role) == 0 || strcmp(d->file[i].name, name) == 0)
            return mp_fail(c, "file %s %s: this role or name was given before", role, name);
    struct mp_set_file *f = &d->file[d->n_files++]; /* four roles, each once: there is room */
    memcpy(f->role, role, strlen(role) + 1);
    memcpy(f->name, name, strlen(name) + 1);
    f->file.size = bytes;
    for (size_t i = 0; i < digits_of_sum; i++)
        f->file.digest[i] = (char)tolower((unsigned char)sum[i]);
    return MP_OK;
}

static int set_text(struct mp_ctx *c, char *to, size_t size, const char *value)
{
    for (const char *at = value; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at))
            return mp_fail(c, "a control character in the text");
    if (value[0] == '\0' || strlen(value) >= size)
        return mp_fail(c, "expected a text of up to %zu characters", size - 1);
    memcpy(to, value, strlen(value) + 1);
    return MP_OK;
}

static int set_name(struct mp_ctx *c, struct mp_dataset *d, const char *value)
{
    if (!good_set(value))
        return mp_fail(c, "set name \"%.80s\": expected up to %zu letters, digits, '_', '-'", value,
                       sizeof d->name - 1);
    if (is_known(value) || strcmp(value, "sample") == 0)
        return mp_fail(c, "set name \"%s\": is built in; choose another", value);
    return set_text(c, d->name, sizeof d->name, value);
}

static int set_images(struct mp_ctx *c, struct mp_dataset *d, const char *value)
{
    if (strspn(value, "0123456789") != strlen(value) || strlen(value) > 9 || atoi(value) == 0)
        return mp_fail(c, "images \"%.40s\": expected a whole number 1..999999999", value);
    d->images = atoi(value);
    return MP_OK;
}

static int read_line(struct mp_ctx *c, struct mp_dataset *d, char *line)
{
    size_t n = strlen(line);
    while (n > 0 && isspace((unsigned char)line[n - 1]))
        line[--n] = '\0';
    char *key = line + strspn(line, " \t");
    if (*key == '\0' || *key == '#')
        return MP_OK;
    char *value = key + strcspn(key, " \t");
    if (*value != '\0')
        *value++ = '\0';
    value += strspn(value, " \t");
    if (strcmp(key, "set") == 0)
        return set_name(c, d, value);
    if (strcmp(key, "brief") == 0)
        return set_text(c, d->brief, sizeof d->brief, value);
    if (strcmp(key, "licence") == 0)
        return set_text(c, d->licence, sizeof d->licence, value);
    if (strcmp(key, "cite") == 0)
        return set_text(c, d->cite, sizeof d->cite, value);
    if (strcmp(key, "images") == 0)
        return set_images(c, d, value);
    if (strcmp(key, "mirror") == 0)
        return add_mirror(c, d, value, strlen(value));
    if (strcmp(key, "file") == 0)
        return add_file(c, d, value);
    return mp_fail(c, "no word \"%.40s\"; a manifest takes: set brief licence cite images mirror "
                      "file", key);
}

static int read_lines(struct mp_ctx *c, const char *file, FILE *f, struct mp_dataset *d)
{
    char line[1024];
    for (int number = 1; number <= 1000; number++) {
        if (fgets(line, sizeof line, f) == NULL) {
            mp_ctx_where(c, "%s", "");
            if (ferror(f))
                return mp_fail(c, "%s: cannot read: %s", file, strerror(errno));
            if (d->name[0] == '\0' || d->n_files == 0)
                return mp_fail(c, "%s: is no manifest: it has no line \"%s\"", file,
                               d->name[0] == '\0' ? "set NAME" : "file ROLE NAME BYTES SHA256");
            return MP_OK;
        }
        mp_ctx_where(c, "%s:%d: ", file, number);
        if (strlen(line) == sizeof line - 1)
            return mp_fail(c, "a line of more than %zu characters", sizeof line - 2);
        const size_t mark = number == 1 ? mp_text_mark(line, strlen(line)) : 0;
        if (read_line(c, d, line + mark) < 0)
            return -1;
    }
    return mp_fail(c, "is no manifest: more than 1000 lines");
}

int mp_dataset_read(struct mp_ctx *c, const char *file, struct mp_dataset *d)
{
    memset(d, 0, sizeof *d);
    FILE *f = fopen(file, "r");
    if (f == NULL)
        return mp_fail(c, "%s: cannot read: %s", file, strerror(errno));
    const int rc = read_lines(c, file, f, d);
    mp_ctx_where(c, "%s", "");
    fclose(f);
    return rc;
}

int mp_dataset_save(struct mp_ctx *c, const struct mp_dataset *d)
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct mp_output o;
    if (mp_dataset_folder(c, d->name, folder, sizeof folder) < 0 ||
        mp_dataset_join(c, path, sizeof path, "%s/%s", folder, manifest) < 0 ||
        mp_make_folder(c, folder) < 0 || mp_output_open(c, &o, path) < 0)
        return -1;
    fprintf(o.f, "set %s\n", d->name);
    if (d->brief[0] != '\0')
        fprintf(o.f, "brief %s\n", d->brief);
    if (d->licence[0] != '\0')
        fprintf(o.f, "licence %s\n", d->licence);
    if (d->cite[0] != '\0')
        fprintf(o.f, "cite %s\n", d->cite);
    if (d->images > 0)
        fprintf(o.f, "images %d\n", d->images);
    for (int i = 0; i < d->n_mirrors; i++)
        fprintf(o.f, "mirror %s\n", d->mirror[i]);
    for (int i = 0; i < d->n_files; i++)
        fprintf(o.f, "file %s %s %llu %s\n", d->file[i].role, d->file[i].name,
                (unsigned long long)d->file[i].file.size, d->file[i].file.digest);
    return mp_output_commit(c, &o);
}

/* ------------------------------------------------------------------ cache */

const char *mp_dataset_place(const struct mp_dataset *d)
{
    return d->folder[0] != '\0' ? d->folder : d->name;
}

int mp_dataset_folder(struct mp_ctx *c, const char *place, char *path, size_t size)
{
    const char *own = getenv("MNISTPIPE_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME"), *slash = place != NULL ? "/" : "";
    const char *last = place != NULL ? place : "";
    if (own != NULL && *own != '\0')
        return mp_dataset_join(c, path, size, "%s%s%s", own, slash, last);
    if (xdg != NULL && *xdg == '/') /* a relative one is to be ignored, says the XDG standard */
        return mp_dataset_join(c, path, size, "%s/mnistpipe%s%s", xdg, slash, last);
    if (home != NULL && *home != '\0')
        return mp_dataset_join(c, path, size, "%s/.cache/mnistpipe%s%s", home, slash, last);
    return mp_fail(c, "no folder for data sets: set HOME or MNISTPIPE_CACHE");
}

int mp_dataset_find(struct mp_ctx *c, const char *name, struct mp_dataset *d)
{
    for (int i = 0; mp_dataset_known(i) != NULL; i++)
        if (strcmp(mp_dataset_known(i)->name, name) == 0) {
            *d = *mp_dataset_known(i);
            return MP_OK;
        }
    char folder[PATH_MAX], path[PATH_MAX];
    if (good_set(name)) {
        if (mp_dataset_folder(c, name, folder, sizeof folder) < 0 ||
            mp_dataset_join(c, path, sizeof path, "%s/%s", folder, manifest) < 0)
            return -1;
        if (access(path, F_OK) == 0) {
            if (mp_dataset_read(c, path, d) < 0)
                return -1;
            return strcmp(d->name, name) == 0
                       ? MP_OK
                       : mp_fail(c, "%s: describes %s, expected %s", path, d->name, name);
        }
    }
    const char *near = mp_nearest(name, known_name, NULL);
    return mp_fail(c, "no data set \"%.80s\"; %s%s%s`mnistpipe fetch` lists them", name,
                   near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "");
}

/* Whether the role is one of the parts of an archive. */
static bool has_part(const struct mp_dataset *d, const char *role)
{
    const size_t n = strlen(role);
    for (const char *at = d->parts; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == n && strncmp(at, role, n) == 0)
            return true;
    return false;
}

/* The path of file i, which is there, and in an archive that of the member. */
static int found(struct mp_ctx *c, const struct mp_dataset *d, int i, const char *role, char *path,
                 size_t size)
{
    char folder[PATH_MAX], file[PATH_MAX];
    const char *rest = strchr(d->member, '%');
    if (mp_dataset_folder(c, mp_dataset_place(d), folder, sizeof folder) < 0 ||
        mp_dataset_join(c, file, sizeof file, "%s/%s", folder, d->file[i].name) < 0)
        return -1;
    if (access(file, R_OK) != 0)
        return mp_fail(c, "%s is not in the cache (%s); `mnistpipe fetch %s` downloads it", d->name,
                       file, d->name);
    if (rest == NULL)
        return mp_dataset_join(c, path, size, "%s", file);
    return mp_dataset_join(c, path, size, "%s:%.*s%s%s", file, (int)(rest - d->member), d->member,
                           role, rest + 1);
}

int mp_dataset_path(struct mp_ctx *c, const char *set, const char *role, char *path, size_t size)
{
    struct mp_dataset d;
    char all[512] = "";
    if (mp_dataset_find(c, set, &d) < 0)
        return -1;
    if (has_part(&d, role))
        return found(c, &d, 0, role, path, size);
    for (int i = 0; i < d.n_files && d.parts[0] == '\0'; i++) {
        if (strcmp(d.file[i].role, role) == 0)
            return found(c, &d, i, role, path, size);
        const size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, " %s", d.file[i].role);
    }
    return mp_fail(c, "%s has no part \"%.40s\"; it has:%s%s", set, role,
                   d.parts[0] != '\0' ? " " : all, d.parts);
}
