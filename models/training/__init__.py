"""How the refiner's weights are made: scenes -> dataset -> training -> ONNX -> report. `make train-refiner`.

Nothing of the box imports this; it alone may import PyTorch (the extra `train`), and it stands above the
pipelines, because it trains on what their very code makes of a picture.
"""
