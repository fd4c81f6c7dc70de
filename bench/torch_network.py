"""HRNet and HigherHRNet with Coupled Embedding's losses in PyTorch: what posecu is measured against.

Written for this benchmark, with the official parameter names. The losses are vectorised (no loop over people), so that
the comparison is with what a good engineer would write; LoopLosses has loops over people and keypoints, as the official
code does.

    torch_network.py --check GOLDENS    runs the goldens of both networks and of two-resolution losses
"""
import argparse
import json
import pathlib
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def conv3x3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


def conv1x1(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 1, bias=False)


def conv_bn(conv, outputs, *tail):
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *tail)


class BasicBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(channels, channels), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv3x3(channels, channels), nn.BatchNorm2d(channels)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(y)) + x, inplace=True)


class Bottleneck(nn.Module):
    def __init__(self, inputs, inner):
        super().__init__()
        outputs = 4 * inner
        self.conv1, self.bn1 = conv1x1(inputs, inner), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = conv3x3(inner, inner), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = conv1x1(inner, outputs), nn.BatchNorm2d(outputs)
        self.downsample = conv_bn(conv1x1(inputs, outputs), outputs) if inputs != outputs else None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)), inplace=True)


class HRModule(nn.Module):
    def __init__(self, channels, blocks, rows):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(c) for _ in range(blocks))) for c in channels)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self.fuse_layer(channels, i, j) for j in range(len(channels))) for i in range(rows))

    @staticmethod
    def fuse_layer(channels, i, j):
        if j == i:
            return nn.Identity()
        if j > i:
            up = nn.Upsample(scale_factor=2 ** (j - i), mode="nearest")
            return conv_bn(conv1x1(channels[j], channels[i]), channels[i], up)
        steps = [conv_bn(conv3x3(channels[j], channels[j], 2), channels[j], nn.ReLU(inplace=True))
                 for _ in range(i - j - 1)]
        return nn.Sequential(*steps, conv_bn(conv3x3(channels[j], channels[i], 2), channels[i]))

    def forward(self, xs):
        xs = [branch(x) for branch, x in zip(self.branches, xs)]
        outputs = []
        for row in self.fuse_layers:
            y = row[0](xs[0])
            for layer, x in zip(row[1:], xs[1:]):
                y = y + layer(x)
            outputs.append(F.relu(y, inplace=True))
        return outputs


class Backbone(nn.Module):
    def __init__(self, width, blocks, modules):
        super().__init__()
        channels = [width, 2 * width, 4 * width, 8 * width]
        self.conv1, self.bn1 = conv3x3(3, 64, 2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = conv3x3(64, 64, 2), nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Bottleneck(64, 64), *(Bottleneck(256, 64) for _ in range(blocks - 1)))
        relu = nn.ReLU(inplace=True)
        self.transition1 = nn.ModuleList([
            conv_bn(conv3x3(256, channels[0]), channels[0], relu),
            nn.Sequential(conv_bn(conv3x3(256, channels[1], 2), channels[1], relu))])
        self.transition2 = self.transition(channels[:3])
        self.transition3 = self.transition(channels)
        self.stage2 = nn.Sequential(*(HRModule(channels[:2], blocks, 2) for _ in range(modules[0])))
        self.stage3 = nn.Sequential(*(HRModule(channels[:3], blocks, 3) for _ in range(modules[1])))
        last = modules[2] - 1
        self.stage4 = nn.Sequential(*(HRModule(channels, blocks, 1 if m == last else 4) for m in range(modules[2])))

    @staticmethod
    def transition(channels):
        new = nn.Sequential(conv_bn(conv3x3(channels[-2], channels[-1], 2), channels[-1], nn.ReLU(inplace=True)))
        return nn.ModuleList([nn.Identity() for _ in channels[:-1]] + [new])

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.layer1(F.relu(self.bn2(self.conv2(x)), inplace=True))
        xs = self.stage2([layer(x) for layer in self.transition1])
        xs = self.stage3(xs + [self.transition2[-1](xs[-1])])
        return self.stage4(xs + [self.transition3[-1](xs[-1])])[0]


