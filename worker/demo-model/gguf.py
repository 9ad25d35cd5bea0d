"""Writes and reads a GGUF file (version 3) with the kinds of values and tensors that this model needs."""

import struct

import numpy as np

ALIGNMENT = 32
U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
FIXED = {U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}
TENSOR_TYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1}


def write(path, keys, tensors):
    """Keys map a name to (type, value), an array's type being (ARRAY, item type); tensors map a name to an array."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    for name, (kind, value) in keys.items():
        head += packed(STRING, name) + packed_key(kind, value)
    offset = 0
    for name, tensor in tensors.items():
        sizes = tensor.shape[::-1]
        head += packed(STRING, name) + struct.pack("<I", len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
        head += struct.pack("<IQ", TENSOR_TYPES[tensor.dtype], offset)
        offset += tensor.nbytes + padding(tensor.nbytes)
    with open(path, "wb") as file:
        file.write(head + bytes(padding(len(head))))
        for tensor in tensors.values():
            file.write(tensor.tobytes() + bytes(padding(tensor.nbytes)))


def padding(size):
    return -size % ALIGNMENT


def packed_key(kind, value):
    if not isinstance(kind, tuple):
        return struct.pack("<I", kind) + packed(kind, value)
    items = b"".join(packed(kind[1], item) for item in value)
    return struct.pack("<IIQ", ARRAY, kind[1], len(value)) + items


def packed(kind, value):
    if kind != STRING:
        return struct.pack(FIXED[kind], value)
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def read(path):
    """The values of the keys and the tensors of a file that write() made."""
    with open(path, "rb") as file:
        return Reader(file.read()).read()


class Reader:
    """Walks through the bytes of a file once, from the front."""

    def __init__(self, raw):
        self.raw, self.at = raw, 4

    def read(self):
        if self.raw[:4] != b"GGUF" or self.fixed("<I") != 3:
            raise ValueError("not a GGUF file of version 3")
        tensor_count, key_count = self.fixed("<Q"), self.fixed("<Q")
        keys = {self.value(STRING): self.value(self.fixed("<I")) for _ in range(key_count)}
        infos = [self.tensor_info() for _ in range(tensor_count)]
        start = self.at + padding(self.at)
        return keys, {name: self.tensor(start + offset, shape, kind) for name, shape, kind, offset in infos}

    def fixed(self, form):
        value, = struct.unpack_from(form, self.raw, self.at)
        self.at += struct.calcsize(form)
        return value

    def value(self, kind):
        if kind == STRING:
            size = self.fixed("<Q")
            self.at += size
            return self.raw[self.at - size:self.at].decode()
        if kind == ARRAY:
            item = self.fixed("<I")
            return [self.value(item) for _ in range(self.fixed("<Q"))]
        return self.fixed(FIXED[kind])

    def tensor_info(self):
        name = self.value(STRING)
        sizes = [self.fixed("<Q") for _ in range(self.fixed("<I"))]
        return name, sizes[::-1], self.fixed("<I"), self.fixed("<Q")

    def tensor(self, start, shape, kind):
        dtype = next(dtype for dtype, number in TENSOR_TYPES.items() if number == kind)
        return np.frombuffer(self.raw, dtype, int(np.prod(shape)), start).reshape(shape)
