"""Networks: tensors in, tensors out. Knows no frames, clocks or sockets."""
