#!/usr/bin/env python3
"""posecu's decoding against the official post-processing (official_decode.py), on the same maps in one run: the two
sides take turns, each on 2 threads; medians. Maps: base 704x512, K = 17, M = 8, flip, 5 and 13 people.

    compare_decode.py build/cpu/bin/decode_bench [--rounds 7]
"""
import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from decode_maps import formula_maps, write_safetensors
from official_decode import decode

FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
ORDER = [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16]
# A standing person, in parts of its height around its centre: x, y of each COCO keypoint.
BODY = np.array([
    [0, -.42], [.02, -.45], [-.02, -.45], [.05, -.43], [-.05, -.43], [.12, -.3], [-.12, -.3], [.17, -.12], [-.17, -.12],
    [.19, .03], [-.19, .03], [.08, .02], [-.08, .02], [.09, .25], [-.09, .25], [.1, .47], [-.1, .47]])


def drawn_case(count, missing=0.2):
    """People of several heights; a share of the keypoints shows nothing and is left to refinement."""
    draw = np.random.default_rng(count)
    people = []
    for _ in range(count):
        height = draw.uniform(100, 300)
        centre = draw.uniform([60, 120], [644, 392])
        joints = centre + BODY * height + draw.normal(0, 0.02 * height, (17, 2))
        shown = np.where(draw.random(17) < missing, 0, draw.uniform(0.3, 0.95, 17))
        people.append({
            "joints": np.concatenate([joints, shown[:, None]], axis=1).tolist(),
            "tag": draw.normal(0, 1, 8).tolist(),
        })
    return {
        "K": 17, "M": 8, "base_size": [704, 512], "with_flip": True, "flip_index": FLIP, "inference_channel": ORDER,
        "maps": [{"factor": 1, "heatmap_wh": [352, 256], "tag_wh": [176, 128]}], "people": people,
        "max_num_people": 30, "nms_kernel_size": 5, "val_th": 0.1, "tag_th": 1.0, "with_refine": True,
        "noise": 0.02, "offset": 0.0, "tag_noise": 0.05, "spread": 9.0,
        "flip_gain": 0.97, "flip_tag_mul": 0.9, "flip_tag_add": 0.05, "salt": f"bench{count}",
        "center": [352, 256], "scale": [3.52, 2.56],
    }


def write_maps(path, case, heatmaps, embeddings):
    sides, keypoints, height, width, dims = embeddings.shape
    write_safetensors(path, {
        "heatmaps": np.ascontiguousarray(heatmaps.transpose(0, 2, 3, 1)),
        "embeddings": np.ascontiguousarray(embeddings.transpose(0, 2, 3, 1, 4)).reshape(
            sides, height, width, keypoints * dims),
        "base": np.array(case["base_size"], dtype=np.int32),
    })


def compare(bench, count, rounds, threads):
    case = drawn_case(count)
    heatmaps, embeddings = formula_maps(case, 0)
    source = [(torch.from_numpy(heatmaps), torch.from_numpy(embeddings))]
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maps.safetensors"
        write_maps(path, case, heatmaps, embeddings)
        child = subprocess.Popen([bench, path, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(rounds + 1):  # the first warms both up
            start = time.perf_counter()
            _, scores, _ = decode(source, case)
            theirs.append((time.perf_counter() - start) * 1e3)
            child.stdin.write("\n")
            child.stdin.flush()
            elapsed, people, score = child.stdout.readline().split()
            ours.append(float(elapsed))
            if int(people) != len(scores) or abs(float(score) - sum(scores)) > 1e-4:
                raise SystemExit(f"not the same people: {people}, {score}; official {len(scores)}, {sum(scores)}")
        child.stdin.close()
        child.wait()
    official, posecu = statistics.median(theirs[1:]), statistics.median(ours[1:])
    print(f"{count:2d} people drawn, {people} found: official {official:8.1f} ms (fastest {min(theirs[1:]):.1f})   "
          f"posecu {posecu:6.2f} ms (fastest {min(ours[1:]):.2f})   {official / posecu:.0f}x")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="the decode_bench program")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        for count in (5, 13):
            compare(arguments.bench, count, arguments.rounds, arguments.threads)


if __name__ == "__main__":
    main()
