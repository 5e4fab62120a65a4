"""Where the memory of a candidate goes, counted: at inference, and during one training step. Imports no torch."""

from search_spaces.memory.breakdown import InferenceMemory, Kept, Part, Place, Share, TrainingMemory
from search_spaces.memory.inference import inference_memory
from search_spaces.memory.training import training_memory

__all__ = [
    "InferenceMemory",
    "Kept",
    "Part",
    "Place",
    "Share",
    "TrainingMemory",
    "inference_memory",
    "training_memory",
]
