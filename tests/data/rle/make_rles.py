"""Writes rles.txt: masks with the run lengths that pycocotools 2.0.11 gives them; needs pycocotools and NumPy.

    python tests/data/rle/make_rles.py > tests/data/rle/rles.txt

A line: height, width, compressed counts, the mask row by row in hexadecimal digits of four pixels each.
"""
import numpy
from pycocotools import mask as tool

rng = numpy.random.default_rng(8)
for i in range(500):
    height, width = (int(rng.integers(1, limit)) for limit in ((12, 12) if i < 450 else (40, 30)))
    density = rng.choice([0, 0.05, 0.3, 0.5, 0.9, 1])
    mask = (rng.random((height, width)) < density).astype(numpy.uint8)
    if i % 3 == 0:  # runs longer than a column, as crowds have them
        mask[:, int(rng.integers(0, width)):] = int(rng.integers(0, 2))
    counts = tool.encode(numpy.asfortranarray(mask))["counts"].decode()
    bits = numpy.concatenate([mask.ravel(), numpy.zeros(-mask.size % 4, numpy.uint8)])
    print(height, width, counts, "".join("%x" % int("".join(map(str, four)), 2) for four in bits.reshape(-1, 4)))
