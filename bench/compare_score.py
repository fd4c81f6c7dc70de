"""posecu score against hotcoco and pycocotools: reading two files and printing ten numbers, in turns, in one run.

    python bench/compare_score.py --program build/cpu/bin/posecu [--rounds 7] [--folder FOLDER]

Needs `pip install hotcoco pycocotools`. Makes the files with score_set.py (5000 pictures, 9600 people, 24 000
detections) unless FOLDER holds them. posecu's time is that of the whole process, started and ended; the peers' is taken
inside of theirs, after their imports. All ten numbers must be the same to the last digit, or nothing is reported.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

PEER = """
import contextlib, io, json, sys, time
package, annotations, results = sys.argv[1:]
if package == "hotcoco":
    from hotcoco import COCO, COCOeval
else:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    begin = time.perf_counter()
    truth = COCO(annotations)
    evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    seconds = time.perf_counter() - begin
print("RESULT " + json.dumps([seconds, [float(value) for value in evaluation.stats]]))
"""


def run_peer(package, files):
    output = subprocess.run([sys.executable, "-c", PEER, package, *files], capture_output=True, text=True, check=True)
    return json.loads(output.stdout[output.stdout.index("RESULT ") + 7:])


def run_posecu(program, files):
    begin = time.perf_counter()
    output = subprocess.run([program, "score", *files, "--evaluator", "pycocotools", "--json"], capture_output=True,
                            text=True, check=True)
    seconds = time.perf_counter() - begin
    return seconds, [-1.0 if value is None else value for value in json.loads(output.stdout)["statistics"].values()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder")
    options = parser.parse_args()
    folder = options.folder or tempfile.mkdtemp(prefix="posecu_score_")
    files = [os.path.join(folder, name) for name in ("annotations.json", "results.json")]
    if not all(map(os.path.exists, files)):
        subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "score_set.py"), folder], check=True)

    times = {"posecu": [], "hotcoco": [], "pycocotools": []}
    for _ in range(options.rounds):
        rows = {"posecu": run_posecu(options.program, files), "hotcoco": run_peer("hotcoco", files),
                "pycocotools": run_peer("pycocotools", files)}
        if not rows["posecu"][1] == rows["hotcoco"][1] == rows["pycocotools"][1]:
            sys.exit(f"the numbers differ: {rows}")
        for name, (seconds, _) in rows.items():
            times[name].append(seconds)
    print(f"the same ten numbers, to the last digit: {rows['posecu'][1]}")
    for name, seconds in times.items():
        ratios = [other / own for other, own in zip(seconds, times["posecu"])]
        print(f"{name:12} median {statistics.median(seconds):7.3f} s, fastest {min(seconds):7.3f} s; "
              f"times posecu's, median {statistics.median(ratios):6.2f}, from {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
