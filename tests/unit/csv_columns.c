/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_columns.c - what the columns of a CSV file are taken for: files of a few rows, with the
 * labels, the pixels and the remarks that a person would want of them. */
#include "../labels.h"
#include "../taken.h"
#include "core/ctx.h"
#include "data/data.h"
#include "formats/read.h"
#include <stdlib.h>
#include <string.h>

#define COUNTED "f: line 1 counts its columns: it was taken for a header, not for an image\n"
#define INDEX \
    "f: column 1 counts the rows: it was left out (label=first says that it is the label)\n"
#define NAMELESS "f: column 1, which has no name, was left out: it numbers the rows\n"
#define FIRST "f: column 1 was taken for the label, as is usual; label=last says otherwise\n"
#define ROW "9,8,7,6,5,4,3,2,1" /* of 3 x 3 */
#define OTHER "1,1,1,1,1,1,1,1,1"

static const struct {
    const char *name, *file, *label, *want, *remarks;
} cases[] = {
    { "a header 0, 1, 2 ... and pixels", "0,1,2,3,4,5,6,7,8\n" ROW "\n", "",
      "-: 9 8 7 6 5 4, 1 rows", COUNTED },
    { "a header 1, 2, 3 ...", "1,2,3,4,5,6,7,8,9\n" ROW "\n", "", "-: 9 8 7 6 5 4, 1 rows",
      COUNTED },
    { "a header 0, 1, 2 ... of label and pixels", "0,1,2,3,4,5,6,7,8,9\n7," ROW "\n", "",
      "7: 9 8 7 6 5 4, 1 rows", FIRST COUNTED },
    { "numbers, then a word", "0,1,2,3,4,5,6,7,8,target\n" ROW ",7\n", "",
      "7: 9 8 7 6 5 4, 1 rows",
      "f: column 10 (target) was taken for the label\n" COUNTED },
    { "numbers in the alphabet's order", "0,1,10,11,12,13,14,15,2,3,4,5,6,7,8,9\n"
      "0,1,10,11,12,13,14,15,2,3,4,5,6,7,8,9\n", "", "-: 0 1 2 3 4 5, 1 rows",
      "f: line 1 has 15 before 2: columns were put into the order of their numbers\n" COUNTED },
    { "an index before such a header", ",0,1,2,3,4,5,6,7,8,9\n0,7," ROW "\n1,8," ROW "\n2,9," ROW
      "\n", "", "7: 9 8 7 6 5 4 | 8: 9 8 7 6 5 4, 3 rows",
      NAMELESS COUNTED },
    { "nothing counts: an image", "0,1,2,3,4,5,6,7,9\n" ROW "\n", "",
      "-: 0 1 2 3 4 5 | -: 9 8 7 6 5 4, 2 rows", "" },
    { "a word among values is no header", "0,1,2,3,x,5,6,7,8\n" ROW "\n", "",
      "f: line 1, column 5 (pixel4): found \"x\", expected a number", "" },
    { "names in the alphabet's order",
      "label,p0,p1,p10,p11,p12,p13,p14,p15,p2,p3,p4,p5,p6,p7,p8,p9\n"
      "3,0,1,10,11,12,13,14,15,2,3,4,5,6,7,8,9\n", "", "3: 0 1 2 3 4 5, 1 rows",
      "f: line 1 has p15 before p2: columns were put into the order of their numbers\n" },
    { "rows and columns in it", "1x1,1x10,1x2,1x3,1x4,1x5,1x6,1x7,1x8\n9,100,8,7,6,5,4,3,2\n", "",
      "-: 9 8 7 6 5 4, 1 rows",
      "f: line 1 has 1x10 before 1x2: columns were put into the order of their numbers\n" },
    { "columns before rows: as they stand", "0x0,1x0,2x0,0x1,1x1,2x1,0x2,1x2,2x2\n" ROW "\n", "",
      "-: 9 8 7 6 5 4, 1 rows", "" },
    { "a number twice, out of order", "p3,p1,p1,p2,p4,p5,p6,p7,p8\n" ROW "\n", "",
      "f: line 1: columns are not in the order of their names (p3 comes before p1), and some have "
      "the same number", "" },
    { "names without numbers", "i,h,g,f,e,d,c,b,a\n" ROW "\n", "", "-: 9 8 7 6 5 4, 1 rows", "" },
    { "label named, last", "a,b,c,d,label\n1,2,3,4,5\n", "", "5: 1 2 3 4, 1 rows", "" },
    { "label named, amid", "a,b,Label,c,d\n1,2,3,4,5\n", "", "3: 1 2 4 5, 1 rows", "" },
    { "label=last", "1,2,3,4,5\n6,7,8,9,10\n", "last", "5: 1 2 3 4 | 10: 6 7 8 9, 2 rows", "" },
    { "label=2", "1,2,3,4,5\n", "2", "2: 1 3 4 5, 1 rows", "" },
    { "label=NAME", "a,b,c,digit,e\n1,2,3,4,5\n", "digit", "4: 1 2 3 5, 1 rows", "" },
    { "label=NAME of a file without it, which has pixels only", "a,b,c,d\n1,2,3,4\n", "digit",
      "-: 1 2 3 4, 1 rows", "" },
    { "label=NAME that is not there", "a,b,c,d,e\n1,2,3,4,5\n", "digit",
      "f: label=digit: found no such column among 5; expected first, last, none, a number from 1, "
      "or a name of line 1", "" },
    { "label=6 of five", "1,2,3,4,5\n", "6",
      "f: label=6: found no such column among 5; expected first, last, none, a number from 1; "
      "there are no names", "" },
    { "label=none", "1,2,3,4,5\n", "none",
      "f: line 1: found 5 columns, expected a square number such as 784, or one more with labels; "
      "for other images give size=HxW", "" },
    { "an index, no labels", "0,1,2,3,4\n1,1,2,3,4\n2,1,2,3,5\n", "",
      "-: 1 2 3 4 | -: 1 2 3 4, 3 rows", INDEX },
    { "an index with a name", "id,a,b,c,d\n7,1,2,3,4\n8,1,2,3,4\n9,1,2,3,5\n", "",
      "-: 1 2 3 4 | -: 1 2 3 4, 3 rows", "" },
    { "an index, then labels", ",label,a,b,c,d\n0,5,1,2,3,4\n1,6,1,2,3,4\n2,7,1,2,3,5\n", "",
      "5: 1 2 3 4 | 6: 1 2 3 4, 3 rows", NAMELESS },
    { "two rows prove no index", "0,1,2,3,4\n1,1,2,3,4\n", "",
      "0: 1 2 3 4 | 1: 1 2 3 4, 2 rows", FIRST },
    { "what is named label is no index", "label,a,b,c,d\n0,1,2,3,4\n1,1,2,3,4\n2,1,2,3,5\n", "",
      "0: 1 2 3 4 | 1: 1 2 3 4, 3 rows", "" },
    { "nor what the user calls so", "0,1,2,3,4\n1,1,2,3,4\n2,1,2,3,5\n", "first",
      "0: 1 2 3 4 | 1: 1 2 3 4, 3 rows", "" },
    { "labels last, by the rows", "0,9,9,0,1\n0,8,7,0,2\n0,9,9,0,2\n200,9,1,0,3\n0,9,3,0,3\n"
      "0,3,9,0,1\n", "", "1: 0 9 9 0 | 2: 0 8 7 0, 6 rows", "f: column 5, the last, was taken for "
      "the label (3 values, 1..3), as the first looks like a pixel; label=first says otherwise\n" },
    { "labels first, by the rows", "1,0,9,9,0\n2,0,8,7,0\n2,0,9,9,0\n3,0,9,1,200\n3,0,9,3,0\n"
      "1,0,3,9,0\n", "", "1: 0 9 9 0 | 2: 0 8 7 0, 6 rows", "" },
    { "both ends alike, few rows: the first", "1,0,9,9,1\n2,0,8,7,2\n2,0,9,9,2\n1,0,9,1,1\n", "",
      "1: 0 9 9 1 | 2: 0 8 7 2, 4 rows", FIRST },
    { "both ends alike", "1,0,9,9,1\n2,0,8,7,2\n2,0,9,9,2\n1,0,9,1,1\n1,0,9,9,1\n2,0,8,7,2\n"
      "2,0,9,9,2\n1,0,9,1,1\n", "", "f: column 1 or column 5 may be the label, and the rows do not "
      "tell which; label=first or label=last says it", "" },
    { "R's names", "V1,V2,V3,V4,V5\n0,9,9,0,1\n0,8,7,0,2\n0,9,9,0,2\n0,9,1,0,1\n", "",
      "1: 0 9 9 0 | 2: 0 8 7 0, 4 rows", "f: column 5 (V5), the last, was taken for the label (2 "
      "values, 1..2), as the first looks like a pixel; label=first says otherwise\n" },
    { "a name unlike the others, first", "answer,p1,p2,p3,p4\n5,1,2,3,4\n", "",
      "5: 1 2 3 4, 1 rows", "f: column 1 (answer), whose name is unlike the others, was taken for "
      "the label\n" },
    { "and last", "p1,p2,p3,p4,answer\n1,2,3,4,5\n", "", "5: 1 2 3 4, 1 rows", "f: column 5 "
      "(answer), whose name is unlike the others, was taken for the label\n" },
    { "two that are called so", "class,p1,p2,p3,p4,digit\n5,1,2,3,4,5\n", "", "f: column 1 (class) "
      "and column 6 (digit) both look like the label; label=NAME says which it is, ignore=NAME "
      "leaves the other out", "" },
    { "an index without a name, and an id", "Unnamed: 0,Id,class,a,b,c,d\nx,1,5,1,2,3,4\n", "",
      "5: 1 2 3 4, 1 rows", "f: column 1 (Unnamed: 0) was left out: it numbers the rows\n"
      "f: column 3 (class) was taken for the label\n" },
    { "more of them than anyone has", ",,,,,class,a,b,c,d\n1,1,1,1,1,5,1,2,3,4\n", "",
      "5: 1 2 3 4, 1 rows", "f: column 1, which has no name, was left out: it numbers the rows\n"
      "f: column 2, which has no name, was left out: it numbers the rows\n"
      "f: column 3, which has no name, was left out: it numbers the rows\n"
      "f: 2 more columns that number the rows were left out\n"
      "f: column 6 (class) was taken for the label\n" },
    { "R's row names, which have no name", "\"class\" \"p1\" \"p2\" \"p3\" \"p4\"\n"
      "\"1\" 5 1 2 3 4\n\"2\" 6 7 8 9 10\n", "", "5: 1 2 3 4 | 6: 7 8 9 10, 2 rows",
      NAMELESS "f: column 2 (class) was taken for the label\n" },
    { "one column a class, first", "1,0,9,8,7,6\n0,1,9,8,7,6\n1,0,9,8,7,6\n0,1,9,8,7,6\n"
      "1,0,9,8,7,6\n", "", "0: 9 8 7 6 | 1: 9 8 7 6, 5 rows", "f: columns 1 to 2 have a "
      "single 1 in "
      "each row: they were taken for the labels, a column a class\n" },
    { "last, with names", "p0,p1,p2,p3,is3,is5\n9,8,7,6,1,0\n9,8,7,6,0,1\n9,8,7,6,1,0\n"
      "9,8,7,6,0,1\n9,8,7,6,1,0\n", "", "3: 9 8 7 6 | 5: 9 8 7 6, 5 rows", "f: columns 5 "
      "to 6 have a "
      "single 1 in each row: they were taken for the labels, a column a class\n" },
    { "a row of no class", "1,0,9,8,7,6\n0,1,9,8,7,6\n1,0,9,8,7,6\n0,1,9,8,7,6\n"
      "1,0,9,8,7,6\n0,0,9,8,7,6\n", "", "f: line 1: found 6 columns, expected a square number such "
      "as 784, or one more with labels; for other images give size=HxW", "" },
    { "names that were a row", "5,0,0.1,0.2,0.3\n1,2,3,4,5\n", "", "1: 2 3 4 5, 1 rows",
      FIRST "f: line 1 looks like a row of values that a program took for names: it was left out, "
      "and that image is lost\n" },
    { "R's names that were a row", "X5,X0,X0.1,X0.2,X0.3\n1,2,3,4,5\n", "",
      "1: 2 3 4 5, 1 rows", FIRST "f: line 1 looks like a row of values that a program took for "
      "names: it was left out, and that image is lost\n" },
    { "a submission", "ImageId,Label\n1,2\n2,0\n", "", "f: has two columns, a name and a label a "
      "row: a submission or a list of labels, not images", "" },
    { "a column of words", "label,split,a,b,c,d\n5,train,1,2,3,4\n6,test,1,2,3,4\n", "",
      "f: column 2 (split) has words, which are no pixels; label=... says that it is the label, "
      "ignore=... leaves it out", "" },
    { "words last, in one row", "1,2,3,4,abc\n", "", "abc: 1 2 3 4, 1 rows", "f: column 5, which "
      "has words, was taken for the label\n" },
    { "words amid a few rows are a mistake", "1,2,abc,4,5\n1,2,def,4,5\n", "",
      "f: line 1, column 3 (pixel1): found \"abc\", expected a number", FIRST },
    { "words amid many rows are labels", "1,2,abc,4,5\n1,2,def,4,5\n1,2,abc,4,5\n1,2,def,4,5\n"
      "1,2,abc,4,5\n1,2,def,4,5\n1,2,abc,4,5\n1,2,def,4,5\n", "",
      "abc: 1 2 4 5 | def: 1 2 4 5, 8 rows", "f: column 3, which has words, was taken for the "
      "label\n" },
    { "an empty column has no words", "1,2,3,4,\n6,7,8,9,\n", "last",
      "-: 1 2 3 4 | -: 6 7 8 9, 2 rows", "" },
    { "nor has one amid", "1,,3,4,5\n1,,3,4,5\n", "", "f: line 1, column 2 (pixel0): found "
      "nothing, expected a number", FIRST },
    { "a comma at the end of rows, not of the header", "label,a,b,c,d\n5,1,2,3,4,\n", "",
      "5: 1 2 3 4, 1 rows", "" },
    { "a comma at the end of all rows but the first", "5,1,2,3,4\n5,1,2,3,4,\n5,1,2,3,4,\n", "",
      "f: line 2: found 6 values, expected 5 as in line 1", FIRST },
    { "one row between semicolons", "5;1;2;3;4\n", "", "5: 1 2 3 4, 1 rows", FIRST },
    { "more digits than needed", "5,001,0002,3,04\n", "", "5: 1 2 3 4, 1 rows", FIRST },
    { "halves are rounded up", "5,1,2.5,3,3.49\n", "", "5: 1 3 3 3, 1 rows", FIRST
      "f: values are not whole numbers: rounded to levels 0..255\n" },
    { "a label below 0", "-1,1,2,3,4\n", "", "-1: 1 2 3 4, 1 rows", FIRST },
    { "a label written as a real", "label,a,b,c,d\n1.0,1,2,3,4\n", "", "1: 1 2 3 4, 1 rows", "" },
    { "a label that is a word", "label,a,b,c,d\nseven,1,2,3,4\n", "", "seven: 1 2 3 4, 1 rows",
      "" },
    { "a second header", "label,a,b,c,d\n5,1,2,3,4\nlabel,a,b,c,d\n6,1,2,3,4\n", "",
      "5: 1 2 3 4 | 6: 1 2 3 4, 2 rows", "f: line 3 is the header once more: it was left out\n" },
    { "a header that is not the first", "label,a,b,c,d\n5,1,2,3,4\nlabel,e,f,g,h\n", "",
      "f: line 3, column 2 (a): found \"e\", expected a number", "" },
};

