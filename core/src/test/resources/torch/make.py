"""Writes the .pth files of the tests byte for byte as torch.save does, with Python's own pickle and zipfile.

PyTorch itself is not needed: stand-ins with its module names make the pickler write the same names. Run it in this folder.
"""
import argparse, collections, datetime, decimal, fractions, io, pathlib, pickle, struct, sys, types, zipfile


def module(name):
    parts = name.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    return sys.modules[name]


def function(where, name):
    def stand_in(*_):
        raise AssertionError("pickling calls nothing")
    stand_in.__module__, stand_in.__qualname__, stand_in.__name__ = where, name, name
    setattr(module(where), name, stand_in)
    return stand_in


REBUILD = function("torch._utils", "_rebuild_tensor_v2")
PARAMETER = function("torch._utils", "_rebuild_parameter")
SCALAR = function("numpy.core.multiarray", "scalar")
STORAGES = {}
for kind, code in {"Float": "f", "Double": "d", "Half": "e", "Long": "q", "Bool": "?", "Byte": "B"}.items():
    cls = type(kind + "Storage", (), {"__module__": "torch", "code": code})
    STORAGES[kind] = cls
    setattr(module("torch"), cls.__name__, cls)


class Storage:
    def __init__(self, kind, values):
        self.kind, self.values = kind, values

    def data(self):
        return struct.pack("<%d%s" % (len(self.values), STORAGES[self.kind].code), *self.values)


class Tensor:
    def __init__(self, storage, size, stride=None, offset=0):
        if stride is None:
            stride, step = [], 1
            for n in reversed(size):
                stride.insert(0, step)
                step *= n
        self.args = (storage, offset, tuple(size), tuple(stride), False, collections.OrderedDict())

    def __reduce__(self):
        return REBUILD, self.args


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return PARAMETER, (self.tensor, True, collections.OrderedDict())


class Scalar:
    def __reduce__(self):
        return SCALAR, ("f8", b"\0\0\0\0\0\0\xf8?")


class Evil:
    def __reduce__(self):
        return eval, ("open('pwned', 'w')",)


def pickled(value, legacy, protocol=2):
    out, keys = io.BytesIO(), {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            if isinstance(obj, Storage):
                key = keys.setdefault(id(obj), (str(len(keys)), obj))[0]
                tail = (None,) if legacy else ()
                return ("storage", STORAGES[obj.kind], key, "cpu", len(obj.values)) + tail

    Pickler(out, protocol=protocol).dump(value)
    return out.getvalue(), [pair for pair in keys.values()]


def zipped(name, value, protocol=2):
    data, storages = pickled(value, False, protocol)
    with zipfile.ZipFile(name, "w", zipfile.ZIP_STORED) as z:
        def put(entry, content):
            info = zipfile.ZipInfo("archive/" + entry, (1980, 1, 1, 0, 0, 0))
            at = z.fp.tell() + 30 + len(info.filename) + 4
            info.extra = struct.pack("<HH", 0x4246, -at % 64) + b"Z" * (-at % 64)
            z.writestr(info, content)
        put("data.pkl", data)
        put("byteorder", b"little")
        for key, storage in storages:
            put("data/" + key, storage.data())
        put("version", b"3\n")


def legacy(name, value):
    data, storages = pickled(value, True)
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    with open(name, "wb") as f:
        for head in (0x1950A86A20F9469CFC6C, 1001, machine):
            f.write(pickle.dumps(head, protocol=2))
        f.write(data)
        f.write(pickle.dumps(sorted(key for key, _ in storages), protocol=2))
        for _, storage in sorted(storages):
            f.write(struct.pack("<q", len(storage.values)) + storage.data())


def state(scale):
    shared = Storage("Float", [scale * v for v in (1, 2, 3, 4, 5, 6)])
    return collections.OrderedDict([
        ("module.w", Parameter(Tensor(shared, (2, 3)))),
        ("module.t", Tensor(shared, (3, 2), (1, 3))),                     # the same, transposed
        ("module.middle", Tensor(shared, (2,), (1,), 2)),
        ("module.n", Tensor(Storage("Long", [7]), ())),
        ("module.mask", Tensor(Storage("Bool", [True, False, True]), (3,))),
        ("module.half", Tensor(Storage("Half", [0.5, -2.0]), (1, 2))),
        ("module.none", Tensor(Storage("Double", []), (0, 4))),
    ])


def checkpoint():
    return {
        "epoch": 299, "arch": "kat_tiny_patch16_224", "version": 2, "metric": 74.5, "scalar": Scalar(), "evil": Evil(),
        "args": argparse.Namespace(lr=1e-3, opt="adamw", mean=[0.5], resume=None, big=1 << 70),
        "optimizer": {"state": {0: {"step": Tensor(Storage("Float", [3.0]), ())}}, "param_groups": [{"lr": 1e-3}]},
        "state_dict": state(1), "state_dict_ema": state(10),
    }


zipped("state.pth", state(1))
zipped("checkpoint.pth.tar", checkpoint())
zipped("protocol4.pth", state(1), protocol=4)
legacy("legacy.pth", checkpoint())


class Whole:
    """A module saved whole: torch.save(model)."""

    def __init__(self):
        self.training, self._parameters = False, state(1)


class Buffer:
    def __reduce_ex__(self, protocol):
        return bytearray, (pickle.PickleBuffer(b"kept outside") if protocol == 5 else b"kept outside",)


def beside():
    """What lies beside weights in practice, none of it of any use to a reader of weights."""
    return {
        "best": Scalar(), "when": datetime.datetime(2026, 11, 30, 12), "seen": {1, 2, "three"}, "frozen": frozenset([4, 5]),
        "raw": b"bytes \0 \n", "array": bytearray(b"array"), "long": bytes(300), "huge": 1 << 4000, "negative": -(1 << 70),
        "complex": 1 + 2j, "decimal": decimal.Decimal("0.1"), "fraction": fractions.Fraction(1, 3), "path": pathlib.PurePosixPath("a/b"),
        "default": collections.defaultdict(list, a=[1]), "counter": collections.Counter("aab"), "deque": collections.deque([1], 2),
        "name": type(None), "function": len, "slice": slice(1, 2), "range": range(3), "inf": float("inf"), "text": "ä\n" * 200,
        "flag": True, "off": False, "nothing": None, "keys": {None: 1, (1, 2): 3, 2.5: 4}, "tuple": (1, (2, [3])), "buffer": Buffer(),
    }


for protocol in range(2, 6):
    zipped("beside%d.pth" % protocol, {"model": state(1), **beside()}, protocol=protocol)
legacy("scattered.pth", {
    "model": state(1), "losses": (Tensor(Storage("Double", [1.0, 2.0]), (2,)), [Tensor(Storage("Byte", [1, 2, 3]), (3,))]),
    "bare": Storage("Long", [1, 2]), "in_object": argparse.Namespace(t=Tensor(Storage("Half", [1.0]), (1,))),
})
loss = Tensor(Storage("Float", [0.5]), ())
zipped("dictionaries.pth", {
    "epoch": 3, "model_state_dict": state(1), "loss": loss, "ema": {"decay": 0.9, "module": state(10)},
    "optimizer": {"state": {0: {"step": loss}}},
})
zipped("unusual.pth", {"loss": loss, "weights": state(1)})
zipped("whole.pth", Whole())
zipped("inside.pth", {"epoch": 3, "model": Whole()})
