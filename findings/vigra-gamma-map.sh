#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# VIGRA 1.11 (Debian 12) and 1.12 (Debian 13): gammaMAPFilter() takes speckles away by the Gamma MAP
# filter of Lopes and others (1990), where a pixel of a textured region becomes the likeliest level
# R, the root of a R^2 + (L + 1 - a) M R - L M I = 0: I is the pixel, M its window's mean, L the
# number of looks, and a goes by the relative variance; the Orfeo ToolBox has it so, too.
# Expected: nothing brighter than the brightest pixel of the window, and an image of levels from 0
# to 1 comes out as the same image of 0 to 255 does, as from VIGRA's other filters of speckles.
# What happens: I is left out, L M stands for L M I.  So the pixel itself plays no part, whether
# dark or bright, and the unit matters: in levels from 0 to 1 the result below is brighter than any
# pixel around, in levels to 255 it is little more than a third of that.  The image looks smooth in
# either case, and nothing is said.
. "$(dirname "$0")/unpack.bash"

cat >"$here/speckles.cc" <<'END'
#include <cmath>
#include <cstdio>
#include <vigra/config.hxx>
#include <vigra/multi_array.hxx>
#include <vigra/specklefilters.hxx>

using Image = vigra::MultiArray<2, float>;

static const int size = 5, looks = 3;

/* What Lopes has for the pixel in the middle of 9 x 9. */
static double lopes(const Image &image)
{
    const int n = size * size;
    double sum = 0, squares = 0;
    for (int y = 2; y < 7; y++)
        for (int x = 2; x < 7; x++) {
            sum += image(x, y);
            squares += image(x, y) * image(x, y);
        }
    const double mean = sum / n, relative = (squares / n - mean * mean) / (mean * mean);
    const double speckle = 0.523 * 0.523 / looks, a = (1 + speckle) / (relative - speckle);
    const double b = (looks + 1 - a) * mean;
    return (std::sqrt(b * b + 4 * a * looks * mean * image(4, 4)) - b) / (2 * a);
}

static void look(double white)
{
    Image image(vigra::Shape2(9, 9)), out(image.shape());
    const vigra::Diff2D window(size, size);
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 9; x++)
            image(x, y) = (float)(white * (1 + (7 * x + 5 * y + x * y) % 4) / 20);
    std::printf("white is %g\n", white);
    for (int i = 0; i < 2; i++) {
        std::printf("  %g among 0.05 to 0.2:", image(4, 4) / white);
        leeFilter(image, out, window, looks);
        std::printf("  Lee %.3f", out(4, 4) / white);
        kuanFilter(image, out, window, looks);
        std::printf("  Kuan %.3f", out(4, 4) / white);
        gammaMAPFilter(image, out, window, looks);
        std::printf("  Gamma MAP %.3f, by Lopes %.3f\n", out(4, 4) / white, lopes(image) / white);
        std::swap(image(4, 4), image(5, 4));
    }
}

int main()
{
    std::printf("VIGRA %s\n", VIGRA_VERSION);
    look(1);
    look(16);
    look(255);
    return 0;
}
END
look() {
    mkdir -p "$here/include"
    ln -sfn "$root/usr/include/vigra" "$here/include/vigra"
    g++ -std=c++11 -w -I "$here/include" "$here/speckles.cc" -o "$here/speckles"
    "$here/speckles"
}

unpack bookworm libvigraimpex-dev=1.11.1+dfsg-11
look >"$here/seen"
unpack trixie libvigraimpex-dev=1.12.2+dfsg-2
look >>"$here/seen"
as_before_on 'VIGRA 1.11.1' 'VIGRA 1.12.2' <<'END'
white is 1
  0.05 among 0.05 to 0.2:  Lee 0.085  Kuan 0.088  Gamma MAP 0.225, by Lopes 0.095
  0.2 among 0.05 to 0.2:  Lee 0.162  Kuan 0.159  Gamma MAP 0.225, by Lopes 0.129
white is 16
  0.05 among 0.05 to 0.2:  Lee 0.085  Kuan 0.088  Gamma MAP 0.099, by Lopes 0.095
  0.2 among 0.05 to 0.2:  Lee 0.162  Kuan 0.159  Gamma MAP 0.099, by Lopes 0.129
white is 255
  0.05 among 0.05 to 0.2:  Lee 0.085  Kuan 0.088  Gamma MAP 0.080, by Lopes 0.095
  0.2 among 0.05 to 0.2:  Lee 0.162  Kuan 0.159  Gamma MAP 0.080, by Lopes 0.129
END
