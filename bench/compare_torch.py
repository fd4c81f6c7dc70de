"""posecu against PyTorch on this machine's CPU: network forward and training step, both sides in one run.

    compare_torch.py --bench build/cpu/bin/network_bench [--rounds 7] [--threads 2] [--what forward,step]

Each round times one side, then the other, in their own processes' warm state; the order alternates. Medians of the
rounds' medians are printed with their ratio. PyTorch runs channels-last; the forward in eval and inference mode, eager.
Its OpenMP threads wait as they do by default, actively: that is its fastest on a quiet machine.
"""
import argparse
import statistics
import subprocess
import sys
import time

import numpy as np
import torch

from torch_network import HigherHRNet, Losses, load_golden_weights, make_batch

NETWORKS = {
    "forward": dict(width=32, blocks=4, modules=(1, 4, 3), size=512, batch=1),
    "step": dict(width=16, blocks=2, modules=(1, 1, 1), size=384, batch=3),
}


class Ours:
    """network_bench in its serving mode: a line "N" on standard input, N times in ms on standard output."""

    def __init__(self, binary, what, network, threads):
        command = [binary, what, "--serve", f"--threads={threads}", f"--width={network['width']}",
                   f"--blocks={network['blocks']}", "--modules=" + ",".join(map(str, network["modules"])),
                   f"--size={network['size']}", f"--batch={network['batch']}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def times(self, repeats):
        self.process.stdin.write(f"{repeats}\n")
        self.process.stdin.flush()
        return [float(x) for x in self.process.stdout.readline().split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Torch:
    def __init__(self, what, network):
        self.network = HigherHRNet(network["width"], network["blocks"], network["modules"])
        load_golden_weights(self.network)
        self.network = self.network.to(memory_format=torch.channels_last)
        shape = (network["batch"], 3, network["size"], network["size"])
        self.images = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(memory_format=torch.channels_last)
        self.run = self.forward if what == "forward" else self.step
        self.network.train(what == "step")
        if what == "step":
            self.optimizer = torch.optim.Adam(self.network.parameters(), 1e-3, fused=True)
            self.losses, self.batch = Losses(17, 8), self.targets(network["batch"], network["size"])

    @staticmethod
    def targets(pictures, size):
        random = np.random.default_rng(1)
        sizes = [(size // 4, size // 4), (size // 2, size // 2)]
        people = [random.uniform(0, size, (3, 17, 2)) for _ in range(pictures)]
        joints = [[[[(x / f, y / f, 2) for x, y in person] for person in picture] for f in (4, 2)] for picture in people]
        masks = [np.ones((pictures, h, w), np.uint8) for w, h in sizes]
        return make_batch(joints, [[0.3, 0.4, 0.5]] * pictures, masks, 17, sizes)

    def forward(self):
        with torch.inference_mode():
            self.network(self.images)

    def step(self):
        self.optimizer.zero_grad()
        self.losses(self.network(self.images), self.batch).backward()
        self.optimizer.step()

    def times(self, repeats):
        result = []
        for _ in range(repeats):
            begin = time.perf_counter()
            self.run()
            result.append((time.perf_counter() - begin) * 1e3)
        return result

    def close(self):
        pass


def compare(what, arguments):
    network = NETWORKS[what]
    sides = {"posecu": Ours(arguments.bench, what, network, arguments.threads), "PyTorch": Torch(what, network)}
    medians = {name: [] for name in sides}
    for side in sides.values():
        side.times(3)  # warm up: primitives, caches, allocator
    for r in range(arguments.rounds):
        for name in (list(sides) if r % 2 == 0 else list(sides)[::-1]):
            medians[name].append(statistics.median(sides[name].times(arguments.repeats)))
    for side in sides.values():
        side.close()
    print(f"{what}: HigherHRNet width {network['width']}, blocks {network['blocks']}, modules {network['modules']}, "
          f"{network['size']}x{network['size']}, batch {network['batch']}, {arguments.threads} threads")
    for name, values in medians.items():
        print(f"  {name:8} {statistics.median(values):7.1f} ms  (rounds {min(values):.1f} .. {max(values):.1f})")
    ratios = [a / b for a, b in zip(medians["posecu"], medians["PyTorch"])]
    print(f"  posecu takes {statistics.median(ratios):.3f} of PyTorch's time (rounds {min(ratios):.3f} .. {max(ratios):.3f})",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the network_bench binary")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=5, help="timings a round and side")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--what", default="forward,step")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {time.strftime('%Y-%m-%d')}")
    for what in arguments.what.split(","):
        compare(what, arguments)


if __name__ == "__main__":
    main()
