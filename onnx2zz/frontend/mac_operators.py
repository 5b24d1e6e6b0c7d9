"""The operators that carry multiply-accumulates.

They never fold by a bound value, and are never left to the host in silence.
"""

ONNX = (
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "DeformConv",
    "QLinearConv",
    "Gemm",
    "MatMul",
    "MatMulInteger",
    "QLinearMatMul",
    "Einsum",
    "Attention",
    "LSTM",
    "GRU",
    "RNN",
)
ONNX_RUNTIME = (
    "Attention",
    "DecoderMaskedMultiHeadAttention",
    "DynamicQuantizeLSTM",
    "DynamicQuantizeMatMul",
    "FusedConv",
    "FusedGemm",
    "FusedMatMul",
    "GemmFastGelu",
    "GroupQueryAttention",
    "MatMulIntegerToFloat",
    "MatMulNBits",
    "MultiHeadAttention",
    "NhwcConv",
    "QAttention",
    "QGemm",
    "QLinearConv",
    "TransposeMatMul",
)
MAC_OPERATORS = frozenset(ONNX) | frozenset(f"com.microsoft.{name}" for name in ONNX_RUNTIME)
