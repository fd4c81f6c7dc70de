"""A keypoint data set of val2017's size and a results file for it, made from a seed; for compare_score.py.

    python bench/score_set.py FOLDER [--pictures 5000] [--people 9600] [--detections 24000] [--seed 1]

Writes FOLDER/annotations.json (fields, order and polygons as COCO's file has them) and FOLDER/results.json (numbers as
the official code writes them: float32 values in full). Needs nothing but Python.
"""
import argparse
import json
import os
import random
import struct

NAMES = ["nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
         "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
         "right_ankle"]


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def make_person(rng, picture, identity):
    width = rng.uniform(12, 300)
    height = min(width * rng.uniform(1.2, 3), 460)
    x, y = rng.uniform(0, 640 - width), rng.uniform(0, 480 - height)
    keypoints, labelled = [], 0
    nobody = rng.random() < 0.3
    for _ in NAMES:
        if nobody or rng.random() < 0.35:
            keypoints += [0, 0, 0]
            continue
        keypoints += [int(rng.uniform(x, x + width)), int(rng.uniform(y, y + height)), rng.choice([1, 2, 2])]
        labelled += 1
    outline = [round(value, 2) for _ in range(rng.randint(8, 60))
               for value in (rng.uniform(x, x + width), rng.uniform(y, y + height))]
    crowd = rng.random() < 0.02
    mask = {"counts": [rng.randint(1, 400) for _ in range(300)], "size": [480, 640]} if crowd else [outline]
    if crowd:
        mask["counts"][0] += 480 * 640 - sum(mask["counts"])
    return {"segmentation": mask, "num_keypoints": labelled, "area": round(width * height * rng.uniform(0.3, 0.7), 4),
            "iscrowd": int(crowd), "keypoints": keypoints, "image_id": picture,
            "bbox": [round(v, 2) for v in (x, y, width, height)], "category_id": 1, "id": identity}


def make_picture(rng, identity):
    name = f"{identity:012}.jpg"
    return {"license": rng.randint(1, 8), "file_name": name, "coco_url": "http://images.cocodataset.org/val2017/" + name,
            "height": 480, "width": 640, "date_captured": "2013-11-14 17:02:52",
            "flickr_url": f"http://farm7.staticflickr.com/6116/{rng.randint(10**9, 10**10)}_02adda65d0_z.jpg",
            "id": identity}


def make_detection(rng, picture, person):
    """A copy of a person with noise, or somebody who is not there."""
    keypoints = []
    noise = rng.choice([1, 3, 6, 12, 40])
    x0, y0, width, height = person["bbox"] if person else (rng.uniform(0, 500), rng.uniform(0, 300), 120, 160)
    for k in range(len(NAMES)):
        x, y = rng.uniform(x0, x0 + width), rng.uniform(y0, y0 + height)
        if person and person["keypoints"][3 * k + 2] > 0:
            x, y = (person["keypoints"][3 * k + i] + rng.gauss(0, noise) for i in (0, 1))
        keypoints += [float32(x), float32(y), float32(rng.random())]
    xs, ys = keypoints[0::3], keypoints[1::3]
    return {"image_id": picture, "category_id": 1, "keypoints": keypoints, "score": float32(rng.random()),
            "bbox": [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]}


def make_set(pictures, people, detections, seed):
    rng = random.Random(seed)
    images = [make_picture(rng, identity) for identity in sorted(rng.sample(range(1, 600_000), pictures))]
    # Half of the pictures have people, as in val2017.
    with_people = rng.sample(images, max(1, pictures // 2))
    annotations = [make_person(rng, rng.choice(with_people)["id"], 100_000 + i) for i in range(people)]
    results = []
    for _ in range(detections):
        person = rng.choice(annotations) if rng.random() < 0.6 else None
        results.append(make_detection(rng, person["image_id"] if person else rng.choice(with_people)["id"], person))
    category = {"supercategory": "person", "id": 1, "name": "person", "keypoints": NAMES, "skeleton": [[16, 14]]}
    return {"info": {"year": 2017}, "licenses": [], "images": images, "annotations": annotations,
            "categories": [category]}, results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--people", type=int, default=9600)
    parser.add_argument("--detections", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    annotations, results = make_set(options.pictures, options.people, options.detections, options.seed)
    os.makedirs(options.folder, exist_ok=True)
    for name, content in (("annotations", annotations), ("results", results)):
        with open(os.path.join(options.folder, name + ".json"), "w", encoding="utf-8") as file:
            json.dump(content, file)


if __name__ == "__main__":
    main()
