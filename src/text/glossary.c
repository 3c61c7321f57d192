/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glossary.c - what the words of reports and pages mean. */
#include "text/glossary.h"
#include <ctype.h>
#include <string.h>

const struct mp_word mp_glossary[] = {
    { "ablation", "",
      "Leaving a stage out, learning anew, and seeing what the accuracy loses: what the stage was "
      "worth. `mnistpipe ablate` does so with every stage of a pipeline." },
    { "accuracy", "score|acc",
      "The share of the test rows that the model names rightly. It is a measurement on so many "
      "rows, so it has an interval." },
    { "apply", "us/row|images/s",
      "Taking rows through a stage that has learned. `apply` is how many rows a second one thread "
      "takes, `us/row` how many millionths of a second one row needs; `images/s` counts whole "
      "pipelines, on all threads." },
    { "augmentation", "copies|distorted copies",
      "Changing training images a little, anew every time: turned, shifted, stretched. The model "
      "sees more ways to write the same digit. Test rows are never changed." },
    { "balanced accuracy", "balanced|mean recall",
      "The mean of the classes' recalls: accuracy as if all classes had as many rows." },
    { "batch", "",
      "The rows that a net sees before it changes its weights once: a step." },
    { "bf16", "bfloat16|f32|precision of products",
      "A number of 16 bits that keeps the range of a 32-bit float (f32) but only 8 bits of its "
      "digits. With AMX, and by AMD's AVX512_BF16, processors multiply it several times faster; "
      "there nets read it, sums stay f32, and the accuracy rarely changes. `net precision=f32` "
      "asks for floats." },
    { "branch", "branches",
      "One of several chains of stages side by side: in a `union` their features are joined, in a "
      "`vote` or a `stack` each ends in a model of its own." },
    { "Brier score", "brier",
      "How far the probabilities lie from the truth: for each row the squares of the differences "
      "from 1 for the true class and from 0 for the others, added up; then the mean of all rows. 0 "
      "is perfect, 2 the worst. Unlike accuracy it minds how sure the model was." },
    { "bundle", "bundle.mnp|bundles",
      "The file of a fitted pipeline: its text, what every stage has learned, the names of the "
      "classes. `mnistpipe predict BUNDLE FILE` needs nothing else. docs/bundle.md tells what is "
      "inside." },
    { "cache", "",
      "A folder of what has been computed, so that it need not be computed twice. Nothing is lost "
      "when it is cleared; `mnistpipe cache` lists it." },
    { "calibration", "calibration error|expected calibration error|ECE|softmax of scores",
      "Whether a model that says 90 % is right nine times out of ten. The test rows are sorted "
      "into 15 bins by how sure the model was; the expected calibration error is the mean gap "
      "between how sure it was and how often it was right. `calibrate` after a model mends it." },
    { "checkpoint", "resume",
      "How far the training of a net has come, saved after every epoch, so that a stopped run "
      "goes on with `run --resume`." },
    { "class", "classes|label|labels",
      "What a row is a picture of: one of the digits 0 to 9, for instance. The label is the class "
      "that the file gives a row." },
    { "confidence", "how sure",
      "How sure the model is of its answer: the probability of the class that it names; where its "
      "scores are margins, by how much the best lies above the second." },
    { "confusion matrix", "confusion|mistaken",
      "A table of all test rows: a line for what the row is, a column for what the model said. "
      "The diagonal are the right answers; everything else says what is taken for what." },
    { "copies of training rows", "in training",
      "Test rows whose image is also a training row, pixel by pixel. A model may simply remember "
      "them, so the report gives the accuracy without them, too." },
    { "duplicates", "near duplicate|repeated images",
      "Images that occur more than once in a file, or nearly so. `mnistpipe inspect` finds them." },
    { "epoch", "epochs|epoch by epoch|kept epoch",
      "One pass of a net's training over all training rows. Below the heading `epoch by epoch` "
      "stand the loss and the accuracy on the training rows after each; `kept_epoch` is "
      "the one whose weights stayed." },
    { "errors", "error|mistakes",
      "How many test rows the model names wrongly. The accuracy is 1 less their share." },
    { "F1", "f-score|f1 score",
      "One number of a class's precision p and recall r: 2pr / (p + r), which is low if either "
      "is." },
    { "feature", "features|values",
      "A number that describes a row, and a stage that computes such numbers: the pixels "
      "themselves, directions of strokes (`hog`), main components (`pca`). `values` counts them." },
    { "filter", "filters", "A stage that makes an image of an image: deskew, blur, resize." },
    { "fit", "learn|learn s|train|train s|fit s",
      "Learning from the training rows. Of a stage, `learn s` are the seconds of its passes over "
      "the rows, summed over all threads, and `train s` the seconds of what comes after the last "
      "row, by the clock: most models do their work there." },
    { "folds", "fold|cross-validation|cross validation|fold by fold",
      "Cross-validation cuts the training rows into folds, say 5. Each fold is predicted by a "
      "pipeline that learned from the other four, every stage anew, so each row is tested once by "
      "a model that has not seen it. `data folds=5` asks for it." },
    { "GFLOP/s", "flops|multiply-adds|forward s|backward s",
      "Thousands of millions of multiplications and additions a second: how well a net uses the "
      "processor. Forward is computing the answer, backward finding out how each weight should "
      "change; both count one thread. A multiply-add counts as two." },
    { "gives", "shape",
      "What a row is after a stage: 28 x 28 is an image of that size, 1152 a vector of so many "
      "values." },
    { "holdout", "held out|held-out rows|split",
      "A part of the training rows, a fifth of each class, that is kept from the training and used "
      "as the test. Asked for by leaving out the test: `--set data.test=`." },
    { "Holm's correction", "Holm|corrected|p, Holm",
      "Among many comparisons one is soon significant by chance. Holm's correction makes the p "
      "values larger, so that among all that stay below 5 % one is there by chance in at most one "
      "of twenty such tables." },
    { "interval", "95 % interval|confidence interval|Wilson",
      "Another sample of test rows would have given another accuracy. The interval says how far "
      "away the true one may well be: 95 of 100 such intervals hold it. It is Wilson's, which is "
      "right for few errors, too; four times as many rows make it half as wide." },
    { "kind", "classical|deep",
      "deep: with a net as the model or inside its features; classical: all others." },
    { "layer", "layers|line",
      "A part of a net: a line indented below `net`. `conv`, `dense`, `lstm` have weights; "
      "`maxpool`, `dropout` have none. Line 0 is the last dense layer, which the net adds by "
      "itself." },
    { "libraries", "with|version",
      "The versions of what computed this: other versions or another processor may round "
      "otherwise." },
    { "log loss", "negative log likelihood|NLL|cross-entropy|cross entropy",
      "The mean of -log(p), p being the probability that the model gave to the true class. 0 is "
      "perfect; to be sure and wrong costs most." },
    { "logits", "logit",
      "A net's scores before they are made probabilities: their softmax is." },
    { "loss", "validation loss",
      "What training makes small: how far the scores are from the labels, on the training rows. "
      "If it grows from epoch to epoch the learning rate `lr` is too large." },
    { "macro F1", "mean F1",
      "The mean of the classes' F1, each class counting the same however many rows it has." },
    { "margins", "margin",
      "Scores that only say which class is first: not probabilities, and of no scale of their "
      "own. `calibrate` makes probabilities of them." },
    { "McNemar's test", "McNemar|McNemar's exact test|significance",
      "Whether one of two models is really better on the same rows. Only rows that one has right "
      "and the other wrong count; if both are equally good these should split evenly, as a coin "
      "falls. The p value is the chance of a split as uneven as this." },
    { "memory", "peak memory|peak",
      "The most memory that the process held at one time." },
    { "model", "models",
      "The last stage: it gives a row one score for each class, and the highest is its answer." },
    { "out of fold", "out-of-fold",
      "Said by a model that has not learned from this very row: see `mnistpipe help folds`." },
    { "p", "p value|p-value",
      "If there were no difference, how often would chance alone bring one as large as this? "
      "Below 5 % one calls it real, knowing that it is wrong once in twenty times." },
    { "parameters", "params|weights|weight",
      "Numbers that a model has learned. Also what follows a stage's name in a pipeline, `cell=4`; "
      "`mnistpipe help STAGE` lists those." },
    { "pipeline", "pipelines|pipeline file",
      "A text file that says what is done: data, then stages, one a line." },
    { "precision", "",
      "Of a class: of the rows that the model named so, the share that are. 1 means that its word "
      "can be trusted." },
    { "probabilities", "probability|softmax of a row",
      "Scores between 0 and 1 whose sum is 1. Whether they can be believed, `mnistpipe help "
      "calibration` tells." },
    { "recall", "missed|sensitivity",
      "Of a class: of the rows that are of it, the share that the model found." },
    { "reject curve", "reject",
      "The accuracy on the other rows if those of which the model is least sure are left to a "
      "person." },
    { "remark", "note|notes|remarks",
      "A fact that a stage found worth telling, such as how its solver ended. A warning, in "
      "contrast, says that something may be wrong." },
    { "report", "report.html|report.txt|report.json|written|look at",
      "What a run found, in its folder: report.html to look at, report.txt, report.json for "
      "programs. docs/report.md tells every part." },
    { "row", "rows", "One image with its label: a line of a CSV file." },
    { "run", "runs",
      "One execution of a pipeline by `mnistpipe run`. Its folder holds the report, the bundle "
      "and the predictions." },
    { "scores", "scores' kind",
      "What a model says of a row: one number a class, the highest wins. They are margins, logits "
      "or probabilities." },
    { "seconds", "read|predict|thread|threads",
      "Time by the clock on the wall: from the start of the program, and of it reading the data, "
      "learning, and predicting the test rows; a thread is one of the processor's cores at work. "
      "Seconds that are summed over threads say so." },
    { "seed", "random",
      "The number that all random choices come from: first weights, order of rows, distortions, "
      "which rows are held out. The same seed gives the same result; several seeds show how much "
      "is luck." },
    { "solver", "solved by|liblinear",
      "What finds the best weights of a linear model: `dense` is this program's own, for rows that "
      "are mostly not zeros, `liblinear` the library's, for the others. Both find the same "
      "optimum; the note says how many steps it took." },
    { "stage", "stages",
      "One line of a pipeline: a filter, a feature or a model. `mnistpipe list` shows all, "
      "`mnistpipe help NAME` explains one." },
    { "standard deviation", "deviation|mean",
      "How far values lie from their mean, typically. Between folds it shows how much the "
      "accuracy depends on which rows it is measured on." },
    { "standard error", "s.e.|one standard error",
      "How far a mean may be off by chance: the standard deviation divided by the root of how many "
      "values it is the mean of. Pipelines within one standard error of the best are as good as "
      "the best, as far as these rows tell." },
    { "stratified", "",
      "Drawn so that every class has the same share in each part." },
    { "submission", "",
      "The file that Kaggle expects: `ImageId,Label`. `mnistpipe predict --submission` writes "
      "it." },
    { "suspect", "suspects|doubt|looks like",
      "A row whose label a model of the other rows doubts: perhaps wrong in the file, perhaps "
      "only badly written. `mnistpipe inspect` lists them." },
    { "test", "test rows|test file",
      "Rows that nothing has learned from, to measure on." },
    { "top k", "top-k|top 2|top 3|top 5|among the first",
      "How often the right class is among the k highest scores, such as three suggestions that "
      "are shown to a person." },
    { "training rows", "training|training data",
      "The rows that the pipeline learns from, with their labels." },
    { "validation", "validation accuracy|validation_accuracy",
      "Training rows that a net does not learn from but is judged by after each epoch, to keep "
      "the best one's weights. The test rows stay unseen." },
    { "warning", "warnings",
      "Something in the data, the pipeline or the machine that may make the result less than it "
      "seems. The run goes on." },
    { NULL, NULL, NULL }
};

