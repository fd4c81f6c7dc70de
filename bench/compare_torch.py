"""posecu against PyTorch on this machine: training step, inference and losses, both sides in one run.

    compare_torch.py --posecu build/cpu/bin/posecu                       on the CPU, fp32
    compare_torch.py --posecu build/cuda/bin/posecu --device cuda        on a GPU, bf16 against AMP

Each round times one side after the other, each warm in its own process; the order turns from round to round. Printed are
the medians of the rounds' medians, their range, and the ratio of posecu to each peer. Peers: PyTorch eager,
channels-last, fused Adam, losses without loops; on a GPU with autocast, and the same compiled; for the losses also the
official way, a loop over people. A peer for which --budget leaves no time is named and left out.
"""
import argparse
import os
import statistics
import subprocess
import time

import numpy as np
import torch

from torch_network import HigherHRNet, HRNet, Losses, LoopLosses, load_golden_weights, make_batch

KEYPOINTS, DIMS = 17, 8


def work(what, head, width, size, batch, blocks=4, modules=(1, 4, 3)):
    return dict(what=what, head=head, width=width, size=size, batch=batch, blocks=blocks, modules=modules)


WORKS = {
    "cpu": [work("inference", "higherhrnet", 32, 512, 1),
            work("step", "higherhrnet", 16, 384, 3, blocks=2, modules=(1, 1, 1))],
    "cuda": [work("step", "hrnet", 32, 512, 16), work("inference", "hrnet", 32, 512, 1),
             work("losses", "higherhrnet", 32, 512, 16),
             work("inference", "higherhrnet", 32, 512, 1), work("step", "higherhrnet", 32, 512, 16)],
}


def describe(w):
    name = "HRNet" if w["head"] == "hrnet" else "HigherHRNet"
    return f"{name}-W{w['width']}, blocks {w['blocks']}, modules {w['modules']}, {w['size']}x{w['size']}, batch {w['batch']}"


