#!/usr/bin/env python3
"""The official post-processing of Coupled Embedding (ECCV 2022), written anew: the peer that posecu's decoder is
measured against. Tensor operations stand where the official code has them (interpolate, max_pool2d, topk, gather,
argmax), Python loops where it loops over people and joints; munkres 1.1.4 assigns.

    official_decode.py --check DIR            compares with every golden case under DIR (tests/goldens/mini/decode)
    official_decode.py --time MAPS.safetensors [--rounds N]
                                              prints the milliseconds of N decodings, one a line
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from munkres import Munkres

from decode_maps import formula_maps, read_safetensors


def resize_to_base(heatmaps, embeddings, base_wh):
    """[N,K,h,w] and [N,K,h,w,M] to [N,K,H,W] and [N,K,H,W,M]."""
    width, height = base_wh
    return (
        F.interpolate(heatmaps, size=(height, width), mode="bilinear", align_corners=False),
        F.interpolate(embeddings, size=(height, width, embeddings.shape[-1]), mode="trilinear", align_corners=False),
    )


def merge_flip(heatmaps, embeddings, flip_index):
    mirrored_heatmaps = torch.flip(heatmaps[1:], [3])[:, flip_index]
    mirrored_embeddings = torch.flip(embeddings[1:], [3])[:, flip_index]
    return (heatmaps[:1] + mirrored_heatmaps) / 2, torch.cat([embeddings[:1], mirrored_embeddings], dim=4)


def aggregate(sources, options):
    """-> heatmaps [K,H,W] averaged over flip and sources, embeddings [K,H,W,T] of the first source."""
    total, first_embeddings = 0, None
    for heatmaps, embeddings in sources:
        heatmaps, embeddings = resize_to_base(heatmaps, embeddings, options["base_size"])
        if options["with_flip"]:
            heatmaps, embeddings = merge_flip(heatmaps, embeddings, options["flip_index"])
        total = total + heatmaps
        if first_embeddings is None:
            first_embeddings = embeddings
    return (total / len(sources)).squeeze(0), first_embeddings.squeeze(0)


def suppress(heatmaps, kernel):
    highest = F.max_pool2d(heatmaps[None], kernel_size=kernel, stride=1, padding=kernel // 2)[0]
    return heatmaps * torch.eq(heatmaps, highest)


def top_candidates(suppressed, embeddings, n):
    """-> values [K,n], places [K,n,2] (x, y), embeddings [K,n,T]."""
    keypoints, height, width = suppressed.shape
    values, index = suppressed.view(keypoints, -1).topk(n, dim=1)
    flat = embeddings.view(keypoints, height * width, -1)
    tags = torch.stack([torch.gather(flat[..., t], 1, index) for t in range(flat.shape[2])], dim=2)
    return values, torch.stack((index % width, index // width), dim=2), tags


def assign(distance, values, tag_threshold):
    """Pairs (candidate, person) in the candidates' order; a person's number beyond the last means: nobody."""
    cost = torch.round(distance / tag_threshold)
    far = cost > 1
    cost[far] = 1e5
    cost[~far] -= values[:, None].expand_as(cost)[~far]
    matrix = cost.numpy()
    candidates, people = matrix.shape
    if candidates > people:
        filler = np.full((candidates, candidates - people), 1e5, dtype=np.float32)
        matrix = np.concatenate([matrix, filler], axis=1)
    return Munkres().compute(matrix.copy())


def group(values, places, tags, options):
    """-> a list of people, each [K,3+T]: x, y, value, embedding; zeros where a joint is missing."""
    people, person_tags = [], []
    keypoints = len(options["inference_channel"])

    def found(joint_type, joint):
        person = torch.zeros(keypoints, joint.shape[0])
        person[joint_type] = joint
        people.append(person)
        person_tags.append(joint[3:])

    for k in options["inference_channel"]:
        good = values[k] > options["val_th"]
        if good.sum() == 0:
            continue
        joints = torch.cat((places[k][good], values[k][good][:, None], tags[k][good]), dim=1)
        if not people:
            for joint in joints:
                found(k, joint)
            continue
        known = torch.stack(person_tags, dim=0)
        distance = torch.norm(joints[:, None, 3:] - known[None], p=2, dim=2)
        for row, column in assign(distance, joints[:, 2], options["tag_th"]):
            if column < known.shape[0] and distance[row, column] <= options["tag_th"]:
                person = people[column]
                person[k] = joints[row]
                person_tags[column] = person[person[:, 2] > 0][:, 3:].mean(dim=0)
            else:
                found(k, joints[row])
    return people


def quarter(channel, y, x):
    """A quarter of a pixel toward the higher neighbour: (dx, dy)."""
    height, width = channel.shape
    right = channel[y, min(width - 1, x + 1)] > channel[y, max(0, x - 1)]
    down = channel[min(height - 1, y + 1), x] > channel[max(0, y - 1), x]
    return (0.25 if right else -0.25), (0.25 if down else -0.25)


def adjust(people, heatmaps):
    for person in people:
        for k, joint in enumerate(person):
            if joint[2] > 0:
                x, y = int(joint[0]), int(joint[1])
                dx, dy = quarter(heatmaps[k], y, x)
                joint[0] = x + dx + 0.5
                joint[1] = y + dy + 0.5


def refine(person, heatmaps, embeddings):
    present = person[:, 2] > 0
    mean = person[present][:, 3:].mean(dim=0)
    for k in torch.where(~present)[0].tolist():
        distance = torch.norm(embeddings[k] - mean[None, None], p=2, dim=2)
        best = int(torch.argmax(heatmaps[k] - torch.round(distance)))
        y, x = divmod(best, heatmaps.shape[2])
        dx, dy = quarter(heatmaps[k], y, x)
        person[k, :3] = torch.tensor([x + 0.5 + dx, y + 0.5 + dy, heatmaps[k, y, x].item()])


def to_picture(person, options):
    result = np.zeros((person.shape[0], 3))
    result[:, 2] = person[:, 2].numpy()
    base = np.array(options["base_size"], dtype=np.float64)
    step = np.array(options["scale"]) * 200 / base
    for k in range(person.shape[0]):
        if result[k, 2] > 0:
            result[k, :2] = (person[k, :2].numpy().astype(np.float64) - base / 2) * step + np.array(options["center"])
    return result


def decode(sources, options):
    """Everything after the network. Returns what the golden cases hold."""
    heatmaps, embeddings = aggregate(sources, options)
    suppressed = suppress(heatmaps, options["nms_kernel_size"])
    values, places, tags = top_candidates(suppressed, embeddings, options["max_num_people"])
    people = group(values, places, tags, options)
    stages = {"grouped": [p.clone() for p in people]} if options.get("keep_stages") else {}
    adjust(people, heatmaps)
    if options.get("keep_stages"):
        stages["adjusted"] = [p[:, :3].clone() for p in people]
    scores = [p[:, 2].mean().item() for p in people]
    if options["with_refine"]:
        for person in people:
            refine(person, heatmaps, embeddings)
    stages["refined"] = [p[:, :3] for p in people]
    final = [to_picture(p, options) for p in people]
    return final, scores, {**stages, "values": values, "places": places, "tags": tags}


def load_case(folder):
    case = json.loads((folder / "case.json").read_text())
    case["keep_stages"] = True
    stored = folder / "maps.safetensors"
    if stored.exists():
        maps = read_safetensors(stored)
        sources = [(maps[f"hms{s}"], maps[f"tms{s}"]) for s in range(len(case["maps"]))]
    else:
        sources = [formula_maps(case, s) for s in range(len(case["maps"]))]
    return case, [(torch.from_numpy(h), torch.from_numpy(t)) for h, t in sources]


def check_case(folder):
    """-> what is wrong, as a list of sentences."""
    case, sources = load_case(folder)
    if folder.name == "plateau_unspecified":
        return []
    expected = read_safetensors(folder / "expected.safetensors")
    final, scores, stages = decode(sources, case)
    problems = []
    for k, n in enumerate(expected["cand_count"]):
        good = stages["values"][k] > case["val_th"]
        if int(good.sum()) != n:
            problems.append(f"joint {k}: {int(good.sum())} candidates, expected {n}")
    order = range(len(final))
    if len(final) != len(expected["scores"]):
        return problems + [f"{len(final)} people, expected {len(expected['scores'])}"]
    if case["instance_order_unspecified"]:
        cost = lambda p, q: np.abs(final[p] - expected["final.f64"][q]).max()
        order = [min(range(len(final)), key=lambda p: cost(p, q)) for q in range(len(final))]
    for name, tolerance in (("grouped", 1e-5), ("adjusted", 1e-3), ("refined", 1e-3)):
        for q, p in enumerate(order):
            error = np.abs(stages[name][p].numpy() - expected[name][q]).max()
            if error > tolerance:
                problems.append(f"{name}: person {q} is off by {error}")
    for q, p in enumerate(order):
        if np.abs(final[p] - expected["final.f64"][q]).max() > 1e-3:
            problems.append(f"final: person {q} is off by {np.abs(final[p] - expected['final.f64'][q]).max()}")
        if abs(scores[p] - expected["scores"][q]) > 1e-6:
            problems.append(f"score of person {q}: {scores[p]}, expected {expected['scores'][q]}")
    return problems


def check(folder):
    cases = sorted(p for p in Path(folder).iterdir() if p.is_dir())
    failed = 0
    for case in cases:
        problems = check_case(case)
        failed += bool(problems)
        for problem in problems:
            print(f"{case.name}: {problem}")
    print(f"{len(cases) - failed} of {len(cases)} decode cases pass")
    return 0 if cases and not failed else 1


def time_decoding(path, rounds):
    maps = read_safetensors(path)
    options = json.loads(bytes(maps["options"]).decode())
    sources = [(torch.from_numpy(maps["heatmaps"]), torch.from_numpy(maps["embeddings"]))]
    for _ in range(rounds):
        start = time.perf_counter()
        people, _, _ = decode(sources, options)
        print(f"{(time.perf_counter() - start) * 1e3:.3f} {len(people)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="DIR")
    parser.add_argument("--time", metavar="MAPS")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        if arguments.check:
            return check(arguments.check)
        if arguments.time:
            time_decoding(arguments.time, arguments.rounds)
            return 0
    parser.error("--check or --time")


if __name__ == "__main__":
    sys.exit(main())
