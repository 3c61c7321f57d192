# SPDX-License-Identifier: GPL-3.0-or-later
"""serve:app, for uvicorn - what bench/serve.py has mnistpipe beside: FastAPI and scikit-learn.

MODEL in the environment is a linear model in liblinear's form; its weights become those of a
LinearSVC.  /bytes takes a body of 784 bytes an image, /json {"images": [[784 values], ...]} read
by orjson or json into an array, /model the same through pydantic, as FastAPI's manual has it.  All
answer what mnistpipe does: class, second choice and the scores by class."""
import json
import os
from typing import List

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sklearn.svm import LinearSVC


def load(path):
    with open(path) as f:
        text = f.read()
    head, weights = text.split("\nw\n")
    facts = dict(line.split(" ", 1) for line in head.split("\n"))
    w = np.array(weights.split(), float).reshape(-1, int(facts["nr_class"]))
    features, bias = int(facts["nr_feature"]), float(facts["bias"])
    model = LinearSVC()
    model.classes_ = np.array([int(v) for v in facts["label"].split()])
    model.coef_ = w[:features].T.copy()
    model.intercept_ = w[features] * bias if bias >= 0 else np.zeros(len(model.classes_))
    model.n_features_in_ = features
    order = np.argsort(model.classes_)
    model.classes_, model.coef_ = model.classes_[order], model.coef_[order]
    model.intercept_ = model.intercept_[order]
    return model


class Images(BaseModel):
    images: List[List[float]]


app = FastAPI()
model = load(os.environ["MODEL"])
names = [str(k) for k in model.classes_]


def predict(x):
    scores = model.decision_function(x / 255)
    best = np.argsort(-scores, axis=1)[:, :2].tolist()
    return {"bundle": "peer", "images": len(x), "predictions": [
        {"class": names[i], "second": names[j], "scores": dict(zip(names, row)), "remarks": []}
        for (i, j), row in zip(best, scores.tolist())], "remarks": []}


@app.post("/bytes")
async def take_bytes(request: Request):
    body = await request.body()
    return JSONResponse(predict(np.frombuffer(body, np.uint8).reshape(-1, 784)))


@app.post("/json")
async def take_json(request: Request):
    body = await request.body()
    return JSONResponse(predict(np.array(json.loads(body)["images"], float)))


@app.post("/model")
def take_model(images: Images):
    return predict(np.array(images.images))