class HigherHead(nn.Module):
    def __init__(self, width, keypoints, dims):
        super().__init__()
        self.hms_pred_layers = nn.ModuleList([nn.Conv2d(width, keypoints, 1), nn.Conv2d(width, keypoints, 1)])
        self.tms_pred_layers = nn.Conv2d(width, keypoints * dims, 1)
        self.deconv_layers = nn.Sequential(nn.ConvTranspose2d(width + keypoints, width, 4, 2, 1, bias=False),
                                           nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.blocks = nn.Sequential(*(BasicBlock(width) for _ in range(4)))

    def forward(self, x):
        low = self.hms_pred_layers[0](x)
        high = self.blocks(self.deconv_layers(torch.cat([x, low], 1)))
        return low, self.hms_pred_layers[1](high), self.tms_pred_layers(x)


class HRNetHead(nn.Module):
    def __init__(self, width, keypoints, dims):
        super().__init__()
        self.hms_pred_layers = nn.Conv2d(width, keypoints, 1)
        self.tms_pred_layers = nn.Conv2d(width, keypoints * dims, 1)

    def forward(self, x):
        return self.hms_pred_layers(x), None, self.tms_pred_layers(x)


class HRNet(nn.Module):
    """images [N,3,H,W] -> heatmaps [N,K,H/4,W/4], None, embeddings [N,K*M,H/4,W/4]."""

    def __init__(self, width=32, blocks=4, modules=(1, 4, 3), keypoints=17, dims=8):
        super().__init__()
        self.backbone = Backbone(width, blocks, modules)
        self.head = HRNetHead(width, keypoints, dims)

    def forward(self, images):
        return self.head(self.backbone(images))


class HigherHRNet(nn.Module):
    """images [N,3,H,W] -> low heatmaps [N,K,H/4,W/4], high ones [N,K,H/2,W/2], embeddings [N,K*M,H/4,W/4]."""

    def __init__(self, width=32, blocks=4, modules=(1, 4, 3), keypoints=17, dims=8):
        super().__init__()
        self.backbone = Backbone(width, blocks, modules)
        self.head = HigherHead(width, keypoints, dims)

    def forward(self, images):
        return self.head(self.backbone(images))


class Losses:
    """Official formulas. Targets [N,K,h,w] and joints (indices of labelled keypoints) are given, as the loader makes them."""

    def __init__(self, keypoints, dims, theta=0.40):
        self.keypoints, self.dims, self.theta = keypoints, dims, theta
        self.levels = (torch.arange(dims) + 0.5) / dims

    def heatmap(self, prediction, target, scale, mask):
        target = target ** ((self.theta / scale) ** 2)
        p = torch.where(target > 0, (1 - torch.log(target.clamp_min(1e-38))) ** -0.01, 0.0)
        weight = p * (1 - prediction).abs() + (1 - p) * prediction.abs()
        return ((prediction - target) ** 2 * weight * mask[:, None]).mean()

    def embedding(self, maps, picture, person, index, count, scales, persons_picture):
        """picture, person, index: [J] of every labelled keypoint; persons_picture, scales: [P]."""
        n = maps.shape[0]
        tags = maps.reshape(n, self.keypoints, self.dims, -1).permute(0, 1, 3, 2).reshape(n, -1, self.dims)
        tags = tags[picture, index]
        people = count.shape[0]
        mean = torch.zeros(people, self.dims, device=maps.device).index_add(0, person, tags) / count[:, None]
        per_picture = torch.bincount(persons_picture, minlength=n).to(tags.dtype)
        share = 1 / (per_picture[persons_picture] * n)
        pull = (((tags - mean[person]) ** 2).sum(1) * (share / count)[person]).sum()
        itself = torch.eye(people, dtype=torch.bool, device=maps.device)
        same = (persons_picture[:, None] == persons_picture[None]) & ~itself
        pairs = (per_picture * (per_picture - 1)).clamp_min(1)
        distance = ((mean[:, None] - mean[None]) ** 2).sum(2)
        push = 0.5 * (torch.exp(-distance) * same / (pairs[persons_picture] * n)[:, None]).sum()
        wanted = F.normalize(1 / ((scales[:, None] - self.levels).abs() + 1e-12), dim=1)
        scale = ((1 - (F.normalize(mean.abs(), dim=1) * wanted).sum(1)) * share).sum()
        return pull, push, scale

    def __call__(self, outputs, batch):
        low, high, maps = (None if x is None else x.float() for x in outputs)
        self.levels = self.levels.to(maps.device)
        with torch.no_grad():
            n, _, h, w = maps.shape
            share = F.normalize(maps.detach().reshape(n, self.keypoints, self.dims, h, w).abs(), p=1, dim=2)
            scale0 = (share * self.levels[None, None, :, None, None]).sum(2)
            scale1 = F.interpolate(scale0, scale_factor=2, mode="bilinear", align_corners=False)
        heat = self.heatmap(low, batch["target0"], scale0, batch["mask0"])
        if high is not None:
            heat = heat + self.heatmap(high, batch["target1"], scale1, batch["mask1"])
        pull, push, scale = self.embedding(maps, *(batch[k] for k in (
            "picture", "person", "index", "count", "scales", "persons_picture")))
        return heat + 1e-3 * pull + 1e-3 * push + 1e-4 * scale


class LoopLosses(Losses):
    """The same values, person by person and keypoint by keypoint."""

    def embedding(self, maps, picture, person, index, count, scales, persons_picture):
        n = maps.shape[0]
        tags = maps.reshape(n, self.keypoints, self.dims, -1).permute(0, 1, 3, 2).reshape(n, -1, self.dims)
        rows = list(zip(picture.tolist(), person.tolist(), index.tolist()))
        pulls, pushes, angles = [], [], []
        for image in range(n):
            means, pull, angle = [], 0, 0
            for p in sorted({p for i, p, _ in rows if i == image}):
                found = torch.stack([tags[image, at] for _, q, at in rows if q == p])
                means.append(found.mean(0))
                pull = pull + ((found - means[-1]) ** 2).sum(1).mean()
                wanted = F.normalize(1 / ((scales[p] - self.levels).abs() + 1e-12), dim=0)
                angle = angle + 1 - (F.normalize(means[-1].abs(), dim=0) * wanted).sum()
            if not means:
                continue
            push = sum(torch.exp(-((a - b) ** 2).sum()) for i, a in enumerate(means) for b in means[:i])
            pulls.append(pull / len(means))
            angles.append(angle / len(means))
            pushes.append(push / max(len(means) * (len(means) - 1), 1))
        return sum(pulls) / n, sum(pushes) / n, sum(angles) / n


# ---- the goldens' number generator and files ----

def fnv(name):
    value = 0xcbf29ce484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001b3) % 2 ** 64
    return value


