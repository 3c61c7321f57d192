/* SPDX-License-Identifier: GPL-3.0-or-later */
/* opencv_kernels.cpp - what OpenCV takes for the work of bench/kernels.c.
 *
 *     opencv_kernels [-n PASSES] [-r ROWS] [-c FILE] IMAGES KERNEL
 *     opencv_kernels
 *
 * Prints a line for every pass over the first ROWS images: microseconds an image,
 * on one thread.  OpenCV is called image by image, as its users do; what can be
 * prepared once for all images is.  IMAGES are MNIST's, IDX, gzip or not.
 * -c: instead, the mean absolute difference from the outputs that `kernels -o FILE`
 * has written for the same rows; bytes count as 0..1.
 * Without arguments: OpenCV's version and the vector units it uses.
 */
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>
#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#include <opencv2/photo.hpp>
#include <opencv2/ximgproc.hpp>
#include <zlib.h>

using cv::Mat;
using Kernel = std::function<void(const Mat &, Mat &)>;

enum { SIDE = 28, PIXELS = SIDE * SIDE };
enum { WINDOW = 4 * 2 + 1 }; /* of a Gaussian of sigma 1, cut at four sigmas */

/* ---------------------------------------------------------------- kernels */

/* As in OpenCV's samples/python/digits.py. */
static void deskew(const Mat &in, Mat &out)
{
    const cv::Moments m = cv::moments(in);
    if (std::fabs(m.mu02) < 1e-2) {
        in.copyTo(out);
        return;
    }
    const double slant = m.mu11 / m.mu02;
    const cv::Matx23f shear(1, (float)slant, (float)(-0.5 * SIDE * slant), 0, 1, 0);
    cv::warpAffine(in, out, shear, in.size(), cv::WARP_INVERSE_MAP | cv::INTER_LINEAR);
}

static Kernel hog()
{
    const cv::HOGDescriptor d({ SIDE, SIDE }, { 8, 8 }, { 4, 4 }, { 4, 4 }, 9);
    return [d, values = std::vector<float>()](const Mat &in, Mat &out) mutable {
        d.compute(in, values);
        out = Mat(1, (int)values.size(), CV_32F, values.data());
    };
}

/* The kernel on floats 0..1, made of the bytes first. */
static Kernel on_floats(Kernel kernel)
{
    return [kernel, x = Mat()](const Mat &in, Mat &out) mutable {
        in.convertTo(x, CV_32F, 1 / 255.0);
        kernel(x, out);
    };
}

static void blur(const Mat &in, Mat &out)
{
    cv::GaussianBlur(in, out, { WINDOW, WINDOW }, 1, 1, cv::BORDER_CONSTANT);
}

static void edge(const Mat &in, Mat &out)
{
    Mat gx, gy;
    cv::Sobel(in, gx, CV_32F, 1, 0, 3, M_SQRT1_2 / 4 / 255);
    cv::Sobel(in, gy, CV_32F, 0, 1, 3, M_SQRT1_2 / 4 / 255);
    cv::magnitude(gx, gy, out);
}

static Kernel median(int side)
{
    return [side](const Mat &in, Mat &out) { cv::medianBlur(in, out, side); };
}

static Kernel morphology(int op, const Mat &window)
{
    return [op, window](const Mat &in, Mat &out) { cv::morphologyEx(in, out, op, window); };
}

static Mat square(int radius)
{
    return Mat::ones(2 * radius + 1, 2 * radius + 1, CV_8U);
}

static Mat disc(int radius)
{
    Mat window = Mat::zeros(2 * radius + 1, 2 * radius + 1, CV_8U);
    for (int y = -radius; y <= radius; y++)
        for (int x = -radius; x <= radius; x++)
            window.at<uchar>(y + radius, x + radius) = x * x + y * y <= radius * radius;
    return window;
}