/* An index longer than a label can be, and one that stops counting far down. */
static void long_index(struct tap *t)
{
    static char file[1 << 16];
    const struct mp_form any = { .label = NULL };
    size_t n = 0;
    for (int i = 1; i <= 3000; i++)
        n += (size_t)snprintf(file + n, sizeof file - n, "%d,1,2,3,4\r\n", i);
    taken(t, "an index of 3000 rows", file, &any, "-: 1 2 3 4 | -: 1 2 3 4, 3000 rows", INDEX);
    memcpy(strstr(file, "2500,"), "2400", 4);
    taken(t, "an index that stops", file, &any, "f: line 2500: column 1 counted the rows up to "
          "here, where 2500 was expected; label=first says that it is the label", INDEX);
    const struct mp_form ignoring = { .ignore = "6" };
    taken(t, "a column to leave out that is not there", "label,a,b,c,d\n7,1,2,3,4\n", &ignoring,
          "7: 1 2 3 4, 1 rows", "f: ignore=6: there is no such column\n");
    memcpy(strstr(file, "2400,1,2,3,4\r\n2501"), "2500", 4);
    memcpy(strstr(file, "2700,1,2"), "2700,x", 6);
    taken(t, "a wrong value behind an index", file, &any, "f: line 2700, column 2 (pixel0): found "
          "\"x\", expected a number", INDEX);
}

