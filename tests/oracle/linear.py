#!/usr/bin/python3
"""Frozen numbers for svm and logistic.

The optimum of the squared hinge and of the logistic loss is unique, so it is found
here by another method than liblinear's: SciPy's L-BFGS on the objective itself,
in double precision.  The other losses come from scikit-learn, which carries its
own copy of liblinear.  The constant feature is regularised, as liblinear has it."""
import gzip
import os
import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize
from sklearn.svm import LinearSVC
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))
FIT, FIRST, ROWS = 300, 400, 12


def sample():
    with gzip.open(os.path.join(HERE, "../../data/train.csv.gz"), "rt") as f:
        a = np.loadtxt(f, delimiter=",", skiprows=1, max_rows=FIRST + ROWS)
    return a[:, 0].astype(int), (a[:, 1:] / 255).astype(np.float32).astype(float)


def squared_hinge(margin):
    slack = np.maximum(0, 1 - margin)
    return (slack ** 2).sum(), -2 * slack


def logistic(margin):
    return np.logaddexp(0, -margin).sum(), -1 / (1 + np.exp(margin))


def optimum(x, y, c, loss):
    def objective(w):
        margin = y * (x @ w)
        value, slope = loss(margin)
        return 0.5 * w @ w + (c * value).sum(), w + x.T @ (c * slope * y)
    found = minimize(objective, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B",
                     options={"maxiter": 20000, "maxfun": 40000, "ftol": 0, "gtol": 1e-9})
    return found.x


def weighted(y, label, factor):
    """liblinear: the factor counts for the class itself, not where it is the rest."""
    return np.where(y == label, factor.get(label, 1.0), 1.0)


def by_lbfgs(loss, c, bias=1.0, factor=None):
    x1 = np.hstack([x[:FIT], np.full((FIT, 1), bias)])
    t1 = np.hstack([x[FIRST:], np.full((ROWS, 1), bias)])
    def one(label):
        truth = np.where(y[:FIT] == label, 1.0, -1.0)
        cost = c * weighted(y[:FIT], label, factor or {})
        def weighted_loss(margin):
            slack = np.maximum(0, 1 - margin)
            if loss is squared_hinge:
                return (cost * slack ** 2).sum() / 1.0, -2 * cost * slack
            return (cost * np.logaddexp(0, -margin)).sum(), -cost / (1 + np.exp(margin))
        return optimum(x1, truth, 1.0, weighted_loss)
    return t1 @ np.array([one(k) for k in range(10)]).T


def by_sklearn(model):
    return model.fit(x[:FIT], y[:FIT]).decision_function(x[FIRST:])


def case(out, line, near, scores):
    out.write(f"\ncase {line}\nfit {FIT}\nrows {FIRST} {ROWS}\nnear {near}\nshape 1 10 1\n")
    for row in scores:
        out.write(" ".join(f"{v:.7g}" for v in row) + "\n")


y, x = sample()
head = (f"# written by linear.py: numpy {np.__version__}, SciPy {scipy.__version__}, "
        f"scikit-learn {sklearn.__version__}\n")
with open(os.path.join(HERE, "svm.txt"), "w") as out:
    out.write(head)
    exact = by_lbfgs(squared_hinge, 0.1)
    case(out, "svm C=0.1 solver=l2loss_primal tolerance=1e-7", 1e-4, exact)
    case(out, "svm C=0.1 solver=l2loss_dual tolerance=1e-7", 1e-4, exact)
    case(out, "svm C=0.1 bias=2 weights=3:5,8:0.2 solver=l2loss_primal tolerance=1e-7", 1e-4,
         by_lbfgs(squared_hinge, 0.1, 2.0, {3: 5.0, 8: 0.2}))
    case(out, "svm C=0.1 solver=l1loss_dual tolerance=1e-6", 2e-3,
         by_sklearn(LinearSVC(C=0.1, loss="hinge", tol=1e-7, max_iter=1000000, random_state=0)))
    case(out, "svm C=0.1 solver=crammer_singer tolerance=1e-6", 2e-3,
         by_sklearn(LinearSVC(C=0.1, multi_class="crammer_singer", tol=1e-7, max_iter=1000000,
                              random_state=0)))
    case(out, "svm C=0.1 solver=l1reg tolerance=1e-6", 2e-3,
         by_sklearn(LinearSVC(C=0.1, penalty="l1", dual=False, tol=1e-7, max_iter=1000000,
                              random_state=0)))
with open(os.path.join(HERE, "logistic.txt"), "w") as out:
    out.write(head)
    exact = by_lbfgs(logistic, 0.5)
    case(out, "logistic C=0.5 tolerance=1e-7", 1e-4, exact)
    case(out, "logistic C=0.5 solver=dual tolerance=1e-7", 1e-4, exact)
    case(out, "logistic C=0.5 solver=l1reg tolerance=1e-6", 2e-3,
         by_sklearn(LogisticRegression(C=0.5, penalty="l1", solver="liblinear", tol=1e-7,
                                       max_iter=1000000, random_state=0)))