static void otsu(const Mat &in, Mat &out)
{
    cv::threshold(in, out, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
}

/* As distance does: up to 8 pixels, exactly. */
static void distance(const Mat &in, Mat &out)
{
    Mat ink, far;
    cv::threshold(in, ink, 127, 255, cv::THRESH_BINARY);
    cv::distanceTransform(ink, far, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::min(far / 8, 1, out);
}

/* The outermost pixels are left alone: a margin for them. */
static void skeleton(const Mat &in, Mat &out)
{
    Mat ink, lines;
    cv::threshold(in, ink, 127, 255, cv::THRESH_BINARY);
    cv::copyMakeBorder(ink, ink, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
    cv::ximgproc::thinning(ink, lines, cv::ximgproc::THINNING_ZHANGSUEN);
    lines(cv::Rect(1, 1, SIDE, SIDE)).copyTo(out);
}

static void canny(const Mat &in, Mat &out)
{
    cv::Canny(in, out, 100, 200);
}

static Kernel clahe()
{
    return [work = cv::createCLAHE(4, { 2, 2 })](const Mat &in, Mat &out) { work->apply(in, out); };
}

static void bilateral(const Mat &in, Mat &out)
{
    cv::bilateralFilter(in, out, 7, 0.2, 1.5, cv::BORDER_CONSTANT);
}

static void nlmeans(const Mat &in, Mat &out)
{
    cv::fastNlMeansDenoising(in, out, 51, 3, 11);
}

static void enlarge(const Mat &in, Mat &out)
{
    cv::resize(in, out, { 2 * SIDE, 2 * SIDE }, 0, 0, cv::INTER_LINEAR);
}

static std::map<std::string, Kernel> kernels()
{
    return {
        { "deskew", deskew },
        { "hog", hog() },
        { "blur", on_floats(blur) },
        { "blur-bytes", blur },
        { "edge", edge },
        { "median-3", median(3) },
        { "median-5", median(5) },
        { "close-square-1", morphology(cv::MORPH_CLOSE, square(1)) },
        { "dilate-disc-3", morphology(cv::MORPH_DILATE, disc(3)) },
        { "otsu", otsu },
        { "enlarge", on_floats(enlarge) },
        { "distance", distance },
        { "skeleton", skeleton },
        { "canny", canny },
        { "clahe", clahe() },
        { "bilateral", on_floats(bilateral) },
        { "nlmeans", nlmeans },
    };
}

/* ------------------------------------------------------------------- data */

[[noreturn]] static void die(const std::string &text)
{
    std::fprintf(stderr, "opencv_kernels: %s\n", text.c_str());
    std::exit(1);
}

static std::vector<uchar> read_images(const char *path, size_t rows)
{
    const uchar head[4] = { 0, 0, 8, 3 };
    uchar found[16];
    std::vector<uchar> x;
    gzFile f = gzopen(path, "rb");
    if (f == NULL || gzread(f, found, sizeof found) != sizeof found ||
        std::memcmp(found, head, sizeof head) != 0 || found[11] != SIDE || found[15] != SIDE)
        die(std::string(path) + ": no IDX file of 28 x 28 images");
    size_t n = (size_t)found[4] << 24 | (size_t)found[5] << 16 | (size_t)found[6] << 8 | found[7];
    n = rows > 0 && rows < n ? rows : n;
    for (uchar image[PIXELS]; n > 0 && gzread(f, image, PIXELS) == PIXELS; n--)
        x.insert(x.end(), std::begin(image), std::end(image));
    gzclose(f);
    if (n > 0 || x.empty())
        die(std::string(path) + ": ends too early");
    return x;
}

/* OpenCV runs down the columns of blocks, and of cells in a block; put into the order of
 * kernels.c: rows of blocks, rows of cells. */
static std::vector<float> reorder_hog(const float *x)
{
    enum { BLOCKS = 6, CELLS = 2, BINS = 9 };
    std::vector<float> y;
    for (int by = 0; by < BLOCKS; by++)
        for (int bx = 0; bx < BLOCKS; bx++)
            for (int cy = 0; cy < CELLS; cy++)
                for (int cx = 0; cx < CELLS; cx++) {
                    const int block = bx * BLOCKS + by, cell = cx * CELLS + cy;
                    const float *bins = x + (block * CELLS * CELLS + cell) * BINS;
                    y.insert(y.end(), bins, bins + BINS);
                }
    return y;
}

static std::vector<float> values(const std::string &name, const Mat &out)
{
    Mat x;
    out.convertTo(x, CV_32F, out.depth() == CV_8U ? 1 / 255.0 : 1);
    if (name == "hog")
        return reorder_hog(x.ptr<float>());
    return std::vector<float>(x.begin<float>(), x.end<float>());
}

/* ------------------------------------------------------------------- work */

static void compare(const std::string &name, const Kernel &kernel, std::vector<uchar> &x,
                    const char *path)
{
    double sum = 0;
    size_t n = 0;
    FILE *f = std::fopen(path, "rb");
    if (f == NULL)
        die(std::string(path) + ": cannot read");
    for (size_t at = 0; at < x.size(); at += PIXELS) {
        Mat out;
        kernel(Mat(SIDE, SIDE, CV_8U, &x[at]), out);
        const std::vector<float> own = values(name, out);
        std::vector<float> other(own.size());
        if (std::fread(other.data(), sizeof(float), other.size(), f) != other.size())
            die(std::string(path) + ": holds fewer values");
        for (size_t i = 0; i < own.size(); i++)
            sum += std::fabs(own[i] - other[i]);
        n += own.size();
    }
    if (std::fgetc(f) != EOF)
        die(std::string(path) + ": holds more values");
    std::fclose(f);
    std::printf("%.2g\n", sum / (double)n);
}

static void measure(const Kernel &kernel, std::vector<uchar> &x)
{
    Mat out; /* its memory is used again, as far as OpenCV can */
    const auto start = std::chrono::steady_clock::now();
    for (size_t at = 0; at < x.size(); at += PIXELS)
        kernel(Mat(SIDE, SIDE, CV_8U, &x[at]), out);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    std::printf("%.4f\n", 1e6 * taken.count() / (double)(x.size() / PIXELS));
}

int main(int argc, char **argv)
{
    int passes = 5, option;
    size_t rows = 0;
    const char *other = NULL;
    if (argc == 1) {
        std::printf("OpenCV %s, %s\n", cv::getVersionString().c_str(),
                    cv::getCPUFeaturesLine().c_str());
        return 0;
    }
    while ((option = getopt(argc, argv, "n:r:c:")) != -1) {
        if (option == 'n')
            passes = std::atoi(optarg);
        else if (option == 'r')
            rows = std::strtoul(optarg, NULL, 10);
        else if (option == 'c')
            other = optarg;
        else
            return 2;
    }
    if (argc - optind != 2)
        die("give IMAGES and KERNEL");
    const std::map<std::string, Kernel> all = kernels();
    const auto found = all.find(argv[optind + 1]);
    if (found == all.end())
        die(std::string(argv[optind + 1]) + ": no such kernel");
    std::vector<uchar> x = read_images(argv[optind], rows);
    cv::setNumThreads(1);
    if (other != NULL)
        compare(found->first, found->second, x, other);
    for (int i = 0; i < passes && other == NULL; i++)
        measure(found->second, x);
}