/* ----------------------------------------------------------------- finding */

static int folded(char letter)
{
    return letter == '-' || letter == '_' ? ' ' : tolower((unsigned char)letter);
}

/* Whether the n letters of `word` are those of `name`, as words are compared. */
static bool is_same(const char *word, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (name[i] == '\0' || folded(word[i]) != folded(name[i]))
            return false;
    return name[n] == '\0';
}

bool mp_word_is(const char *names, const char *name)
{
    for (const char *at = names;; at++) {
        const size_t n = strcspn(at, "|");
        if (n > 0 && is_same(at, n, name))
            return true;
        at += n;
        if (*at == '\0')
            return false;
    }
}

const struct mp_word *mp_word_find(const char *name)
{
    for (const struct mp_word *w = mp_glossary; w->name != NULL; w++)
        if (mp_word_is(w->name, name))
            return w;
    for (const struct mp_word *w = mp_glossary; w->name != NULL; w++)
        if (mp_word_is(w->also, name))
            return w;
    return NULL;
}

/* ---------------------------------------------------- words of other programs */

static const struct {
    const char *names, *here;
} elsewhere[] = {
    { "softmax|multinomial|maxent|softmax regression",
      "\"logistic\" is the nearest model; a net ends in a softmax by itself" },
    { "logreg|logistic regression|sgdclassifier", "it is \"logistic\"" },
    { "svc|linearsvc|linear svm|liblinear",
      "it is \"svm\"; with a Gaussian (RBF) or polynomial kernel it is \"rbf_svm\"" },
    { "rbf|gaussian kernel|kernel svm|poly|libsvm",
      "it is \"rbf_svm\"; \"fourier\" in front of a linear model is nearly that, and fast" },
    { "cnn|convnet|lenet|resnet", "it is a \"net\" with \"conv\" layers: pipelines/cnn.txt" },
    { "mlp|nn|dnn|ann|neural network|multilayer perceptron|sequential",
      "it is a \"net\" with \"dense\" layers: pipelines/mlp.txt" },
    { "rnn|gru", "it is a \"net\" with an \"lstm\" layer: pipelines/lstm.txt" },
    { "kneighbors|nearest neighbours|nearest neighbors|k nearest neighbours", "it is \"knn\"" },
    { "nearest centroid|nearestcentroid|nearest mean|prototype|template matching",
      "it is \"centroid\"" },
    { "random forest|randomforestclassifier|tree|decision tree|extra trees|extratreesclassifier",
      "it is \"forest\"" },
    { "xgboost|lightgbm|catboost|gbdt|gbm|boosting|gradient boosting|adaboost|stumps",
      "it is \"boost\"" },
    { "naive bayes|gaussiannb|multinomialnb|bernoullinb", "it is \"bayes\"" },
    { "qda|gaussian classifier|discriminant analysis", "it is \"quadratic\"" },
    { "linear discriminant analysis|lineardiscriminantanalysis|fisher", "it is \"lda\"" },
    { "linear regression|lstsq|least squares",
      "\"ridge\" is the model in closed form" },
    { "relu|sigmoid|tanh|gelu|leaky|elu|swish|activation",
      "an activation is a parameter of a layer: \"conv act=relu\"" },
    { "conv2d|convolution|conv1d", "the layer is \"conv\"" },
    { "maxpool2d|maxpooling2d|pooling|pool", "the layer is \"maxpool\" or \"avgpool\"" },
    { "fc|linear|fully connected|inner product", "the layer is \"dense\"" },
    { "batch norm|batchnorm2d|bn", "the layer is \"batchnorm\"" },
    { "scale|scaler|standard scaler|standardscaler|zscore|whiten", "it is \"standardize\"" },
    { "minmax|minmaxscaler|equalize|gamma", "it is \"contrast\"" },
    { "gaussian|gaussianblur|smooth", "it is \"blur\"" },
    { "dilate|erode|open|close|opening|closing|thicken", "it is \"morphology op=...\"" },
    { "sobel|laplace|gradient", "it is \"edge\"" },
    { "otsu|binarize", "it is \"threshold\"" },
    { "elastic|distort|randomaffine", "\"augment\" does so" },
    { "deslant|slant|straighten", "it is \"deskew\"" },
    { "ensemble|voting|average|bagging|mean", "it is \"vote\"" },
    { "stacking|blend|blending", "it is \"stack\"" },
    { "platt|temperature|isotonic", "it is \"calibrate\"" },
};

const char *mp_known_elsewhere(const char *name)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (mp_word_is(elsewhere[i].names, name))
            return elsewhere[i].here;
    return NULL;
}