def uniform(name, n):
    with np.errstate(over="ignore"):
        z = np.uint64(fnv(name)) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2 ** 24


def golden_weight(name, shape, salt, heatmap_gain, tag_gain):
    u = uniform(salt + name, int(np.prod(shape)))
    if name.endswith("running_mean") or name.endswith("bias"):
        values = 0.1 * (2 * u - 1)
    elif name.endswith("running_var"):
        values = 0.5 + u
    elif len(shape) == 1:
        values = 0.75 + 0.5 * u
    else:
        fan_in = shape[0] * 4 if name == "head.deconv_layers.0.weight" else np.prod(shape[1:])
        gain = heatmap_gain if "hms_pred" in name else tag_gain if "tms_pred" in name else 0.6
        values = (2 * u - 1) * np.sqrt(3 / fan_in) * gain
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def load_golden_weights(network, salt="", heatmap_gain=0.6, tag_gain=0.6):
    state = {name: golden_weight(name, tuple(value.shape), salt, heatmap_gain, tag_gain)
             for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    network.load_state_dict(state, strict=False)
    return network


def read_safetensors(path):
    types = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "U8": np.uint8, "I64": np.int64}
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[8 + size + begin:8 + size + end], types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def check_forward(folder):
    config = json.loads((folder / "config.json").read_text())
    kind = HigherHRNet if config["head"] == "higherhrnet" else HRNet
    network = kind(config["width"], config["blocks"], config["modules"], config["keypoints"], config["embedding_dim"])
    load_golden_weights(network, config["salt"], config["hms_gain"], config["tms_gain"])
    shape = config["input"]
    image = torch.from_numpy((2 * (2 * uniform(config["salt"] + "input", int(np.prod(shape))) - 1)).astype(np.float32).reshape(shape))
    expected = read_safetensors(folder / "expected.safetensors")
    worst = 0.0
    with torch.inference_mode():
        low, high, maps = network.eval()(image)
    n, _, h, w = maps.shape
    tags = maps.reshape(n, config["keypoints"], config["embedding_dim"], h, w).permute(0, 1, 3, 4, 2)
    for name, found in (("eval.heatmaps0", low), ("eval.heatmaps1", high), ("eval.tagmaps", tags)):
        if found is None:
            continue
        flat = found.contiguous().numpy().reshape(-1)
        for key, values in expected.items():
            step = 1 if key == name else int(key.split(".every")[1]) if key.startswith(name + ".every") else 0
            if step:
                worst = max(worst, np.abs(flat[::step] - values.reshape(-1)).max() / np.abs(values).max())
    return worst


