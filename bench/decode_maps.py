"""Maps for the decoder's benches and checks: the golden cases' formula (tests/goldens/README.md, section 4)."""
import json
import struct

import numpy as np

TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "u1"}


def read_safetensors(path):
    with open(path, "rb") as file:
        contents = file.read()
    (length,) = struct.unpack("<Q", contents[:8])
    header = json.loads(contents[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(contents[first:end], dtype=TYPES[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors


def write_safetensors(path, tensors):
    names = {np.dtype(t): name for name, t in TYPES.items()}
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {
            "dtype": names[values.dtype],
            "shape": list(values.shape),
            "data_offsets": [offset, offset + values.nbytes],
        }
        offset += values.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(np.ascontiguousarray(values).tobytes())


def uniform(name, n):
    """u(name, 0..n-1) in [0,1)."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.arange(n, dtype=np.uint64) + np.uint64(h) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**24


def side_joints(case, side):
    """Per person and channel: x, y, a, as one side (0 picture, 1 mirrored picture) of the maps shows them."""
    joints = np.array([p["joints"] for p in case["people"]], dtype=np.float64).reshape(-1, case["K"], 3)
    if side == 1:
        joints = joints[:, case["flip_index"]].copy()
        joints[..., 0] = case["base_size"][0] - joints[..., 0]
        joints[..., 2] *= case["flip_gain"]
    return joints


def pixel_centres(case, wh):
    (width, height), (base_width, base_height) = wh, case["base_size"]
    x = (np.arange(width) + 0.5) * base_width / width
    y = (np.arange(height) + 0.5) * base_height / height
    return x[None, :], y[:, None]


def formula_maps(case, source):
    """-> heatmaps [1 or 2,K,h,w] and embeddings [1 or 2,K,h',w',M], float32."""
    sides, keypoints, dims = 2 if case["with_flip"] else 1, case["K"], case["M"]
    size = case["maps"][source]
    heat_wh, tag_wh = size["heatmap_wh"], size["tag_wh"]
    heatmaps = np.zeros((sides, keypoints, heat_wh[1], heat_wh[0]))
    embeddings = np.zeros((sides, keypoints, tag_wh[1], tag_wh[0], dims))
    person_tags = np.array([p["tag"] for p in case["people"]], dtype=np.float64).reshape(-1, dims)
    for side in range(sides):
        joints = side_joints(case, side)
        tags = person_tags * case["flip_tag_mul"] + case["flip_tag_add"] if side else person_tags
        for k in range(keypoints):
            x, y = pixel_centres(case, heat_wh)
            for px, py, a in joints[:, k]:
                if a != 0:
                    q = ((x - px) ** 2 + (y - py) ** 2) / case["spread"] ** 2
                    heatmaps[side, k] = np.maximum(heatmaps[side, k], a / ((1 + q) * (1 + q)))
            shown = joints[:, k, 2] != 0
            if shown.any():
                x, y = pixel_centres(case, tag_wh)
                distance = np.stack([(x - px) ** 2 + (y - py) ** 2 for px, py, _ in joints[shown, k]])
                embeddings[side, k] = tags[shown][distance.argmin(axis=0)]
    heatmaps += case["offset"]
    if case["noise"] != 0:
        noise = uniform(f"{case['salt']}/hms{source}", heatmaps.size).reshape(heatmaps.shape)
        heatmaps += case["noise"] * (2 * noise - 1)
    if case["tag_noise"] != 0:
        noise = uniform(f"{case['salt']}/tms{source}", embeddings.size).reshape(embeddings.shape)
        embeddings += case["tag_noise"] * (2 * noise - 1)
    return heatmaps.astype(np.float32), embeddings.astype(np.float32)