/* Columns out of order take the same rows on all threads as one by one. */
static void many_rows(struct tap *t)
{
    enum { ROWS = 4000, VALUES = 10 };
    static char file[ROWS * VALUES * 4 + 100];
    struct mp_run run = { .threads = 3, .quiet = true };
    struct mp_ctx c;
    struct mp_data d;
    size_t n = (size_t)sprintf(file, "p9,p8,p7,p6,p5,label,p4,p3,p2,p1\n"), wrong = 0;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < VALUES; j++)
            n += (size_t)sprintf(file + n, "%zu%s", (i * VALUES + j) * 7919 % 256,
                                 j + 1 < VALUES ? "," : i % 3 == 0 ? "\r\n" : "\n");
    mp_ctx_init(&c, &run);
    const int rc = mp_data_read_memory(&c, "f", file, n, &(struct mp_form){ .label = NULL }, &d);
    for (size_t i = 0; i < ROWS && rc == MP_OK; i++)
        for (size_t j = 0; j < VALUES; j++) {
            const uint8_t want = (uint8_t)((i * VALUES + j) * 7919 % 256);
            wrong += want != (j == 5 ? label_of(&d, (size_t)i) : d.x[9 * i + 8 - (j - (j > 5))]);
        }
    tap_ok(t, rc == MP_OK && d.n == ROWS && wrong == 0,
           "%d rows whose columns stand the wrong way round, a label amid them", ROWS);
    mp_data_free(&d);
    mp_ctx_free(&c);
}

static void ranges(struct tap *t)
{
    const struct mp_form one = { .range = { 0, 1 } }, sixteen = { .range = { 0, 16 } };
    taken(t, "range=1", "0,1,1,0\n", &one, "-: 0 255 255 0, 1 rows", "");
    taken(t, "range=16", "7,0,8,1,16\n", &sixteen, "7: 0 128 16 255, 1 rows", FIRST);
    taken(t, "a value above it", "7,0,8,1,17\n", &sixteen,
          "f: line 1: a pixel has the value 17, above range=0..16", FIRST);
}

int main(void)
{
    struct tap t = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        taken(&t, cases[i].name, cases[i].file, &(struct mp_form){ .label = cases[i].label },
              cases[i].want, cases[i].remarks);
    long_index(&t);
    many_rows(&t);
    ranges(&t);
    return tap_end(&t);
}
