"""Operators that are no work for a MAC array: they search, sort, count, draw or address single elements by data.

Source: docs/conventions.md lists what may be left to the host, and so does this file, with the reason of each.
"""

from onnx2zz.ops.registry import runs_on_host

runs_on_host("NonMaxSuppression", how="host: a search whose result's size depends on data")
runs_on_host("TopK", how="host: a partial sort")
runs_on_host("NonZero", "Unique", "Compress", how="host: how much is kept depends on data")
runs_on_host("ArgMax", "ArgMin", how="host: a search for positions")
runs_on_host("CumSum", "CumProd", how="host: each element waits for the one before it")
runs_on_host("OneHot", how="host: indices become positions")
runs_on_host("ReverseSequence", how="host: lengths given by data")
runs_on_host("ScatterND", "ScatterElements", "Scatter", how="host: single elements written where data says")
runs_on_host("GatherND", "GatherElements", how="host: single elements read where data says")
runs_on_host("MaxUnpool", how="host: single elements written where an earlier pool found them")
runs_on_host("GridSample", "com.microsoft.GridSample", how="host: sampled where data says")
runs_on_host("Det", "com.microsoft.Inverse", how="host: a factorisation")
runs_on_host("RoiAlign", "MaxRoiPool", "com.microsoft.CropAndResize", how="host: regions given by data")
runs_on_host("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", how="host: random numbers")
runs_on_host("Multinomial", "Bernoulli", how="host: random numbers")

# Folded wherever their shape is known, which is nearly always; what is left has a shape that only a run can tell.
runs_on_host("Constant", "ConstantOfShape", "EyeLike", "Range", how="folded; host where its shape depends on data")
runs_on_host("Shape", "Size", how="folded; host where the shape depends on data")
runs_on_host("HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix", how="folded; host where data sizes it")

# A network that is trained is not the network that is priced.
runs_on_host(
    *(f"ai.onnx.preview.training.{name}" for name in ("Adagrad", "Adam", "Gradient", "Momentum")),
    how="host: a step of an optimiser",
)

# Classical machine learning: decisions and look-ups. What of it is arithmetic is below.
TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")
FEATURES = (
    *("ArrayFeatureExtractor", "Binarizer", "CastMap", "CategoryMapper", "DictVectorizer", "FeatureVectorizer"),
    *("Imputer", "LabelEncoder", "OneHotEncoder", "ZipMap"),
)
runs_on_host(*(f"ai.onnx.ml.{name}" for name in TREES), how="host: decision trees")
runs_on_host(*(f"ai.onnx.ml.{name}" for name in FEATURES), how="host: features looked up and put together")

# Products and element-wise layers (frontend/classical_models.py) but for kernels and transforms that are none.
LINEAR = ("LinearClassifier", "LinearRegressor", "Normalizer", "SVMClassifier", "SVMRegressor", "Scaler")
runs_on_host(*(f"ai.onnx.ml.{name}" for name in LINEAR), how="products and element-wise layers; else host")

# Text has no arithmetic.
runs_on_host("StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch", "TfIdfVectorizer", how="host: text")
runs_on_host("ImageDecoder", how="host: a compressed image")
