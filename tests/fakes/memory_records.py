"""What torch itself allocates, keeps and saves, for tests of counted memory."""

from collections import Counter

import torch

from search_spaces.memory import Part, Place, training_memory
from search_spaces.models import EncoderModel


def alive_by_place(model, inputs, operator_record, walk) -> dict[Place, int]:
    """Returns the most bytes alive in each place of a forward pass."""
    most: Counter[Place] = Counter()

    class PlacedRecord(operator_record):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = super().__torch_dispatch__(function, types, args, kwargs)
            most[walk.place] = max(most[walk.place], self.alive_bytes)
            return result

    walk.follow(model)
    if isinstance(model, EncoderModel):
        for number, layer in enumerate(model.layers, start=1):
            norm = Place(number, Part.NORM)  # the residual is added outside of the norm, but for it
            layer.feed_forward.register_forward_hook(lambda _module, _inputs, _outputs, norm=norm: walk.enter(norm))
    with PlacedRecord():
        model(inputs)
    return dict(most)


def saved_by_place(training, walk) -> dict[Place, int]:
    """Returns the bytes of all storages that autograd saves, in the place that saves each first."""
    model = training.model
    owned = [*model.parameters(), *model.buffers(), training.batch, training.targets]
    known = {tensor.untyped_storage().data_ptr() for tensor in owned}
    saved: Counter[Place] = Counter()

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            known.add(storage.data_ptr())
            saved[walk.place] += storage.nbytes()
        return tensor

    walk.follow(model)
    training.loss.register_forward_pre_hook(lambda _module, _inputs: walk.enter(Place(None, Part.LOSS)))
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        training.forward()
    return dict(saved)


def assert_kept_is_what_autograd_saves(candidate, spec, batch_size, dropout, training, walk):
    saved = saved_by_place(training(candidate, spec, batch_size, dropout), walk)
    counted: Counter[Place] = Counter()
    for share in training_memory(candidate, spec, batch_size, dropout=dropout).kept:
        counted[share.place] += share.bytes
    assert counted == saved


def recorded_peak(steps, micro_batches, operator_record, earlier=1) -> int:
    """Returns the most bytes alive at once in a training step after `earlier` ones."""
    for _ in range(earlier):
        steps.step(micro_batches)
    steps.optimizer.zero_grad(set_to_none=True)
    tensors = [*steps.model.parameters(), *steps.model.buffers()]
    tensors += [tensor for state in steps.optimizer.state.values() for tensor in state.values()]
    with operator_record() as record:
        steps.step(micro_batches)
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) + record.peak_bytes