def gaussian_target(joints, keypoints, size):
    """joints [people][K][3] in heatmap pixels -> [K,h,w], sigma 2 in a 15x15 window, the maximum where people overlap."""
    w, h = size
    target = np.zeros((keypoints, h, w), np.float32)
    offsets = np.arange(-7, 8)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / 8).astype(np.float32)
    for person in joints:
        for k, (x, y, visible) in enumerate(person):
            x, y = int(x), int(y)
            if visible > 0 and 0 <= x < w and 0 <= y < h:
                x0, x1, y0, y1 = max(0, x - 7), min(w, x + 8), max(0, y - 7), min(h, y + 8)
                place = target[k, y0:y1, x0:x1]
                np.maximum(place, window[y0 - y + 7:y1 - y + 7, x0 - x + 7:x1 - x + 7], out=place)
    return target


def make_batch(joints, scales, masks, keypoints, sizes):
    """joints[picture][resolution][person][k], scales[picture][person], masks[resolution] [N,h,w] -> what Losses takes."""
    batch = {}
    for r, size in enumerate(sizes):
        batch[f"target{r}"] = torch.from_numpy(np.stack([gaussian_target(j[r], keypoints, size) for j in joints]))
        batch[f"mask{r}"] = torch.from_numpy(masks[r].astype(np.float32))
    w, h = sizes[0]
    rows, counts, chosen, pictures = [], [], [], []
    for n, picture in enumerate(joints):
        for p, person in enumerate(picture[0]):
            inside = [(int(x), int(y), k) for k, (x, y, v) in enumerate(person) if v > 0 and 0 <= int(x) < w and 0 <= int(y) < h]
            if inside:
                rows += [(n, len(counts), k * h * w + y * w + x) for x, y, k in inside]
                counts.append(len(inside))
                chosen.append(scales[n][p])
                pictures.append(n)
    columns = torch.tensor(rows, dtype=torch.long).reshape(-1, 3).unbind(1)
    batch.update(picture=columns[0], person=columns[1], index=columns[2], count=torch.tensor(counts, dtype=torch.float32),
                 scales=torch.tensor(chosen, dtype=torch.float32), persons_picture=torch.tensor(pictures, dtype=torch.long))
    return batch


def check_losses(folder):
    case = json.loads((folder / "case.json").read_text())
    params, salt, joints = case["params"], case["salt"], case["joints"]
    stored = read_safetensors(folder / "inputs.safetensors")
    n, k, m = len(joints), params["K"], params["M"]
    sizes = params["sizes_wh"]

    def values(name, scale, offset, shape):
        if name in stored:
            return torch.from_numpy(stored[name].copy())
        return torch.from_numpy((scale * uniform(f"{salt}/{name}", int(np.prod(shape))) + offset).astype(np.float32).reshape(shape))

    maps = [values(f"pred_hms{r}", 1.3, -0.15, (n, k, h, w)) for r, (w, h) in enumerate(sizes)]
    w, h = sizes[0]
    tags = values("tagmaps", 2, -1, (n, k, h, w, m)).permute(0, 1, 4, 2, 3).reshape(n, k * m, h, w)
    masks = [stored.get(f"masks{r}", np.ones((n, size[1], size[0]), np.uint8)) for r, size in enumerate(sizes)]
    batch = make_batch(joints, stored["box_scales.f64"], masks, k, sizes)
    found = float(Losses(k, m, params["beta"])((*maps, tags), batch))
    return abs(found - json.loads((folder / "expected.json").read_text())["total"]) / abs(found)


def report(cases, check, limit):
    failed = 0
    for folder in cases:
        worst = check(folder)
        print(f"{folder.parent.name}/{folder.name}: relative error {worst:.1e}")
        failed += not worst < limit
    print(f"{len(cases)} cases, {failed} failed")
    return failed or not cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="GOLDENS", required=True)
    goldens = pathlib.Path(parser.parse_args().check)
    networks = [p for p in sorted((goldens / "forward").iterdir()) if p.is_dir()]
    cases = [(p, json.loads((p / "case.json").read_text())) for p in sorted((goldens / "losses").iterdir()) if p.is_dir()]
    two = [p for p, case in cases if len(case["params"]["sizes_wh"]) == 2 and case["mask"] != "zeros" and not case["patch"]]
    bad = [report(networks, check_forward, 3e-4), report(two, check_losses, 1e-5)]
    sys.exit(1 if any(bad) else 0)


if __name__ == "__main__":
    main()
