"""`onnx2zz validate`: published figures of chips and of other models beside ours, as cases anyone can run again."""
