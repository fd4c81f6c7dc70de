"""Writes sets.json: 200 small random sets with the ten numbers of pycocotools 2.0.11 and xtcocotools 1.14.3 for them.

    python tests/pose/score_sets/make_sets.py > tests/pose/score_sets/sets.json

Needs both packages. Everything that annotators and networks get wrong is frequent here: equal scores, people there
twice, a num_keypoints that is not the number of marked joints, areas and boxes of 0, joints at (0, 0), people without a
labelled joint, crowds, results without a found joint, more than 20 results of a picture, nobody to find.
"""
import contextlib
import io
import json
import random
import sys

import numpy

SIGMAS = [0.05, 0.1, 0.2]


def make_person(rng, identity, picture):
    x, y, size = rng.randrange(200), rng.randrange(200), rng.choice([0, 10, 40, 70, 120])
    keypoints = []
    for _ in SIGMAS:
        keypoints += rng.choice([[x + rng.randrange(size + 1), y + rng.randrange(size + 1), rng.choice([1, 2, 2])]] * 4 +
                                [[0, 0, 0], [0, 0, 2]])
    labelled = sum(visibility > 0 for visibility in keypoints[2::3])
    return {"id": identity, "image_id": picture, "category_id": 1, "bbox": [x, y, size, rng.choice([size, size, 0])],
            "area": rng.choice([size * size, size * size // 2, 0 if rng.random() < 0.2 else 900]),
            "iscrowd": int(rng.random() < 0.1), "keypoints": keypoints,
            "num_keypoints": rng.choice([labelled] * 5 + [0, 3])}


def make_result(rng, picture, people):
    keypoints = [rng.randrange(300) for _ in range(9)]
    if people and rng.random() < 0.8:
        noise = rng.choice([0, 1, 3, 8])
        keypoints = [value + rng.randint(-noise, noise) for value in rng.choice(people)["keypoints"]]
    keypoints[2::3] = [rng.choice([1, 1, 1, 0]) for _ in SIGMAS]
    return {"image_id": picture, "category_id": 1, "keypoints": keypoints, "score": rng.choice([1, 2, 3, 4, 5, 6, 7]) / 8,
            "bbox": [keypoints[0], keypoints[1], rng.choice([0, 20, 60, 150]), 60]}


def make_set(seed):
    rng = random.Random(seed)
    pictures = rng.sample(range(1, 100), rng.randint(1, 4))
    people = [make_person(rng, i + (seed % 10 != 0), rng.choice(pictures)) for i in range(rng.choice([0, 1, 2, 5, 8]))]
    results = []
    for picture in pictures:
        mine = [person for person in people if person["image_id"] == picture]
        count = 24 if seed % 25 == 7 and picture == pictures[0] else rng.choice([0, 1, 2, 4, 6])
        results += [make_result(rng, picture, mine) for _ in range(count)]
    rng.shuffle(results)
    truth = {"images": [{"id": i, "file_name": "a", "width": 300, "height": 300} for i in pictures],
             "annotations": people, "categories": [{"id": 1, "name": "person"}]}
    return truth, results


def score(package, truth, results):
    if package == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    else:
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        annotations = COCO()
        annotations.dataset = json.loads(json.dumps(truth))
        annotations.createIndex()
        found = annotations.loadRes(json.loads(json.dumps(results)))
        sigmas = numpy.array(SIGMAS)
        if package == "pycocotools":
            evaluation = COCOeval(annotations, found, "keypoints")
            evaluation.params.kpt_oks_sigmas = sigmas
        else:
            evaluation = COCOeval(annotations, found, "keypoints", sigmas)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]


def main():
    sets = []
    for seed in range(10**6):
        truth, results = make_set(seed)
        if not results:  # pycocotools cannot read an empty list
            continue
        sets.append({"truth": truth, "results": results} |
                    {package: score(package, truth, results) for package in ("pycocotools", "xtcocotools")})
        if len(sets) == 200:
            break
    json.dump({"sigmas": SIGMAS, "sets": sets}, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
