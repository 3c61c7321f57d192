/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sparse.c - libsvm text and ARFF as other programs and people write them: files of a few rows,
 * with the labels, the pixels and the remarks that a person would want of them. */
#include "../labels.h"
#include "../taken.h"
#include "core/ctx.h"
#include "data/data.h"
#include "formats/read.h"
#include <stdlib.h>
#include <string.h>

#define ZEROS "f: every label is 0, as where there are none: rows were taken for unlabelled " \
    "(label=first takes them for labels)\n"
#define A4 "@attribute a numeric\n@attribute b REAL\n@attribute c integer\n@attribute d numeric\n"
#define ARFF "@relation r\n" A4 "@attribute class {3,5}\n@data\n"

static const struct {
    const char *name, *file;
    int size; /* of a side; 0: found */
    const char *want, *remarks;
} cases[] = {
    { "libsvm", "7 1:10 4:255\n3 2:20\n", 0, "7: 10 0 0 255 | 3: 0 20 0 0, 2 rows", "" },
    { "libsvm as it comes, with blanks, a plus, a comment, no order", "# by hand\n+7   "
      "4:255 1:10 \r\n"
      "\n-3\t2:20 # two\r\n", 0, "7: 10 0 0 255 | -3: 0 20 0 0, 2 rows", "" },
    { "libsvm from 0 on", "7 0:10 3:255\n3 1:20\n", 0, "7: 10 0 0 255 | 3: 0 20 0 0, 2 rows", "" },
    { "libsvm whose first image is blank", "7\n3 2:20 4:0\n", 0,
      "7: 0 0 0 0 | 3: 0 20 0 0, 2 rows", "" },
    { "libsvm of shares", "7 1:0.2 4:1\n3 2:1e-1\n", 0, "7: 51 0 0 255 | 3: 0 26 0 0, 2 rows",
      "f: values from 0 to 1 were read as 0..1, paper to full ink (range=0..1)\n" },
    { "libsvm of a query", "7 qid:1 1:10 4:255\n", 0, "7: 10 0 0 255, 1 rows", "" },
    { "libsvm with labels written as reals", "7.0 1:10 4:255\n", 0, "7: 10 0 0 255, 1 rows", "" },
    { "libsvm without labels", "0 1:10 4:255\n0 2:20\n", 0,
      "-: 10 0 0 255 | -: 0 20 0 0, 2 rows", ZEROS },
    { "libsvm of a size", "7 1:10\n3 2:20\n", 2, "7: 10 0 0 0 | 3: 0 20 0 0, 2 rows", "" },
    { "libsvm whose last pixels are blank: the next square, if columns run down in it",
      "1 2:9 6:200 10:100 14:50\n2 3:50 7:200 11:220 15:0\n2 2:50 6:200 10:220 14:9\n", 0,
      "1: 0 9 0 0 0 200 | 2: 0 0 50 0 0 0, 3 rows", "f: indices reach 15: rows were taken for "
      "images of 4 x 4 with a blank end; size=HxW says otherwise\n" },
    { "libsvm that is no square", "1 1:9 4:9 7:9 10:9 13:9\n2 2:9 5:9 8:9 11:9 14:9\n", 0,
      "f: indices reach 14, and zeros at the end are not written: size=HxW says what images they "
      "are of", "" },
    { "libsvm: an index too large", "7 1:10 4:255\n3 5:20\n", 2, "f: line 2: found index "
      "5, expected "
      "1..4 as images are 2 x 2; size=HxW says otherwise", "" },
    { "libsvm: no pair", "7 1:10 4:255\n3 2=20\n", 2,
      "f: line 2: found \"2=20\", expected INDEX:VALUE", "" },
    { "libsvm: no number", "7 1:10 4:255\n3 2:x\n", 2,
      "f: line 2: found \"2:x\", expected INDEX:VALUE", "" },
    { "libsvm: no label", "7 1:10 4:255\n3.5 2:3\n", 2,
      "f: line 2: found \"3.5\", expected a label, a whole number", "" },
    { "libsvm: no end", "7 1:10 4:255\n3 2:3", 2, "f: line 2, the last, has no end: the "
      "file may be "
      "cut off (a line feed behind it says that it is whole)", "" },
    { "libsvm: one value unlike the others", "7 1:10 4:300\n3 2:20\n", 2, "f: line 1: found "
      "4:300, expected 0..255 as all others are; range=LOW..HIGH says otherwise", "" },
    { "ARFF", ARFF "1,2,3,4,5\n6,7,8,9,3\n", 0, "5: 1 2 3 4 | 3: 6 7 8 9, 2 rows", "" },
    { "ARFF as Weka and people write it", "% of nobody\n\n@RELATION 'a b'\n\n" A4 "@ATTRIBUTE "
      "\"the class\" {'it\\'s', five}\r\n\n@DATA\n% rows\n 1, 2,\t3 ,4, 'it\\'s'\r\n\n"
      "6,7,8,9,five\n", 0, "it's: 1 2 3 4 | five: 6 7 8 9, 2 rows", "" },
    { "ARFF, sparse: what is left out is zero, or the first class",
      ARFF "{0 1, 3 4, 4 5}\n{1 7}\n{}\n", 0, "5: 1 0 0 4 | 3: 0 7 0 0, 3 rows", "" },
    { "ARFF, the class first and by name", "@relation r\n@attribute digit {3,5}\n" A4 "@data\n"
      "5,1,2,3,4\n", 0, "5: 1 2 3 4, 1 rows", "f: column 1 (digit) was taken for the label\n" },
    { "ARFF without a class", "@relation r\n" A4 "@data\n1,2,3,4\n", 0, "-: 1 2 3 4, 1 rows", "" },
    { "ARFF whose class is not known", ARFF "1,2,3,4,?\n6,7,8,9,?\n", 0,
      "-: 1 2 3 4 | -: 6 7 8 9, 2 rows", "" },
    { "ARFF: a missing value", ARFF "1,2,3,4,5\n1,2,?,4,5\n", 0,
      "f: line 9, column 3 (c): found \"?\", a missing value, expected a number", "" },
    { "ARFF: one value unlike the others", ARFF "1,2,3,4,5\n1,2,256,4,5\n", 0,
      "f: line 9, column 3 (c): found 256, expected 0..255 as all others are; range=LOW..HIGH "
      "says otherwise", "" },
    { "ARFF: a missing class", ARFF "1,2,3,4,5\n1,2,3,4,?\n", 0,
      "f: line 9, column 5 (class): found \"?\", a missing value, expected a class", "" },
    { "ARFF: a value too few", ARFF "1,2,3,4,5\n1,2,3,5\n", 0,
      "f: line 9: found 4 values, expected 5, as many as attributes", "" },
    { "ARFF, sparse: an attribute too many", ARFF "{5 1}\n", 0,
      "f: line 8, column 1 (a): found \"5\", expected the number of an attribute, from 0 on", "" },
    { "ARFF, sparse: not closed", ARFF "{0 1, 3 4\n", 0,
      "f: line 8, column 4 (d): found \"4\", expected , or } behind a value", "" },
    { "ARFF: something else above @data", "@relation r\nattribute a numeric\n", 0,
      "f: line 2: expected @attribute or @data", "" },
    { "ARFF: nothing below @data", ARFF, 0, "f: found no row below @data", "" },
};

int main(void)
{
    struct tap t = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int s = cases[i].size;
        taken(&t, cases[i].name, cases[i].file, &(struct mp_form){ .size = { s, s, s > 0 } },
              cases[i].want, cases[i].remarks);
    }
    return tap_end(&t);
}