class Posecu:
    """posecu bench --serve: a line "N" on standard input, N times in ms and the bytes of its tensors on standard output."""

    def __init__(self, w, arguments):
        command = [arguments.posecu, "bench", f"model.head={w['head']}", f"model.width={w['width']}",
                   f"model.blocks={w['blocks']}", f"model.modules={list(w['modules'])}".replace(" ", ""),
                   f"model.embedding_dim={DIMS}", f"train.input_size={w['size']}", f"train.batch={w['batch']}",
                   f"--batch={w['batch']}", "--serve", f"--only={w['what']}", f"train.precision={arguments.precision}",
                   f"--device={arguments.device}", f"--threads={arguments.threads}", "--quiet"]
        environment = dict(os.environ)
        if arguments.library_path:
            environment["LD_LIBRARY_PATH"] = arguments.library_path
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.memory = 0

    def times(self, repeats):
        self.process.stdin.write(f"{repeats}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        if len(line) != repeats + 1:
            raise RuntimeError("posecu bench ended; its message stands above")
        self.memory = int(line[-1])
        return [float(x) for x in line[:-1]]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Torch:
    def __init__(self, w, arguments, kind):
        self.device, self.amp = arguments.device, arguments.precision in ("bf16", "fp16")
        self.type = torch.float16 if arguments.precision == "fp16" else torch.bfloat16
        if self.device == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arguments.precision == "tf32"
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            self.before = torch.cuda.memory_reserved()  # other peers' in this process
        self.what = w["what"]
        network = (HRNet if w["head"] == "hrnet" else HigherHRNet)(w["width"], w["blocks"], w["modules"], KEYPOINTS, DIMS)
        self.losses = (LoopLosses if kind == "loop" else Losses)(KEYPOINTS, DIMS)
        self.batch = {k: v.to(self.device) for k, v in targets(w).items()} if self.what != "inference" else None
        if self.what == "losses":
            self.maps = maps(w, self.device)
            if kind == "compiled":
                self.losses = torch.compile(self.losses.__call__)
            return
        load_golden_weights(network)
        network = network.to(self.device, memory_format=torch.channels_last).train(self.what == "step")
        shape = (w["batch"], 3, w["size"], w["size"])
        images = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        self.images = images.to(self.device).to(memory_format=torch.channels_last)
        if self.what == "step":
            self.optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
        self.network = network
        if kind == "compiled":
            self.network = torch.compile(network, mode="reduce-overhead" if self.what == "inference" else None)
            self.losses = torch.compile(self.losses.__call__)

    def autocast(self):
        return torch.autocast(self.device, self.type, enabled=self.amp)

    def run(self):
        if self.what == "inference":
            with torch.inference_mode(), self.autocast():
                self.network(self.images)
        elif self.what == "losses":
            for x in self.maps:
                if x is not None:
                    x.grad = None
            self.losses(self.maps, self.batch).backward()
        else:
            self.optimizer.zero_grad()
            with self.autocast():
                outputs = self.network(self.images)
            self.losses(outputs, self.batch).backward()
            self.optimizer.step()

    def times(self, repeats):
        result = []
        for _ in range(repeats):
            begin = time.perf_counter()
            self.run()
            if self.device == "cuda":
                torch.cuda.synchronize()
            result.append((time.perf_counter() - begin) * 1e3)
        return result

    @property
    def memory(self):
        return torch.cuda.max_memory_reserved() - self.before if self.device == "cuda" else 0

    def close(self):
        self.__dict__.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def sizes_of(w):
    return [(w["size"] // 4, w["size"] // 4)] + ([(w["size"] // 2, w["size"] // 2)] if w["head"] == "higherhrnet" else [])


def targets(w):
    """Three people with all keypoints in every picture."""
    random = np.random.default_rng(1)
    people = [random.uniform(0, w["size"], (3, KEYPOINTS, 2)) for _ in range(w["batch"])]
    factors = (4, 2)[:len(sizes_of(w))]
    joints = [[[[(x / f, y / f, 2) for x, y in person] for person in picture] for f in factors] for picture in people]
    masks = [np.ones((w["batch"], height, width), np.uint8) for width, height in sizes_of(w)]
    return make_batch(joints, [[0.3, 0.4, 0.5]] * w["batch"], masks, KEYPOINTS, sizes_of(w))


def maps(w, device):
    channels = [KEYPOINTS] * len(sizes_of(w))
    heat = [torch.randn(w["batch"], c, y, x, device=device, requires_grad=True) for c, (x, y) in zip(channels, sizes_of(w))]
    side = w["size"] // 4
    tags = torch.randn(w["batch"], KEYPOINTS * DIMS, side, side, device=device, requires_grad=True)
    return (heat[0], heat[1] if len(heat) > 1 else None, tags)


def peers_of(w, device):
    if device == "cpu":
        return ["eager"]
    return ["eager", "compiled", "loop"] if w["what"] == "losses" else ["eager", "compiled"]


def repeats_for(ms):
    return max(3, min(100, int(700 / max(ms, 1e-3))))  # a round of about 0.7 s


def compare(w, arguments, started):
    print(f"{w['what']}: {describe(w)}, {arguments.precision}", flush=True)
    sides, repeats, memory = {}, {}, {}
    for name in ["posecu"] + peers_of(w, arguments.device):
        left = arguments.budget - (time.monotonic() - started)
        if left < (0.3 if name == "compiled" else 0.1) * arguments.budget:
            print(f"  {name:9} left out: {max(left, 0):.0f} s of {arguments.budget:.0f} are left")
            continue
        side = Posecu(w, arguments) if name == "posecu" else Torch(w, arguments, name)
        begin = time.monotonic()
        side.times(3)  # plans, compilation, caches, recording
        repeats[name] = repeats_for(statistics.median(side.times(3)))
        memory[name] = side.memory  # before the next side takes its own
        sides[name] = side
        if time.monotonic() - begin > 20:
            print(f"  {name:9} was ready after {time.monotonic() - begin:.0f} s", flush=True)
    medians = {name: [] for name in sides}
    for r in range(arguments.rounds):
        for name in (list(sides) if r % 2 == 0 else list(sides)[::-1]):
            medians[name].append(statistics.median(sides[name].times(repeats[name])))
    for side in sides.values():
        side.close()
    for name, values in medians.items():
        text = f"  {name:9} {statistics.median(values):9.3f} ms  (rounds {min(values):.3f} .. {max(values):.3f})"
        if memory[name]:
            text += f", {memory[name] / 2 ** 20:.0f} MiB at most"
        if name != "posecu":
            ratios = [a / b for a, b in zip(medians["posecu"], values)]
            text += f"; posecu takes {statistics.median(ratios):.3f} of it ({min(ratios):.3f} .. {max(ratios):.3f})"
        print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posecu", required=True, help="the program")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16", "fp16"], help="default: fp32, on a GPU bf16")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--what", default="inference,step,losses")
    parser.add_argument("--head", default="hrnet,higherhrnet")
    parser.add_argument("--budget", type=float, default=3600, help="seconds for all")
    parser.add_argument("--library-path", help="LD_LIBRARY_PATH for posecu alone")
    arguments = parser.parse_args()
    arguments.precision = arguments.precision or ("bf16" if arguments.device == "cuda" else "fp32")
    torch.set_num_threads(arguments.threads)
    started = time.monotonic()
    device = torch.cuda.get_device_name() if arguments.device == "cuda" else f"CPU, {arguments.threads} threads"
    print(f"torch {torch.__version__}, {device}, {time.strftime('%Y-%m-%d')}")
    for w in WORKS[arguments.device]:
        if w["what"] in arguments.what.split(",") and w["head"] in arguments.head.split(","):
            compare(w, arguments, started)


if __name__ == "__main__":
    main()
